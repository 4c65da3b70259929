"""Every hook on real sockets: at its own address and at others, with and without credentials."""

import asyncio
import gzip

import pytest
from structlog.testing import capture_logs

from bridge.ledger import LedgerError
from bridge.model import PosState
from bridge.sources.bbot import Hook
from tests.doorway import (
    a_pulse,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    open_doorway,
    read_answer,
)
from tests.webhooks import (
    CEVICHE,
    CHECKOUT,
    ORDER_CALLS,
    PARTNER_CALLS,
    a_cancel,
    a_finish,
    a_price_check,
    a_refund,
    a_start,
)

CALLS = [*ORDER_CALLS, *PARTNER_CALLS]
TOLD = [call for call in CALLS if call[0] not in {"promo", "order-injection"}]
ADDRESSES = ["", *Hook]
PARTNER_ADDRESSES = sorted(set(Hook) - {Hook.ORDER_INJECTION, Hook.ORDER_CHANGE})
NOBODY = {"Authorization": None}
EMPTY = {"prompts_to_guest": [], "discounts": None}
ALLOWED = EMPTY | {"allow_checkout": True}
CARTS = [
    pytest.param(a_price_check(), EMPTY, id="a price check"),
    pytest.param(a_start(), ALLOWED, id="a start"),
]
# What must not hang; far more than anything needs.
LIMIT = 20


@pytest.fixture
async def doorway(tmp_path):
    async with open_doorway(tmp_path) as doorway:
        yield doorway


@pytest.fixture
async def hasty(tmp_path):
    """Carts have little time, orders have more than a test can wait for."""
    settings = {"budget": 30.0, "body_timeout": 30.0, "promo_budget": 0.3}
    async with asyncio.timeout(LIMIT), open_doorway(tmp_path, **settings) as doorway:
        yield doorway


async def hooks(doorway):
    return [row["hook"] for row in await doorway.rows()]


# --- each at its own address


@pytest.mark.parametrize(("hook", "body"), CALLS)
async def test_every_call_is_taken_and_recorded_at_its_address(doorway, hook, body):
    answer = await doorway.post(body, hook)
    (row,) = await doorway.rows()

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (row["hook"], row["body"], row["answer"]) == (hook, body, answer.body)


@pytest.mark.parametrize(("hook", "body"), TOLD[:-1])
async def test_what_is_told_is_handed_over_once_its_answer_is_out(doorway, hook, body):
    answer = await doorway.post(body, hook)
    (row,) = await doorway.settled()

    assert answer.document["result"] == "recorded"
    assert (row["fate"], row["stage"], row["checkout_id"]) == ("written", "open", CHECKOUT)


async def test_the_two_questions_have_an_answer_of_their_own(doorway):
    check = (await doorway.post(a_price_check(), "promo")).document
    start = (await doorway.post(a_start(), "promo")).document

    assert check["discounts"][0]["total_cents_to_add"] == -100
    assert start == check | {"allow_checkout": True}


# --- at other addresses


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("hook", "body"), PARTNER_CALLS[:-1])
async def test_a_partners_call_is_what_it_says_wherever_it_comes(doorway, address, hook, body):
    answer = await doorway.post(body, address)

    assert (answer.status, await hooks(doorway)) == (200, [hook])


@pytest.mark.parametrize("address", ["", *PARTNER_ADDRESSES])
async def test_an_order_is_an_order_wherever_it_comes(doorway, address):
    answer = await doorway.post(an_injection(), address)

    assert (answer.document["result"], await hooks(doorway)) == ("accepted", ["order-injection"])


# --- credentials


