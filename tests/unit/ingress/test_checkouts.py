import asyncio

import orjson
import pytest
from structlog.testing import capture_logs

from bridge.ingress.gate import Judgement, Move
from bridge.ingress.injections import RECORDING
from bridge.model import Label, Quote
from bridge.sources.bbot import Hook, reply
from tests.doorway import HAPPY_HOUR, RESTAURANT, an_injection
from tests.unit.ingress.conftest import CLOSED, DOWN, FailingLedger, a_call
from tests.webhooks import CEVICHE, CHECKOUT, a_price_check, a_start

SOLD_OUT = Judgement(
    move=Move.REFUSE,
    status=409,
    code="sold_out",
    reason="sold out: Ceviche",
    evidence={"state": "up"},
    sold_out=("Ceviche",),
)
EMPTY = {"prompts_to_guest": [], "discounts": None}
BOTH = [pytest.param(a_price_check, id="a price check"), pytest.param(a_start, id="a start")]
ATTEMPT = "ba028461-e694-4f86-896b-7928d689d8db"


def ask(make=a_price_check, *, address=Hook.PROMO, has_credentials=False, promo_left=60.0, **more):
    return a_call(make(**more), address, has_credentials=has_credentials, promo_left=promo_left)


def document(reply):
    return orjson.loads(reply.answer.body)


def labels(reply):
    return [prompt["text"] for prompt in document(reply)["prompts_to_guest"]]


def open_answer(make):
    return EMPTY if make is a_price_check else EMPTY | {"allow_checkout": True}


def evidence(row):
    return orjson.loads(row["evidence"])


# --- a price check


async def test_a_price_check_is_answered_with_the_quote(reception, quotes):
    answer = document(await reception.answer(ask()))

    assert quotes.noted == [("check", RESTAURANT, CHECKOUT)]
    assert [discount["total_cents_to_add"] for discount in answer["discounts"]] == [-100]
    assert "allow_checkout" not in answer


async def test_a_price_check_does_not_ask_the_gate(reception, gate):
    await reception.answer(ask())

    assert gate.asked == []


async def test_a_price_check_is_kept_with_its_answer(reception, rows):
    said = await reception.answer(ask())
    (row,) = await rows()

    assert (said.answer.status, said.answer.code, said.seq) == (200, "quoted", None)
    assert (row["hook"], row["restaurant"], row["checkout_id"]) == ("promo", RESTAURANT, CHECKOUT)
    assert (row["body"], row["answer"]) == (a_price_check(), said.answer.body)
    assert (row["order_id"], row["stage"], row["error"]) == ("", None, None)


async def test_equal_price_checks_get_equal_answers(reception):
    replies = await asyncio.gather(*(reception.answer(ask()) for _ in range(200)))

    assert len({reply.answer.body for reply in replies}) == 1


async def test_nothing_waits_for_the_disk(reception, stall):
    stall()

    assert (await reception.answer(ask())).answer.code == "quoted"


# --- the start of a checkout


async def test_a_start_is_answered_with_the_quote_and_a_yes(reception, quotes):
    answer = document(await reception.answer(ask(a_start)))

    assert quotes.noted == [("start", RESTAURANT, CHECKOUT, ATTEMPT)]
    assert (answer["allow_checkout"], len(answer["discounts"])) == (True, 1)


async def test_the_gate_is_asked_about_what_is_in_the_cart(reception, gate):
    call = ask(a_start)
    await reception.answer(call)

    assert gate.asked == [(RESTAURANT, (CEVICHE,), call.deadlines.promo)]


@pytest.mark.parametrize("judgement", [DOWN, CLOSED, SOLD_OUT])
async def test_what_the_gate_refuses_does_not_start(reception, gate, rows, judgement):
    gate.judgement = judgement
    said = await reception.answer(ask(a_start))
    (row,) = await rows()

    assert document(said)["allow_checkout"] is False
    assert (row["status"], row["code"]) == (200, judgement.code)
    assert evidence(row) == judgement.evidence


@pytest.mark.parametrize("judgement", [DOWN, CLOSED])
async def test_the_guest_is_told_why_in_words_for_guests(reception, gate, judgement):
    gate.judgement = judgement
    why, happy_hour = labels(await reception.answer(ask(a_start)))

    assert (why[0].isupper(), why[-1]) == (True, ".")
    assert judgement.reason not in why
    assert happy_hour == "Happy hour"


async def test_the_guest_is_told_what_is_sold_out(reception, gate):
    gate.judgement = SOLD_OUT

    assert labels(await reception.answer(ask(a_start)))[0].startswith("Sold out: Ceviche. ")


async def test_every_reason_of_the_gate_has_words_of_its_own(reception, gate):
    said = set()
    for judgement in (DOWN, CLOSED, SOLD_OUT):
        gate.judgement = judgement
        said.add(labels(await reception.answer(ask(a_start)))[0])

    assert len(said) == 3


async def test_a_refused_start_takes_nothing_from_what_is_left_of_a_promotion(
    reception, gate, quotes
):
    gate.judgement = CLOSED
    await reception.answer(ask(a_start))

    assert quotes.noted[-1] == ("cancel", RESTAURANT, CHECKOUT)


async def test_a_refused_start_is_counted(reception, gate, metrics):
    gate.judgement = CLOSED
    await reception.answer(ask(a_start))

    line = 'pos_bridge_checkouts_blocked_total{code="closed",restaurant="harbour-grill"} 1.0'
    assert line in metrics.render().decode()


