"""Which refunds no order tells of: people must be reminded of them in another way."""

from dataclasses import replace

import pytest

from bridge.ledger import requests
from bridge.ledger.requests import Request
from bridge.ledger.unplaced import MOST, list_unplaced
from bridge.model import Answer, Totals
from tests.engine import (
    RESTAURANT,
    START,
    Engine,
    an_order,
    cancelled,
    changed,
    placed,
    refunded,
    unread,
)

ORDER = an_order("Soup")
LEFT = {"Soup-0": (0, 0)}
YES = Answer(status=200, code="archived", body=b"{}", content_type="application/json")


@pytest.fixture
def engine(ledger, clock):
    return Engine(ledger, clock)


@pytest.fixture
def find(ledger):
    """The names of those heard of since then."""

    async def find(since=START):
        found = await ledger.read(lambda tx: list_unplaced(tx, since))
        assert {one.restaurant for one in found} <= {RESTAURANT}
        return [one.name for one in found]

    return find


@pytest.fixture
def call(ledger):
    """A call as the ingress keeps it."""

    async def call(hook="items-refunded", correlation_id="x1", **more):
        request = Request(
            received_at=START,
            endpoint="e",
            hook=hook,
            restaurant=RESTAURANT,
            correlation_id=correlation_id,
            content_type="application/json",
            body=b"{",
            **more,
        )
        await ledger.write(lambda tx: requests.record(tx, request, YES, hand_over=False))

    return call


async def test_a_refund_of_a_checkout_that_is_not_known(engine, find):
    await engine.take(refunded(LEFT))
    assert await find() == ["checkout c1"]


async def test_it_goes_by_its_call_where_that_is_known(engine, find, call):
    told = refunded(LEFT)
    await call(correlation_id="x7", checkout_id="c1", event=told.event)
    await engine.take(told)
    assert await find() == ["x7"]


@pytest.mark.parametrize("event", [placed, changed])
async def test_its_order_that_comes_after_it_tells_of_it(engine, find, event):
    await engine.take(refunded(LEFT), event(ORDER))
    assert await find() == []


async def test_items_that_no_order_has_until_an_order_was_told_of_them(engine, find):
    await engine.take(placed(ORDER), cancelled(), refunded({"strange": (0, 0)}))
    assert await find() == ["checkout c1"]
    await engine.take(changed(ORDER))
    assert await find() == []


async def test_a_charge_is_told_of_by_an_order_with_a_fee(engine, find):
    await engine.take(refunded({}, {"fee": (0, 0)}))
    assert await find() == ["checkout c1"]
    await engine.take(placed(replace(ORDER, totals=Totals(fee_cents=300))))
    assert await find() == []


async def test_a_charge_that_is_on_no_order_is_told_of_once_it_is_a_task(engine, find):
    await engine.take(placed(ORDER), refunded({}, {"fee": (0, 0)}))
    assert await find() == []


async def test_a_refund_that_could_not_be_read_and_has_no_order(engine, find):
    await engine.take(unread("orderitems_now is missing"))
    assert await find() == ["checkout c1"]


async def test_a_call_of_which_not_even_the_checkout_could_be_read(find, call):
    await call(error="no_checkout: checkout_id is missing")
    await call(hook="checkout-finished", correlation_id="x2", error="no_checkout")
    assert await find() == ["x1"]


async def test_what_is_older_is_over(engine, find, call):
    await engine.take(refunded(LEFT))
    await call(error="no_checkout: checkout_id is missing")
    assert await find(since=START + 1) == []


async def test_there_is_an_end_to_them(find, call):
    for number in range(MOST + 1):
        await call(correlation_id=str(number), error="no_checkout")
    assert len(await find()) == MOST
