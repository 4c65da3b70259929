"""Carts leave much behind; what orders need stays."""

import asyncio

import pytest

from bridge.ledger import LedgerError, history, requests
from bridge.ledger.requests import Request
from bridge.ledger.retention import LOOK_EVERY, PAUSE, STEP, Retention, forget_carts
from bridge.model import Answer, Cart, Label, Quote
from bridge.sources.bbot import reply

CART = Cart(source="bbot", restaurant="", checkout_id="")
OLD, NOW = 1_000.0, 2_000.0


def a_call(hook="promo", checkout_id="c", **more):
    facts = {"received_at": OLD, "endpoint": "e", "correlation_id": "i", "content_type": "json"}
    return Request(**{**facts, "hook": hook, "checkout_id": checkout_id, "body": b"{}", **more})


def said(allow=None, *prompts):
    """The body of an answer; `allow` None for a price check."""
    body, _problems = reply.compose(Quote(prompts=prompts), CART, allow=allow)
    return body


@pytest.fixture
def keep(write):
    async def record(call, code="quoted", body=None, *, status=200, hand_over=False):
        answer = Answer(status=status, code=code, body=said() if body is None else body)
        await write(requests.record, call, answer, hand_over=hand_over)

    return record


@pytest.fixture
def kept(ledger):
    """Hook, code and body of all calls."""

    async def read():
        rows = await ledger.read(lambda tx: tx.execute("SELECT * FROM request").fetchall())
        return [(row["hook"], row["code"], row["body"]) for row in rows]

    return read


@pytest.mark.parametrize(
    "code", ["quoted", "no_quote", "busy", "loop_is_late", "bridge_error", "unknown_restaurant"]
)
async def test_price_checks_go_after_their_time_whatever_they_were_told(write, keep, kept, code):
    await keep(a_call(), code)
    await keep(a_call(received_at=NOW), code)
    assert await write(forget_carts, NOW) == 1
    assert await kept() == [("promo", code, b"{}")]


@pytest.mark.parametrize("text", ["allow_checkout", '"allow_checkout"', '{"allow_checkout":true}'])
async def test_a_price_check_goes_whatever_stands_in_its_prompts(write, keep, kept, text):
    await keep(a_call(), "quoted", said(None, Label(id="a", text=text)))
    await write(forget_carts, NOW)
    assert await kept() == []


@pytest.mark.parametrize(
    ("code", "allow"),
    [
        ("allowed", True),
        ("pos_down", False),
        ("busy", True),
        ("bridge_error", True),
        ("unknown_restaurant", True),
    ],
)
async def test_of_what_a_guest_was_told_at_the_start_the_body_goes(write, keep, kept, code, allow):
    await keep(a_call(), code, said(allow))
    assert await write(forget_carts, NOW) == 1
    assert await kept() == [("promo", code, b"")]
    assert await write(forget_carts, NOW) == 0


async def test_of_what_could_not_be_read_the_body_goes(write, keep, kept):
    await keep(a_call(), "bad_json", b"said", status=400)
    assert await write(forget_carts, NOW) == 1
    assert await kept() == [("promo", "bad_json", b"")]


@pytest.mark.parametrize(
    "hook",
    [
        "order-injection",
        "order-change",
        "checkout-finished",
        "checkout-cancelled",
        "items-refunded",
        "integration-changed",
        "",
    ],
)
@pytest.mark.parametrize("hand_over", [False, True])
async def test_what_orders_are_made_of_stays(write, keep, kept, hook, hand_over):
    await keep(a_call(hook, order_id="o"), "recorded", hand_over=hand_over)
    assert await write(forget_carts, NOW) == 0
    assert await kept() == [(hook, "recorded", b"{}")]


async def test_the_start_stays_in_the_history_of_its_order(write, keep):
    await keep(a_call("order-injection", restaurant="r", order_id="o"), "accepted")
    await keep(a_call(restaurant="r"), "allowed", said(True))
    before = await write(history.find_order, "r", "o")
    await write(forget_carts, NOW)
    assert await write(history.find_order, "r", "o") == before


@pytest.mark.parametrize("code", ["quoted", "busy"])
async def test_a_price_check_is_shown_with_no_order(write, keep, code):
    await keep(a_call("order-injection", restaurant="r", order_id="o"), "accepted")
    before = await write(history.find_order, "r", "o")
    await keep(a_call(restaurant="r"), code)
    assert await write(history.find_order, "r", "o") == before


async def test_one_step_is_short(write, keep, kept):
    for number in range(5):
        await keep(a_call(received_at=OLD + number))
    assert await write(forget_carts, NOW, most=2) == 2
    assert len(await kept()) == 3


class Clock:
    """Sleeps not at all, so many times; then whoever sleeps is cancelled."""

    def __init__(self, times):
        self.times = times
        self.slept = []

    async def __call__(self, seconds):
        self.slept.append(seconds)
        if len(self.slept) == self.times:
            raise asyncio.CancelledError


async def run(ledger, times):
    clock = Clock(times)
    with pytest.raises(asyncio.CancelledError):
        await Retention(ledger, 3600.0, sleep=clock).run()
    return clock.slept


async def test_it_goes_on_at_once_while_there_is_more_and_then_rests(ledger, keep, kept):
    for _ in range(STEP + 3):
        await keep(a_call())
    await keep(a_call(received_at=ledger.now()))
    assert await run(ledger, 3) == [PAUSE, LOOK_EVERY, LOOK_EVERY]
    assert len(await kept()) == 1


async def test_a_ledger_that_cannot_be_written_is_asked_later(ledger, keep, monkeypatch):
    await keep(a_call())

    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "write", fail)
    assert await run(ledger, 2) == [LOOK_EVERY, LOOK_EVERY]
