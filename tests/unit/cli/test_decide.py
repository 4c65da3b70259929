"""What the commands of people ask the daemon for, and what they say of the answer."""

import copy

import pytest
from click.testing import CliRunner

from bridge.cli import client
from bridge.cli.decide import void

ONE = {
    "restaurant": "lopez",
    "order_id": "o1",
    "number": "233",
    "operation": "change",
    "before": "held",
    "state": "voided",
    "cause": "voided by hand: ",
}


@pytest.fixture
def decide(monkeypatch):
    """A command, and the pages of the daemon's answer; `asked` has what it was asked."""

    def decide(command, *arguments, pages):
        left, decide.asked = list(pages), []

        def send(_target, _path, body):
            decide.asked.append(copy.deepcopy(body))
            return left.pop(0)

        monkeypatch.setattr(client, "send", send)
        return CliRunner().invoke(command, arguments)

    return decide


def a_page(version, following=None):
    return {
        "dry_run": False,
        "moved": [{**ONE, "version": version}],
        "refused": [],
        "next": following,
    }


def test_an_order_with_more_deliveries_than_a_page_has_is_decided_whole(decide):
    said = decide(void, "o1", pages=[a_page(1, 50), a_page(51)])

    assert said.exit_code == 0, said.output
    assert [body.get("after") for body in decide.asked] == [None, 50]
    assert {body["order_id"] for body in decide.asked} == {"o1"}
    assert "done: 2, refused: 0" in said.output


def test_all_that_fit_are_decided_page_by_page(decide):
    said = decide(void, "--all", "--reason", "late", pages=[a_page(1, 50), a_page(51)])

    assert said.exit_code == 0, said.output
    assert [body["filter"] for body in decide.asked] == [
        {"reason": "late"},
        {"reason": "late", "after": 50},
    ]
