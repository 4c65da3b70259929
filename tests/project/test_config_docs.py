"""The files in config/ say what the code does."""

import os
import re
import shutil
import textwrap
import tomllib
from pathlib import Path

import pytest

from adapters.file.settings import FileSettings
from bridge.adapter import NoSettings
from bridge.config import check
from bridge.config.description import allowed, default
from bridge.config.document import (
    SECTIONS,
    main_example,
    restaurant_example,
    with_tables,
)
from bridge.config.restaurant import Restaurant
from bridge.config.settings import MainFile

CONFIG = Path(__file__).parents[2] / "config"
README = (CONFIG / "README.md").read_text("utf-8")
EXAMPLE = tomllib.loads((CONFIG / "example.toml").read_text("utf-8"))


@pytest.fixture(autouse=True)
def credentials(tmp_path, monkeypatch):
    """A scratch directory with every credential that the examples name."""
    for name in [name for name in os.environ if name.startswith("POS_BRIDGE__")]:
        monkeypatch.delenv(name)
    for name in ("bbot-password", "broker-password", "console-token"):
        (tmp_path / name).write_text("scratch-secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))


def settings_of(name):
    return {"board": NoSettings, "file": FileSettings}.get(name)


def settings_tables():
    for heading, model in SECTIONS.items():
        table = EXAMPLE[heading.strip("[]")]
        yield model, table[0] if isinstance(table, list) else table
    yield Restaurant, tomllib.loads((CONFIG / "restaurants/example.toml").read_text("utf-8"))


@pytest.mark.parametrize(("model", "table"), list(settings_tables()))
def test_the_example_has_every_setting_and_no_other(model, table):
    assert set(table) == set(model.model_fields)


def test_the_example_has_every_section_and_no_other():
    assert set(EXAMPLE) == set(MainFile.model_fields)
    assert {heading.strip("[]") for heading in SECTIONS} < set(EXAMPLE)


@pytest.mark.parametrize("name", ["example.toml", "minimal.toml"])
def test_the_example_reads_without_problems_once_it_has_an_id_of_its_own(name, tmp_path):
    shutil.copytree(CONFIG / "restaurants", tmp_path / "restaurants")
    text = (CONFIG / name).read_text("utf-8")
    (tmp_path / name).write_text(text.replace("REPLACE-by-your-own-", "3f7c1e9a2b804d56b1c0"))
    found = check(tmp_path / name, settings_of=settings_of, adapter_names=["board", "file"])
    assert [str(problem) for problem in found] == []


@pytest.mark.parametrize("name", ["example.toml", "minimal.toml"])
def test_the_id_that_everybody_knows_is_refused(name):
    (problem,) = check(CONFIG / name, settings_of=settings_of, adapter_names=["board", "file"])
    assert (problem.key, problem.is_error) == ("endpoints.0.id", True)


def test_the_shortest_main_file_opens_the_kitchen_screen():
    minimal = tomllib.loads((CONFIG / "minimal.toml").read_text("utf-8"))
    assert minimal["console"]["token"] == {"credential": "console-token"}


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("`token`", "nobody can open the console"),
        ("`socket`", "folder is made"),
        ("`header_timeout`", "counted from its first byte"),
        ("`body_timeout`", "never longer than the budget of its hook leaves"),
    ],
)
def test_the_table_tells_what_the_code_does(setting, told):
    (row,) = re.findall(rf"^\| {setting} \|.*", README, re.MULTILINE)
    assert told in row


def test_every_command_works_after_the_steps_of_the_guide():
    blocks = re.findall(r"^ *```\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    calls = [line for line in lines if re.search(r"(^|[ /])pos-bridge check", line)]
    assert calls
    assert all("/opt/pos-bridge/bin/pos-bridge" in line for line in calls)
    assert not [line for line in lines if re.match(r"(install|mkdir|cp|systemctl) ", line)]


def test_the_worked_example_gives_the_file_adapter_its_folder():
    directory = tomllib.loads(re.findall(r"\[settings\]\n.*", README)[0])["settings"]["directory"]
    assert f"sudo install -d -m 2770 -o root -g pos {directory}\n" in README
    assert f"ReadWritePaths={directory}\n" in README
    assert "SupplementaryGroups=pos\n" in README


@pytest.mark.parametrize(
    ("name", "text"),
    [("example.toml", main_example()), ("restaurants/example.toml", restaurant_example())],
)
def test_the_example_is_current(name, text):
    assert (CONFIG / name).read_text("utf-8") == text, "run python -m bridge.config.document config"


def test_the_tables_are_current():
    assert with_tables(README) == README, "run python -m bridge.config.document config"


@pytest.mark.parametrize("model", [*SECTIONS.values(), Restaurant])
def test_every_setting_is_described(model):
    for name, info in model.model_fields.items():
        assert info.title, name
        assert info.description, name
        assert allowed(info), name
        assert default(info), name
        assert f"| `{name}` |" in README


def test_the_worked_example_reads_without_problems(tmp_path):
    blocks = re.findall(r"`(?:/etc/pos-bridge/([\w./-]+))`.*?```toml\n(.*?)```", README, re.DOTALL)
    assert [name for name, _ in blocks] == ["pos-bridge.toml", "restaurants/harbour-grill.toml"]
    (tmp_path / "restaurants").mkdir()
    for name, text in blocks:
        (tmp_path / name).write_text(textwrap.dedent(f"   {text.lstrip()}"))
    cafe = (CONFIG / "restaurants/corner-cafe.toml").read_text("utf-8")
    (tmp_path / "restaurants/corner-cafe.toml").write_text(cafe, "utf-8")
    found = check(tmp_path / "pos-bridge.toml", settings_of=settings_of)
    assert [str(problem) for problem in found] == []


def test_config_holds_data_only():
    assert not list(CONFIG.rglob("*.py"))