@pytest.mark.parametrize("address", ["", *PARTNER_ADDRESSES])
@pytest.mark.parametrize(("hook", "body"), PARTNER_CALLS[:-1])
async def test_a_partners_call_needs_none_where_the_address_is_enough(doorway, address, hook, body):
    answer = await doorway.post(body, address, headers=NOBODY)

    assert (answer.status, await hooks(doorway)) == (200, [hook])


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_order_without_them_gets_nowhere(doorway, address):
    answer = await doorway.post(an_injection(), address, headers=NOBODY)

    assert (answer.status, answer.document["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert await doorway.rows() == []


@pytest.mark.parametrize("hook", [Hook.ORDER_INJECTION, Hook.ORDER_CHANGE])
async def test_the_address_of_an_order_hook_is_closed_to_a_cart_without_them(doorway, hook):
    assert (await doorway.post(a_price_check(), hook, headers=NOBODY)).status == 401


@pytest.mark.parametrize(
    "given", [authorization("bbot", "wrong"), "Basic", "Bearer abc", "Basic \xff\xfe"]
)
@pytest.mark.parametrize("address", ADDRESSES)
async def test_wrong_ones_are_refused_everywhere(doorway, address, given):
    answer = await doorway.post(a_price_check(), address, headers={"Authorization": given})

    assert (answer.status, await doorway.rows()) == (401, [])


async def test_after_a_401_for_what_it_turned_out_to_be_the_connection_goes_on(doorway):
    async with doorway.connection() as (reader, writer):
        writer.write(a_request(an_injection(), "", headers=NOBODY))
        assert (await read_answer(reader)).status == 401
        writer.write(a_request(an_injection(), ""))

        assert (await read_answer(reader)).status == 200


async def test_a_flood_of_them_is_one_line_in_the_log(doorway):
    with capture_logs() as logs:
        for _ in range(20):
            await doorway.post(an_injection(), "promo", headers=NOBODY)

    assert [line["calls"] for line in logs if line["event"] == "call_turned_away"] == [1]


async def test_an_endpoint_may_ask_for_them_at_every_hook(tmp_path):
    async with open_doorway(tmp_path, require_basic=Hook) as doorway:
        raw = a_request(headers=NOBODY | {"Content-Length": "5000"}, hook="")

        # Nothing of the body was sent yet.
        assert (await doorway.exchange(raw)).status == 401
        for hook, body in CALLS:
            assert (await doorway.post(body, hook, headers=NOBODY)).status == 401
            assert (await doorway.post(body, hook)).status == 200


async def test_an_endpoint_may_ask_for_them_at_other_hooks_only(tmp_path):
    async with open_doorway(tmp_path, require_basic=[Hook.PROMO]) as doorway:
        for address in ("promo", "checkout-finished", ""):
            assert (await doorway.post(a_start(), address, headers=NOBODY)).status == 401
        assert (await doorway.post(an_injection(), headers=NOBODY)).status == 200
        assert (await doorway.post(a_finish(), "", headers=NOBODY)).status == 200


# --- the body


@pytest.mark.parametrize("address", ["", *PARTNER_ADDRESSES])
@pytest.mark.parametrize(
    "body", [b"x" * 300_000, gzip.compress(b" " * 50_000_000, 6)], ids=["300 kB", "50 MB as gzip"]
)
async def test_a_body_that_is_too_big_is_refused_at_every_address(doorway, address, body):
    gzipped = {"Content-Encoding": "gzip"} if body[:1] != b"x" else {}
    answer = await doorway.post(body, address, headers=NOBODY | gzipped)

    assert (answer.status, answer.document["code"]) == (413, "too_big")


async def test_a_cart_in_pieces_is_taken(doorway):
    raw = in_chunks(a_price_check(), 100).replace(b"order-injection", b"promo", 1)

    assert (await doorway.exchange(raw)).document["discounts"]


@pytest.mark.parametrize(("address", "status"), [("promo", 408), ("", 200)])
async def test_a_cart_that_comes_slowly_has_only_the_time_of_a_cart(hasty, address, status):
    raw = a_request(a_price_check(), address, headers=NOBODY)
    async with hasty.connection() as (reader, writer):
        writer.write(raw[:-10])
        await asyncio.sleep(0.4)
        # At the address for all hooks it could still have been an order.
        writer.write(raw[-10:])

        assert (await read_answer(reader)).status == status


# --- the budget of carts


@pytest.mark.parametrize("address", ["promo", "", "order-injection"])
@pytest.mark.parametrize(("body", "nothing"), CARTS)
async def test_a_slow_quote_does_not_keep_the_guest(hasty, address, body, nothing):
    hasty.quotes.may_answer.clear()

    assert (await hasty.post(body, address)).document == nothing


async def test_a_slow_pos_does_not_keep_the_guest(hasty):
    async def ask(_restaurant, _deadline):
        await asyncio.Event().wait()

    hasty.probe = ask
    hasty.pulses.put(a_pulse(PosState.UNKNOWN))

    assert (await hasty.post(a_start(), "promo")).document["allow_checkout"] is True


async def test_a_pos_that_is_known_to_be_down_is_not_given_the_benefit_of_its_silence(hasty):
    async def ask(_restaurant, _deadline):
        await asyncio.Event().wait()

    hasty.probe = ask
    hasty.pulses.put(a_pulse(PosState.DOWN, proven_down=True))

    assert (await hasty.post(a_start(), "promo")).document["allow_checkout"] is False


async def test_an_order_at_the_address_of_carts_may_take_longer(hasty):
    go_on = asyncio.Event()

    async def ask(_restaurant, deadline):
        asyncio.get_running_loop().call_later(0.4, go_on.set)
        await go_on.wait()
        return True

    hasty.probe = ask
    hasty.pulses.put(a_pulse(PosState.UNKNOWN))

    assert (await hasty.post(an_injection(), "promo")).document["result"] == "accepted"


async def test_two_hundred_equal_price_checks_get_equal_answers(doorway):
    raw = a_request(a_price_check(), "promo", headers=NOBODY)

    async def burst():
        async with doorway.connection() as (reader, writer):
            writer.write(raw * 20)
            return [(await read_answer(reader)).body for _ in range(20)]

    bodies = await asyncio.gather(*(burst() for _ in range(10)))

    assert len({body for some in bodies for body in some}) == 1
    assert len(await doorway.rows()) == 200


# --- the start of a checkout, and the POS


@pytest.mark.parametrize(
    ("pulse", "code"),
    [
        (a_pulse(PosState.DOWN, reason="ECONNREFUSED", proven_down=True), "pos_down"),
        (a_pulse(PosState.CLOSED, reason="register 4 is shut"), "closed"),
        (a_pulse(sold_out=[CEVICHE]), "sold_out"),
    ],
)
async def test_a_guest_who_cannot_be_served_is_told_so_before_paying(doorway, pulse, code):
    doorway.pulses.put(pulse)
    document = (await doorway.post(a_start(), "promo", headers=NOBODY)).document
    (row,) = await doorway.rows()

    assert document["allow_checkout"] is False
    why = document["prompts_to_guest"][0]
    assert (why["prompt_type"], why["text"][-1]) == ("label", ".")
    assert "ECONN" not in why["text"]
    assert "register" not in why["text"]
    assert (row["code"], '"state"' in row["evidence"]) == (code, True)


async def test_a_guest_whose_start_was_refused_may_start_again(doorway):
    doorway.pulses.put(a_pulse(PosState.CLOSED))
    refused = await doorway.post(a_start(), "promo")
    doorway.pulses.put(a_pulse())
    allowed = await doorway.post(a_start(checkout_attempt_id="another"), "promo")

    assert [refused.document["allow_checkout"], allowed.document["allow_checkout"]] == [False, True]


# --- a ledger that fails


@pytest.fixture
def broken(doorway, monkeypatch):
    """A doorway whose disk takes nothing."""

    async def fail(_job):
        raise LedgerError("database or disk is full")

    monkeypatch.setattr(doorway.ledger, "write", fail)
    return doorway


@pytest.mark.parametrize(("hook", "body"), TOLD)
async def test_what_cannot_be_kept_is_not_confirmed(broken, hook, body):
    answer = await broken.post(body, hook)

    assert (answer.status, answer.document["code"]) == (503, "not_durable")


@pytest.mark.parametrize(("body", "_nothing"), CARTS)
async def test_carts_are_answered_all_the_same(broken, body, _nothing):
    assert (await broken.post(body, "promo")).document["discounts"]


@pytest.mark.parametrize(("body", "nothing"), CARTS)
async def test_carts_are_answered_without_any_ledger(doorway, body, nothing):
    doorway.ledger.close()

    assert (await doorway.post(body, "promo")).document == nothing


# --- a checkout from end to end


async def test_the_events_of_a_checkout_are_kept_in_their_order(doorway):
    for body in (a_price_check(), a_start(), an_injection(), a_finish(), a_refund(), a_cancel()):
        assert (await doorway.post(body, "")).status == 200

    rows = [row for row in await doorway.rows() if row["checkout_id"] == CHECKOUT]
    assert [row["hook"] for row in rows] == [
        "promo",
        "promo",
        "order-injection",
        "checkout-finished",
        "items-refunded",
        "checkout-cancelled",
    ]
    assert [row["stage"] for row in rows] == [None, None, "open", "open", "open", "open"]


@pytest.mark.parametrize(("hook", "body"), [*CALLS, ("", an_injection())])
async def test_a_slash_behind_an_address_makes_no_difference(doorway, hook, body):
    request = a_request(body, hook).replace(b" HTTP/1.1", b"/ HTTP/1.1", 1)
    answer = await doorway.exchange(request)

    assert answer.status == 200
    assert [row["body"] for row in await doorway.rows()] == [body]