async def test_a_start_that_may_go_on_is_kept_with_its_evidence(reception, rows):
    await reception.answer(ask(a_start))
    (row,) = await rows()

    assert (row["code"], evidence(row)) == ("allowed", {"state": "up"})


# --- trouble of ours spoils no cart


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("restaurant", ["nobodys", "somebody-elses", ""])
async def test_a_restaurant_that_is_not_ours_gets_the_empty_answer(
    reception, quotes, rows, make, restaurant
):
    said = await reception.answer(ask(make, restaurant_id=restaurant))
    (row,) = await rows()

    assert document(said) == open_answer(make)
    assert (row["restaurant"], row["status"], row["stage"]) == (restaurant, 200, None)
    assert row["code"] in {"unknown_restaurant", "foreign_restaurant"}
    assert quotes.noted == []


@pytest.mark.parametrize("make", BOTH)
async def test_quotes_that_fail_mean_the_empty_answer(reception, quotes, rows, make):
    quotes.error = KeyError("Eric Wang")

    with capture_logs() as logs:
        assert document(await reception.answer(ask(make))) == open_answer(make)
    assert "no_quote" in f"{(await rows())[0]['code']} {(await rows())[0]['evidence']}"
    assert "Eric Wang" not in str(logs)


@pytest.mark.parametrize("make", BOTH)
async def test_quotes_that_are_late_mean_the_empty_answer(reception, quotes, make):
    quotes.may_answer.clear()

    assert document(await reception.answer(ask(make, promo_left=0.01))) == open_answer(make)


@pytest.mark.parametrize("make", BOTH)
async def test_what_is_in_memory_is_said_after_the_deadline_too(reception, make):
    assert document(await reception.answer(ask(make, promo_left=0.0)))["discounts"]


async def test_a_gate_that_fails_lets_the_guest_go_on(reception, gate, rows):
    gate.error = KeyError("Eric Wang")
    answer = document(await reception.answer(ask(a_start)))

    assert (answer["allow_checkout"], len(answer["discounts"])) == (True, 1)
    assert evidence((await rows())[0]) == {"gate": "failed"}


@pytest.mark.parametrize("late", [True, False])
async def test_a_refusal_stands_though_there_is_no_quote(reception, gate, quotes, late):
    gate.judgement = CLOSED
    if late:
        quotes.may_answer.clear()
    else:
        quotes.error = KeyError()
    said = await reception.answer(ask(a_start, promo_left=0.01))

    assert (document(said)["allow_checkout"], len(labels(said))) == (False, 1)


@pytest.mark.parametrize("make", BOTH)
async def test_a_full_disk_changes_no_answer(reception_on, make):
    said = await reception_on(FailingLedger()).answer(ask(make))

    assert (said.answer.status, len(document(said)["discounts"])) == (200, 1)


@pytest.mark.parametrize("make", BOTH)
async def test_without_a_ledger_nothing_is_promised(reception_on, quotes, make):
    ledger = FailingLedger()
    ledger.alive = False

    assert document(await reception_on(ledger).answer(ask(make))) == open_answer(make)
    assert quotes.noted == []


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("address", [Hook.PROMO, Hook.CHECKOUT_FINISHED, None])
async def test_a_bug_of_ours_means_the_empty_answer(reception, monkeypatch, make, address):
    compose = reply.compose

    def fail(quote, cart, *, allow):
        if quote.discount:
            raise KeyError
        return compose(quote, cart, allow=allow)

    monkeypatch.setattr(reply, "compose", fail)
    said = await reception.answer(ask(make, address=address))

    assert (document(said), said.answer.code) == (open_answer(make), "bridge_error")


async def test_a_cart_that_was_lost_on_its_way_gets_the_empty_answer(reception, rows):
    body = b"event_type=checkout_beginning&cart_items_this_restaurant=menuItemId&restaurant_id="
    call = a_call(body + b"a&restaurant_id=b", Hook.PROMO, has_credentials=False)
    said = await reception.answer(call)
    (row,) = await rows()

    assert document(said) == open_answer(a_start)
    assert (row["code"], row["error"].partition(":")[0]) == ("nested_lost", "nested_lost")


# --- a quote that had to be mended


async def test_a_mended_quote_is_counted_and_told_once(reception, quotes, metrics, rows):
    quotes.quote = Quote(prompts=(Label(id="", text="Eric Wang"), *HAPPY_HOUR.prompts))
    with capture_logs() as logs:
        said = await reception.answer(ask())
    (line,) = [line for line in logs if line["event"] == "quote_repaired"]

    assert labels(said) == ["Happy hour"]
    assert evidence((await rows())[0]) == {"problems": line["problems"]}
    line = 'quote_problems_total{problem="mended",restaurant="harbour-grill"} 1.0'
    assert line in metrics.render().decode()
    assert "Eric Wang" not in str(line)


async def test_a_sound_quote_is_not_counted(reception, metrics):
    await reception.answer(ask())

    assert "quote_problems_total{" not in metrics.render().decode()


# --- an order among them


async def test_an_order_at_the_address_of_carts_has_the_time_of_an_order(reception, gate):
    call = a_call(an_injection(), Hook.PROMO, promo_left=0.0)
    said = await reception.answer(call)

    assert said.answer.code == "accepted"
    # What it takes to record it is not for the gate to use.
    assert gate.asked[0][2].left == call.deadlines.order.left - RECORDING
