"""The changelog and the version tell one story."""

import re
import tomllib
from pathlib import Path

import bridge

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

HEADINGS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)


def test_the_program_knows_its_version():
    assert bridge.__version__ == PROJECT["version"]


def test_the_newest_changes_are_unreleased_or_of_this_version():
    assert HEADINGS[0] == "Unreleased" or HEADINGS[0].startswith(f"{bridge.__version__} - ")


def test_every_release_has_its_day():
    released = [heading for heading in HEADINGS if heading != "Unreleased"]

    assert [each for each in released if not re.fullmatch(r"\S+ - \d{4}-\d\d-\d\d", each)] == []


def test_every_change_is_of_a_known_kind():
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS
