"""Calls that were answered with a no stay visible, and are not mistaken for refused tickets."""

import pytest

from bridge.ledger import history, requests
from bridge.ledger.history import Page
from bridge.ledger.requests import Request
from bridge.model import Answer
from tests.engine import RESTAURANT, START, an_order, placed

NO = Answer(status=503, code="pos_down", body=b"no")
BROKEN = Answer(status=400, code="bad_json", body=b"no")


@pytest.fixture
def refuse(ledger):
    async def run(answer=NO, **more):
        fields = {
            "received_at": START,
            "endpoint": "e",
            "hook": "order-injection",
            "correlation_id": "call-1",
            "content_type": "application/json",
            "body": b'{"order": {"id": "o9"',
            "restaurant": RESTAURANT,
            "order_id": "o9",
        }
        request = Request(**{**fields, **more})
        await ledger.write(lambda tx: requests.record(tx, request, answer, hand_over=False))

    return run


@pytest.fixture
def listed(ledger):
    async def run(**page):
        found = await ledger.read(lambda tx: history.list_orders(tx, Page(**page)))
        return [(one["order_id"], one["state"], one["cause"]) for one in found["orders"]]

    return run


async def test_a_checkout_that_was_answered_no_is_blocked_and_says_why(refuse, listed):
    await refuse()
    assert await listed() == [("o9", "blocked", "answered 503: pos_down")]


async def test_a_call_that_could_not_be_read_goes_by_its_correlation_id(refuse, listed, ledger):
    await refuse(BROKEN, order_id="", restaurant="", error="bad_json: it ends too soon")
    assert await listed() == [("call-1", "blocked", "answered 400: bad_json")]
    assert await ledger.read(lambda tx: history.find_restaurants(tx, "call-1")) == [""]
    (body,) = await ledger.read(lambda tx: history.find_bodies(tx, "", "call-1"))
    assert body["body"] == '{"order": {"id": "o9"'


async def test_a_call_that_names_no_checkout_is_in_the_history_of_no_order(refuse, ledger):
    await refuse()
    await refuse(order_id="", correlation_id="call-2", hook="integration-changed")
    found = await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, "o9"))
    assert [one["hook"] for one in found["events"]] == ["order-injection"]


async def test_open_orders_are_listed_whatever_their_age(engine, listed):
    await engine.take(placed(an_order(order_id="old")))
    engine.clock.pass_time(3 * 86400)
    assert await listed(since=engine.clock() - 60) == []
    assert [one[0] for one in await listed(open=True)] == ["old"]


async def test_what_is_settled_is_not_open(engine, listed):
    await engine.take(placed(an_order()))
    await engine.drain()
    assert await listed(open=True) == []
