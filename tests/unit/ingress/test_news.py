import orjson
import pytest

from bridge.ledger import requests
from bridge.model import Fate
from bridge.sources.bbot import Hook
from tests.doorway import RESTAURANT, an_injection
from tests.unit.ingress.conftest import FailingLedger, a_call
from tests.webhooks import CHECKOUT, a_cancel, a_finish, a_refund, an_unknown_call

CHANGE = Hook.ORDER_CHANGE
FINISHED, CANCELLED = Hook.CHECKOUT_FINISHED, Hook.CHECKOUT_CANCELLED
REFUNDED = Hook.ITEMS_REFUNDED

TOLD = [
    pytest.param(CHANGE, an_injection, id="a change"),
    pytest.param(FINISHED, a_finish, id="a finished checkout"),
    pytest.param(CANCELLED, a_cancel, id="a cancelled checkout"),
    pytest.param(REFUNDED, a_refund, id="a refund"),
]
OF_A_CHECKOUT = TOLD[1:]


def of(make, restaurant):
    """The body as it would come from that restaurant."""
    if make is an_injection:
        return an_injection(restaurant=restaurant)
    return make(restaurant_id=restaurant)


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_what_is_told_is_recorded_and_handed_over(reception, rows, hook, make):
    reply = await reception.answer(a_call(make(), hook))
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code, reply.seq) == (200, "recorded", row["seq"])
    assert (row["hook"], row["stage"], row["error"]) == (hook, "open", None)
    assert (row["restaurant"], row["checkout_id"]) == (RESTAURANT, CHECKOUT)


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_it_is_handed_over_under_the_configured_name(reception, ledger, hook, make):
    reply = await reception.answer(a_call(make(), hook))
    await ledger.write(lambda tx: requests.settle(tx, reply.seq, Fate.WRITTEN))
    (handover,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 10))

    assert handover.event.restaurant == RESTAURANT


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_the_gate_is_not_asked(reception, gate, hook, make):
    await reception.answer(a_call(make(), hook))

    assert gate.asked == []


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_what_is_told_of_nobodys_restaurant_is_archived_with_a_yes(
    reception, rows, hook, make
):
    reply = await reception.answer(a_call(of(make, "nobodys"), hook))
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code, reply.seq) == (200, "archived", None)
    assert (row["stage"], row["error"]) == (None, "archived: unknown_restaurant")


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_what_is_told_of_somebody_elses_restaurant_is_forbidden(reception, rows, hook, make):
    reply = await reception.answer(a_call(of(make, "somebody-elses"), hook))

    assert (reply.answer.status, reply.answer.code) == (403, "foreign_restaurant")
    assert [row["stage"] for row in await rows()] == [None]


@pytest.mark.parametrize("hook", [CHANGE, FINISHED, CANCELLED, REFUNDED])
@pytest.mark.parametrize("body", [b"{", b"", b"[]"])
async def test_what_is_no_json_object_is_refused(reception, rows, hook, body):
    assert (await reception.answer(a_call(body, hook))).answer.status == 400
    assert [row["body"] for row in await rows()] == [body]


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        (CHANGE, b'{"order": {"a": 1}}'),
        (FINISHED, a_finish(checkout_id="")),
        (CANCELLED, a_cancel(checkout_id=None)),
        (REFUNDED, a_refund(orderitems_now="none", checkout_id="")),
    ],
)
async def test_what_is_json_and_makes_no_sense_is_archived_with_a_yes(reception, rows, hook, body):
    reply = await reception.answer(a_call(body, hook))
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code) == (200, "archived")
    assert (row["body"], row["hook"], row["stage"]) == (body, hook, None)
    assert row["error"]


async def test_a_refund_that_cannot_be_read_is_told_to_who_knows_its_checkout(
    reception, ledger, rows
):
    body = a_refund(orderitems_now="none")
    reply = await reception.answer(a_call(body, REFUNDED))
    await ledger.write(lambda tx: requests.settle(tx, reply.seq, Fate.WRITTEN))
    (row,) = await rows()
    (handover,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 10))

    assert (reply.answer.code, row["body"]) == ("recorded", body)
    assert (handover.event.checkout_id, handover.event.items) == (CHECKOUT, ())
    assert "orderitems_now" in handover.event.unread


@pytest.mark.parametrize(("hook", "make"), TOLD)
async def test_a_full_disk_means_no(reception_on, hook, make):
    reply = await reception_on(FailingLedger()).answer(a_call(make(), hook))

    assert (reply.answer.status, reply.answer.code) == (503, "not_durable")


async def test_what_is_recorded_too_late_counts_all_the_same(reception, stall, rows):
    go_on = stall()
    reply = await reception.answer(a_call(a_finish(), FINISHED, left=0.0))
    go_on.set()
    (row,) = await rows()

    assert reply.answer.status == 503
    assert (row["fate"], row["stage"]) == ("gone", "open")


# --- the order of what is handed over


async def test_the_end_of_a_checkout_waits_for_the_order_before_it(reception, ledger):
    order = await reception.answer(a_call())
    end = await reception.answer(a_call(a_finish(), FINISHED))
    refund = await reception.answer(a_call(a_refund(), REFUNDED))

    async def turn():
        events = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 10))
        seqs = tuple(event.seq for event in events)
        await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, seqs, 1.0))
        return list(seqs)

    for reply in (refund, end, order):
        await ledger.write(lambda tx, seq=reply.seq: requests.settle(tx, seq, Fate.WRITTEN))
    turns = [await turn() for _ in range(4)]

    assert turns == [[order.seq], [end.seq], [refund.seq], []]


# --- who else must know


async def test_the_end_of_a_checkout_is_told_to_the_quotes(reception, quotes):
    await reception.answer(a_call(a_finish(), FINISHED))
    await reception.answer(a_call(a_cancel(), CANCELLED))

    assert quotes.noted == [
        ("finish", RESTAURANT, CHECKOUT),
        ("cancel", RESTAURANT, CHECKOUT),
    ]


async def test_they_hear_of_an_end_that_could_not_be_recorded(reception_on, quotes):
    await reception_on(FailingLedger()).answer(a_call(a_finish(), FINISHED))

    assert quotes.noted == [("finish", RESTAURANT, CHECKOUT)]


@pytest.mark.parametrize("restaurant", ["nobodys", "somebody-elses"])
async def test_they_hear_nothing_of_others(reception, quotes, restaurant):
    await reception.answer(a_call(a_finish(restaurant_id=restaurant), FINISHED))

    assert quotes.noted == []


# --- what nothing here knows


@pytest.mark.parametrize("hook", [Hook.INTEGRATION_CHANGED, Hook.PROMO, FINISHED, REFUNDED])
@pytest.mark.parametrize("restaurant", [RESTAURANT, "nobodys", "somebody-elses", None])
async def test_an_unknown_call_is_archived_with_a_yes(reception, rows, hook, restaurant):
    body = an_unknown_call(event_type="menu_snoozed", restaurant_id=restaurant)
    reply = await reception.answer(a_call(body, hook))
    (row,) = await rows()

    assert orjson.loads(reply.answer.body) == {"result": "archived", "correlation_id": "c-1"}
    assert (row["hook"], row["body"], row["stage"]) == ("integration-changed", body, None)


async def test_an_unknown_call_is_kept_under_the_configured_name(reception, rows):
    await reception.answer(a_call(an_unknown_call(), Hook.INTEGRATION_CHANGED))

    assert [row["restaurant"] for row in await rows()] == [RESTAURANT]
