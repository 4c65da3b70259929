"""Who must do with less in a crowd, and what that means for each kind of call."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from bridge.ingress.admission import Admission
from bridge.ingress.crowd import Crowd, Rank, Seats
from bridge.ingress.injections import RECORDING
from bridge.ingress.lag import Lag
from bridge.ingress.reception import build
from bridge.sources.bbot import Hook
from tests.doorway import BBOT_ID, RESTAURANT, an_injection
from tests.unit.ingress.conftest import a_call
from tests.webhooks import a_finish, a_price_check, a_start
from tests.wires import settle

FINISH = Hook.CHECKOUT_FINISHED


@pytest.fixture
async def crowd():
    return Crowd(Seats(each=2, all=4, news_of_each=1, news_of_all=2))


@pytest.fixture
async def carts():
    """The seats of the quotes."""
    return Crowd(Seats(each=1, all=2))


@pytest.fixture
async def full(crowd):
    """Every seat of the restaurant is taken until the end of the test, or of the stack."""
    async with AsyncExitStack() as stack:
        for _ in range(2):
            assert await stack.enter_async_context(crowd.seat(RESTAURANT, Rank.ORDER, 0))
        yield stack


@pytest.fixture
async def full_of_carts(carts):
    """The same of the seats for quotes."""
    async with AsyncExitStack() as stack:
        assert await stack.enter_async_context(carts.seat(RESTAURANT, Rank.QUOTE, 0))
        yield stack


@pytest.fixture
async def lag():
    return Lag()


@pytest.fixture
def admission(metrics, lag, crowd, carts):
    return Admission(metrics, lag, crowd=crowd, quotes=carts)


@pytest.fixture
def reception(ledger, gate, quotes, metrics, admission):
    return build(
        ledger,
        gate,
        quotes,
        metrics=metrics,
        known_restaurants={BBOT_ID}.__contains__,
        admission=admission,
    )


def a_promo(make, **more):
    return a_call(make(restaurant_id=BBOT_ID), Hook.PROMO, **more)


def shed(metrics, code):
    return metrics.shed.labels(RESTAURANT, code)._value.get()


@pytest.mark.parametrize(("make", "allows"), [(a_price_check, None), (a_start, True)])
async def test_a_quote_without_a_seat_is_answered_open(
    reception, full_of_carts, quotes, metrics, make, allows
):
    reply = await reception.answer(a_promo(make, promo_left=0.0))

    assert (reply.answer.status, reply.answer.code) == (200, "busy")
    assert (b'"allow_checkout":true' in reply.answer.body) is bool(allows)
    assert (quotes.noted, shed(metrics, "busy")) == ([], 1)


async def test_a_start_without_a_seat_asks_nobody_and_is_on_record(
    reception, full_of_carts, gate, rows
):
    await reception.answer(a_promo(a_start, promo_left=0.0))

    assert gate.asked == []
    assert [(row["code"], row["restaurant"]) for row in await rows()] == [("busy", RESTAURANT)]


async def test_what_waits_for_the_disk_keeps_no_quote_from_its_seat(reception, full):
    reply = await reception.answer(a_promo(a_price_check, promo_left=0.0))

    assert reply.answer.code == "quoted"


async def test_carts_that_wait_keep_no_order_from_its_seat(reception, full_of_carts, gate):
    reply = await reception.answer(a_call())

    assert (reply.answer.code, len(gate.asked)) == ("accepted", 1)


async def test_an_order_waits_for_a_seat(reception, full, gate):
    answering = asyncio.create_task(reception.answer(a_call()))
    await settle()
    assert gate.asked == []
    await full.aclose()

    assert (await answering).answer.code == "accepted"


async def test_news_that_wait_for_a_slow_disk_leave_an_order_its_seat(reception, stall, gate, rows):
    go_on = stall()
    news = [
        asyncio.create_task(reception.answer(a_call(a_finish(restaurant_id=BBOT_ID), FINISH)))
        for _ in range(20)
    ]
    await settle()
    order = asyncio.create_task(reception.answer(a_call()))
    await settle()
    ((_restaurant, _dishes, deadline),) = gate.asked
    go_on.set()

    assert deadline.left > 0
    assert (await order).answer.code == "accepted"
    assert {(await one).answer.code for one in news} == {"recorded"}
    assert len(await rows()) == 21


async def test_an_order_that_got_no_seat_in_time_is_accepted_all_the_same(
    reception, full, gate, metrics, rows
):
    reply = await reception.answer(a_call(left=RECORDING))

    ((_restaurant, _dishes, deadline),) = gate.asked
    assert (reply.answer.status, reply.answer.code) == (200, "accepted")
    assert deadline.left == 0, "there is no time to ask the POS"
    assert [row["stage"] for row in await rows()] == ["open"]
    assert shed(metrics, "no_seat") == 1


async def test_what_is_told_is_recorded_without_a_seat(reception, full, rows):
    body = a_finish(restaurant_id=BBOT_ID)
    reply = await reception.answer(a_call(body, Hook.CHECKOUT_FINISHED, left=RECORDING))

    assert (reply.answer.status, [row["stage"] for row in await rows()]) == (200, ["open"])


async def test_what_is_told_waits_for_a_seat(reception, full, rows):
    body = a_finish(restaurant_id=BBOT_ID)
    answering = asyncio.create_task(reception.answer(a_call(body, Hook.CHECKOUT_FINISHED)))
    await settle()
    assert await rows() == []
    await full.aclose()

    assert (await answering).answer.code == "recorded"


async def test_what_is_nobodys_here_needs_no_seat(reception, full):
    body = an_injection(restaurant="nobody-knows-it")
    reply = await reception.answer(a_call(body, left=0.0))

    assert reply.answer.code == "unknown_restaurant"


async def test_each_call_leaves_its_seat(reception, crowd, carts, gate):
    gate.error = RuntimeError("a bug")
    calls = [a_call(), a_promo(a_price_check), a_promo(a_start)]
    for call in calls:
        await reception.answer(call)

    assert [(one.seated, one.waiting) for one in (crowd, carts)] == [(0, 0), (0, 0)]


async def test_while_the_loop_is_late_no_price_check_asks_anybody(
    reception, lag, carts, quotes, metrics
):
    lag.is_long = True
    reply = await reception.answer(a_promo(a_price_check))

    assert (reply.answer.status, reply.answer.code) == (200, "loop_is_late")
    assert (quotes.noted, carts.seated) == ([], 0)
    assert shed(metrics, "loop_is_late") == 1


async def test_while_the_loop_is_late_orders_and_starts_are_decided_as_ever(reception, lag, gate):
    lag.is_long = True
    codes = [(await reception.answer(call)).answer.code for call in (a_call(), a_promo(a_start))]

    assert (codes, len(gate.asked)) == (["accepted", "allowed"], 2)


async def test_when_the_loop_keeps_up_again_quotes_are_made_again(reception, lag):
    lag.is_long = True
    await reception.answer(a_promo(a_price_check))
    lag.is_long = False

    assert (await reception.answer(a_promo(a_price_check))).answer.code == "quoted"
