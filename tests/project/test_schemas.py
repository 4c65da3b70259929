"""The JSON files in bridge/schemas say what the code does."""

import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bridge.schemas.document import DOCUMENTS, text
from bridge.sources.bbot import Hook, sample
from tests.described import Description

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "bridge" / "schemas"
DESCRIPTION = Description.shipped()
SECTION = (
    (ROOT / "README.md").read_text("utf-8").partition("\n## What a bad call gets\n")[2]
).partition("\n## ")[0]
# What stands below the table of the README.
BELOW = {
    (409, "sold_out"),
    (409, "closed"),
    (503, "pos_down"),
    (503, "not_durable"),
    (503, "too_late"),
    (503, "bridge_error"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_file_is_current(name):
    current = (SCHEMAS / name).read_bytes()

    assert current == text(name), "run python -m bridge.schemas.document bridge/schemas"


def test_no_file_is_left_over():
    assert {path.name for path in SCHEMAS.glob("*.json")} == set(DOCUMENTS)


def test_the_description_is_openapi():
    errors = OpenAPIV31SpecValidator(DESCRIPTION.document).iter_errors()

    assert [error.message for error in errors] == []


def test_every_address_is_described():
    paths = {f"/bbot/{{endpoint}}/{hook}" for hook in Hook} | {"/bbot/{endpoint}"}

    assert set(DESCRIPTION.document["paths"]) == paths


def test_credentials_are_described_as_they_are_asked_for_by_default():
    asking = [hook for hook in Hook if DESCRIPTION.operation(hook)["security"] == [{"basic": []}]]

    assert asking == [Hook.ORDER_INJECTION, Hook.ORDER_CHANGE]


def test_every_refusal_of_the_readme_is_described_and_no_other():
    rows = re.findall(r"^\| .+? \| (\d+)\*? \| `(\w+)` \|", SECTION, re.MULTILINE)
    told = {(int(status), code) for status, code in rows} - {(405, "not_post")}

    assert set(DESCRIPTION.codes("")) == told | BELOW


@pytest.mark.parametrize("hook", [*Hook, ""])
def test_every_example_is_as_described(hook):
    content = DESCRIPTION.operation(hook)["requestBody"]["content"]["application/json"]
    examples = DESCRIPTION.document["components"]["examples"]

    for name in content["examples"]:
        assert DESCRIPTION.fits(examples[name]["value"], content["schema"])


def test_every_published_payload_is_an_example():
    examples = {name for hook in Hook for name in examples_of(hook)}

    assert examples == set(DESCRIPTION.document["components"]["examples"])
    assert all(sample(name) for name in examples)


def examples_of(hook):
    return DESCRIPTION.operation(hook)["requestBody"]["content"]["application/json"]["examples"]
