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
    "events": [
        {"at": "18:30", "hook": "order-injection", "error": None, "stage": "recorded"},
    ],
    "answers": [{"status": 200, "code": "accepted", "fate": "written", "repeat_of": None}],
    "deliveries": [
        {
            "operation": "place",
            "version": 1,
            "state": "done",
            "cause": "",
            "pos_ref": "T-7",
            "timer": None,
            "next_at": "18:31",
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

    head, line = said.splitlines()
    assert head.split() == ["TIME", "STATE", "RESTAURANT", "NUMBER", "ORDER", "CAUSE"]
    words = ("held", "lopez", "233", "o1", "late: print?")
    assert [word in line for word in words] == [True] * 5


def test_an_order_without_a_number_has_its_columns_all_the_same(ask):
    plain = {**LISTED, "order_number": "", "state": "refused", "cause": ""}
    said = ask(orders, answer={"orders": [LISTED, plain], "next": None}).output

    _head, line, other = said.splitlines()
    assert other.split()[3] == "-"
    assert line.index("o1") == other.index("o1")


def test_the_id_that_show_takes_is_never_cut(ask):
    long = {**LISTED, "order_id": "i" * 90, "order_number": "n" * 90}
    said = ask(orders, answer={"orders": [long], "next": None}).output

    assert "i" * 90 in said
    assert "n" * 90 not in said


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


def a_delivery(**more):
    return {**SHOWN["deliveries"][0], "ticket": "", "attempts": [], "pos_ref": "", **more}


@pytest.mark.parametrize(
    ("timer", "words"),
    [
        ("release", "  waits until 12:40: the time it is due, less its preparation"),
        (
            "hold",
            "  waits until 12:40 for a sign that the guest paid; then a person must decide",
        ),
        ("void", "  waits until 12:40 for a sign that the guest paid; then it is voided"),
        (None, "  waits until 12:40"),
        ("of a later version", "  waits until 12:40"),
    ],
)
def test_a_delivery_that_waits_says_until_when_and_for_what(ask, timer, words):
    waiting = a_delivery(state="waiting", timer=timer, next_at="12:40")
    said = ask(show, "o1", answer={**SHOWN, "deliveries": [waiting]}).output.splitlines()

    assert said[-2:] == ["place version 1: waiting", words]


def test_what_does_not_wait_says_nothing_of_a_time(ask):
    held = a_delivery(state="held", timer="hold", next_at=None)
    said = ask(show, "o1", answer={**SHOWN, "deliveries": [held]}).output.splitlines()

    assert said[-1] == "place version 1: held"


@pytest.mark.parametrize(
    ("stage", "words"), [("open", "not handed over yet"), ("published", "no worker has it yet")]
)
def test_a_call_that_no_worker_has_is_told_so(ask, stage, words):
    event = {**SHOWN["events"][0], "stage": stage}
    said = ask(show, "o1", answer={**SHOWN, "events": [event], "deliveries": []}).output

    assert words in said


def test_a_ticket_gives_no_orders_to_the_terminal(ask):
    ticket = a_delivery(ticket="1 Tea \x1b[2J\x1b]0;owned\x07")
    said = ask(show, "o1", answer={**SHOWN, "deliveries": [ticket]}).output.splitlines()

    assert said[-1] == "    | 1 Tea  [2J ]0;owned "


def test_an_order_id_is_asked_for_as_it_is(ask):
    ask(show, "a/b?c", answer=SHOWN)

    assert ask.asked == ("/api/v1/orders/a%2Fb%3Fc", {})


def test_bodies_are_shown_only_when_asked_for(ask):
    body = {"at": "18:30", "hook": "order-injection", "content_type": "text/plain", "body": "{}"}
    said = ask(show, "o1", "--raw", answer={**SHOWN, "bodies": [body]}).output

    assert ask.asked[1] == {"raw": "1"}
    assert "--- 18:30 order-injection (text/plain)\n{}" in said
