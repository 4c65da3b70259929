import json
import sys
import textwrap

import pytest

from bridge import registry
from bridge.registry import AdapterNotFound, AdapterUnusable

GOOD = """
from bridge.adapter import Adapter, AdapterSpec, Blind
from bridge.model import Acceptance, Availability, Ticket

class Till(Adapter):
    spec = AdapterSpec(name="till", title="Till", repeat=Blind())

    async def probe(self, deadline):
        return Availability.up()

    def translate(self, order, slip):
        return Ticket(body=b"", content_type="text/plain", preview="")

    async def submit(self, ticket, key):
        return Acceptance(pos_ref=key)
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution the way pip leaves it: a module and a dist-info folder."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def do(code, *, name="till", distribution="acme-pos-bridge", symbol="Till"):
        module = f"{distribution.replace('-', '_')}_{name}"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{distribution}-1.2.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        with (info / "entry_points.txt").open("a") as entries:
            entries.write(f"[{registry.GROUP}]\n{name} = {module}:{symbol}\n")
        return module

    return do


def test_the_bundled_adapters_are_found_with_their_distribution():
    found = {one.name: one for one in registry.find()}
    assert found["board"].value == "adapters.board:BoardAdapter"
    assert found["file"].distribution == "pos-bridge"


def test_finding_imports_nothing(install):
    module = install(GOOD)
    assert "till" in [one.name for one in registry.find()]
    assert module not in sys.modules


def test_a_vendors_adapter_is_loaded_by_its_name(install):
    install(GOOD)
    assert registry.load("till").__name__ == "Till"


def test_a_misspelt_name_gets_a_hint(install):
    install(GOOD)
    with pytest.raises(AdapterNotFound, match='did you mean "till"') as caught:
        registry.load("til")
    assert caught.value.nearest == "till"


def test_a_strange_name_gets_the_list_of_what_is_installed():
    with pytest.raises(AdapterNotFound, match="installed: board") as caught:
        registry.load("zzzzzz")
    assert caught.value.nearest is None


def test_an_adapter_that_cannot_be_imported_says_why_and_disturbs_no_other(install):
    install("import a_library_that_is_not_there")
    with pytest.raises(AdapterUnusable, match="a_library_that_is_not_there") as caught:
        registry.load("till")
    assert caught.value.distribution == "acme-pos-bridge"
    assert registry.load("board").spec.name == "board"


def test_a_module_that_leaves_the_interpreter_is_only_unusable(install):
    install("raise SystemExit('needs another system')")
    with pytest.raises(AdapterUnusable, match="needs another system"):
        registry.load("till")


def test_a_missing_class_is_only_unusable(install):
    install(GOOD, symbol="Tiller")
    with pytest.raises(AdapterUnusable, match="Tiller"):
        registry.load("till")


def test_an_entry_point_that_cannot_be_read_is_only_unusable(install):
    install(GOOD, symbol='"Till"')
    with pytest.raises(AdapterUnusable, match="not of the form module:Class"):
        registry.load("till")


def test_a_class_that_is_no_adapter_is_refused(install):
    install("class Till: ...")
    with pytest.raises(AdapterUnusable, match="is not a subclass of"):
        registry.load("till")


def test_an_adapter_without_a_spec_is_refused(install):
    install("from bridge.adapter import Adapter\nclass Till(Adapter): ...")
    with pytest.raises(AdapterUnusable, match="has no `spec`"):
        registry.load("till")


def test_an_adapter_that_lacks_a_method_is_refused(install):
    install(GOOD.replace("async def submit", "async def submitt"))
    with pytest.raises(AdapterUnusable, match="lacks the required methods submit"):
        registry.load("till")


def test_an_adapter_of_another_contract_is_refused(install):
    install(GOOD.replace("repeat=Blind()", "repeat=Blind(), contract=9"))
    with pytest.raises(AdapterUnusable, match="speaks contract 9"):
        registry.load("till")


@pytest.mark.parametrize("repeat", ["None", "Blind"])
def test_an_adapter_without_a_usable_repeat_is_refused_and_not_described(install, repeat):
    install(GOOD.replace("repeat=Blind()", f"repeat={repeat}"))
    for look in (registry.load, registry.describe):
        with pytest.raises(AdapterUnusable, match="Blind"):
            look("till")


def test_an_adapter_under_a_name_that_is_not_its_own_is_refused(install):
    install(GOOD, name="kasse")
    with pytest.raises(AdapterUnusable, match='named "till", its entry point "kasse"'):
        registry.load("kasse")


def test_a_name_that_two_distributions_claim_is_refused(install):
    install(GOOD)
    install(GOOD, distribution="other-pos-bridge")
    with pytest.raises(AdapterUnusable, match="acme-pos-bridge and other-pos-bridge"):
        registry.load("till")


def test_the_description_is_json_and_complete():
    text = registry.describe("file")
    assert json.loads(json.dumps(text)) == text
    assert text["distribution"] == "pos-bridge"
    assert text["repeat"]["kind"] == "idempotent"
    assert text["settings"]["required"] == ["directory"]
