"""What a vendor may have written into the spec, and what is said about it."""

import re
from math import inf, nan
from pathlib import Path

import pytest
from pydantic import BaseModel

from bridge.adapter import Adapter, AdapterSpec, Blind, Capability, Idempotent, ReadBack
from bridge.adapter.spec import LONGEST_SUBMIT, spec_problems
from bridge.model import SlipKind

UNITS = Path(__file__).parents[3] / "systemd"


class Settings(BaseModel):
    url: str


def problems(**fields):
    class Till(Adapter):
        spec = AdapterSpec(**{"name": "till", "title": "Till", "repeat": Blind()} | fields)

    return spec_problems(Till)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"repeat": Idempotent(window=60)},
        {"repeat": Idempotent(window=0.5), "settings": Settings},
        {"slips": frozenset(SlipKind), "max_in_flight": 8, "submit_timeout": LONGEST_SUBMIT},
    ],
)
def test_a_good_spec_has_no_problem(fields):
    assert problems(**fields) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"repeat": None}, "repeat is None"),
        ({"repeat": Blind}, "with parentheses"),
        ({"repeat": "blind"}, "repeat is 'blind'"),
        ({"repeat": Idempotent(window=0)}, "window is 0"),
        ({"repeat": Idempotent(window="60")}, "window is '60'"),
        ({"repeat": Idempotent(window=nan)}, "window is nan"),
        ({"repeat": ReadBack(lag=-1.0)}, "lag is -1.0"),
        ({"repeat": ReadBack(lag=None)}, "lag is None"),
        ({"slips": frozenset({"place"})}, "slips"),
        ({"slips": None}, "slips"),
        ({"slips": SlipKind.PLACE}, "slips"),
        ({"capabilities": frozenset({"lookup"})}, "capabilities"),
        ({"capabilities": [Capability.CONTACT]}, "capabilities"),
        ({"settings": dict}, "settings"),
        ({"settings": Settings(url="x")}, "settings"),
        ({"settings": None}, "settings"),
        ({"max_in_flight": 0}, "max_in_flight is 0"),
        ({"max_in_flight": 1.5}, "max_in_flight is 1.5"),
        ({"max_in_flight": True}, "max_in_flight is True"),
        ({"submit_timeout": 0}, "submit_timeout is 0"),
        ({"submit_timeout": None}, "submit_timeout is None"),
        ({"submit_timeout": inf}, "submit_timeout is inf"),
        ({"submit_timeout": LONGEST_SUBMIT + 1}, "submit_timeout is 36.0"),
        ({"name": None}, "name is None"),
        ({"title": ""}, "title is ''"),
    ],
)
def test_a_wrong_field_is_named_in_one_sentence(fields, said):
    (problem,) = problems(**fields)
    assert said in problem


def test_every_wrong_field_is_told_at_once():
    assert len(problems(repeat=None, slips=None, settings=None, max_in_flight=0)) == 4


def test_a_look_up_that_believes_at_once_is_allowed():
    said = problems(repeat=ReadBack(lag=0.0), capabilities=frozenset({Capability.LOOKUP}))
    assert said == ["claims lookup but has no method find"]


def test_another_contract_is_told_before_anything_else():
    (problem,) = problems(contract=2, repeat="of another shape")
    assert "speaks contract 2" in problem


@pytest.mark.parametrize("unit", ["pos-bridge", "pos-bridge-worker"])
def test_the_longest_submit_ends_before_the_service_is_killed(unit):
    text = (UNITS / f"{unit}.service").read_text("utf-8")
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(seconds) - LONGEST_SUBMIT >= 10
