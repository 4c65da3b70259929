import tomllib
from pathlib import Path

import pytest

from bridge import registry

ROOT = Path(__file__).parents[2]
BUNDLED = sorted(one.name for one in registry.find() if one.distribution == "pos-bridge")
FOLDERS = sorted(path.parent for path in (ROOT / "adapters").glob("*/adapter.py"))
RULES = {
    "conformance",
    "errors_mapped",
    "golden_tickets",
    "no_blocking",
    "no_contact_data",
    "real_peer",
    "settings_documented",
}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_adapter_passes_the_registrys_checks(name):
    assert registry.load(name).spec.name == name


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_adapter_has_a_conformance_test(name):
    text = (Path(__file__).parent / f"test_{name.replace('-', '_')}.py").read_text()
    assert "Conformance):" in text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_bundled_adapter_has_its_manual(folder):
    assert (folder / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_quality_rule_is_done_or_exempt_with_a_reason(folder):
    rules = tomllib.loads((folder / "quality.toml").read_text())["rules"]
    assert rules.keys() == RULES
    assert all(rule == "done" or rule["exempt"] for rule in rules.values())
