import json

import pytest
from click.testing import CliRunner

from bridge.cli import client
from bridge.cli.doctor import doctor

GOOD = {"level": "good", "subject": "ledger", "text": "orders can be kept", "hint": ""}
BAD = {"level": "bad", "subject": "lopez", "text": "its POS is down", "hint": "look at it"}


@pytest.fixture
def ask(monkeypatch):
    def ask(*findings, arguments=()):
        answer = {"findings": list(findings)}
        monkeypatch.setattr(client, "fetch", lambda _target, _path: answer)
        return CliRunner().invoke(doctor, arguments)

    return ask


def test_when_all_is_well_the_status_is_good(ask):
    said = ask(GOOD)
    assert said.exit_code == 0
    assert said.output.splitlines()[-1].split() == ["ok", "ledger", "orders", "can", "be", "kept"]


def test_anything_to_see_to_is_told_with_what_to_do(ask):
    said = ask(GOOD, BAD)
    assert said.exit_code == 1
    assert said.output.splitlines()[-1].endswith("its POS is down (look at it)")


def test_programs_get_json_and_the_same_status(ask):
    said = ask(BAD, arguments=["--json"])
    assert (said.exit_code, json.loads(said.output)) == (1, {"findings": [BAD]})
