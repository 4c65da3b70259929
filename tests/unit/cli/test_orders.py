import json

import pytest
from click.testing import CliRunner

from bridge.cli import client
from bridge.cli.orders import orders, show

LISTED = {
    "at": "2025-03-01T18:30:00.000+00:00",
    "state": "held",
    "restaurant": "lopez",
    "order_number": "233",
    "order_id": "o1",
    "cause": "late: print?",
}
SHOWN = {
    "order_id": "o1",
    "restaurant": "lopez",
    "state": "done",
    "events": [{"at": "18:30", "hook": "order-injection", "error": None}],
    "answers": [{"status": 200, "code": "accepted", "fate": "written", "repeat_of": None}],
    "deliveries": [
        {
            "operation": "place",
            "version": 1,
            "state": "done",
            "cause": "",
            "pos_ref": "T-7",
            "ticket": "2 Ceviche\nÈclairs",
            "attempts": [{"at": "18:31", "outcome": "accepted", "detail": ""}],
        }
    ],
}


@pytest.fixture
def ask(monkeypatch):
    """A command, and what the daemon answers; `asked` has what it was asked."""

    def ask(command, *arguments, answer):
        def fetch(_target, path, **query):
            ask.asked = path, {name: value for name, value in query.items() if value}
            return answer

        monkeypatch.setattr(client, "fetch", fetch)
        return CliRunner().invoke(command, arguments)

    return ask


def test_orders_are_listed_one_a_line(ask):
    said = ask(orders, answer={"orders": [LISTED], "next": None}).output

    assert [word in said for word in ("held", "lopez", "233", "o1", "late: print?")] == [True] * 5
    assert len(said.splitlines()) == 1


def test_a_further_page_is_told_with_the_way_to_it(ask):
    said = ask(orders, answer={"orders": [], "next": "123.5"}).output

    assert "--before 123.5" in said


def test_a_page_is_read_on_where_the_one_before_said(ask):
    ask(orders, "--before", "123.5", answer={"orders": [], "next": None})

    assert ask.asked == ("/api/v1/orders", {"before": "123.5"})


def test_orders_for_programs_are_the_answer_itself(ask):
    answer = {"orders": [LISTED], "next": None}

    assert json.loads(ask(orders, "--json", answer=answer).output) == answer


def test_the_life_of_an_order_is_shown_from_call_to_ticket(ask):
    said = ask(show, "o1", answer=SHOWN).output.splitlines()

    assert said == [
        "order o1 of lopez: done",
        "18:30  order-injection -> 200 accepted, written",
        "place version 1: done, in the POS as T-7",
        "  18:31  accepted",
        "    | 2 Ceviche",
        "    | Èclairs",
    ]


def test_an_order_id_is_asked_for_as_it_is(ask):
    ask(show, "a/b?c", answer=SHOWN)

    assert ask.asked == ("/api/v1/orders/a%2Fb%3Fc", {})


def test_bodies_are_shown_only_when_asked_for(ask):
    body = {"at": "18:30", "hook": "order-injection", "content_type": "text/plain", "body": "{}"}
    said = ask(show, "o1", "--raw", answer={**SHOWN, "bodies": [body]}).output

    assert ask.asked[1] == {"raw": "1"}
    assert "--- 18:30 order-injection (text/plain)\n{}" in said
