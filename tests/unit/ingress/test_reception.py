import asyncio

import orjson
import pytest

from bridge.ledger import requests
from bridge.ledger.book import Booking, Open
from bridge.ledger.orders import apply
from bridge.model import DeliveryState, Fate, Operation, Slip, SlipKind
from bridge.sources.bbot import Hook
from tests.doorway import RESTAURANT, an_injection
from tests.unit.ingress.conftest import CLOSED, DOWN, YES, FailingLedger, a_call

CHANGE = Hook.ORDER_CHANGE
NEWS_FOR_NOBODY = [
    Hook.CHECKOUT_FINISHED,
    Hook.CHECKOUT_CANCELLED,
    Hook.ITEMS_REFUNDED,
    Hook.INTEGRATION_CHANGED,
]


def evidence(row):
    return orjson.loads(row["evidence"])


async def bring(ledger, order_state=DeliveryState.READY):
    """Hand over what is open, the way a worker takes it."""
    events = await ledger.read(
        lambda tx: requests.next_handovers(tx, ledger.identity, (RESTAURANT,), 10)
    )

    def job(tx):
        for event in events:
            order = event.event.order
            action = Open(
                operation=Operation.PLACE,
                version=1,
                state=order_state,
                slip=Slip(kind=SlipKind.PLACE, version=1),
                content=order,
                promise_at=2e9,
            )
            booking = Booking(note="placed", current=order, committed=True, actions=(action,))
            apply(tx, event, booking, 1.0, report=False)
            requests.recorded(tx, event.restaurant, (event.seq,), 1.0)

    await ledger.write(job)


async def settle(ledger, reply, fate=Fate.WRITTEN):
    await ledger.write(lambda tx: requests.settle(tx, reply.seq, fate))


# --- an injection that may go on


async def test_a_yes_is_recorded_with_body_event_and_evidence(reception, rows):
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert reply.answer.is_yes
    assert (row["body"], row["answer"]) == (an_injection(), reply.answer.body)
    assert row["event"]
    assert evidence(row) == {"state": "up"}


async def test_a_yes_waits_in_the_outbox_for_its_fate(reception, rows):
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert (row["seq"], row["stage"], row["fate"]) == (reply.seq, "open", None)


async def test_the_platforms_restaurant_becomes_ours(reception, gate, rows):
    await reception.answer(a_call())

    assert gate.asked[0].restaurant == RESTAURANT
    assert (await rows())[0]["restaurant"] == RESTAURANT


async def test_the_bare_address_tells_an_injection_by_its_shape(reception, rows):
    await reception.answer(a_call(hook=None))

    assert (await rows())[0]["hook"] == "order-injection"


# --- an injection that may not


@pytest.mark.parametrize("judgement", [DOWN, CLOSED])
async def test_a_refusal_is_recorded_with_its_evidence(reception, gate, rows, judgement):
    gate.judgement = judgement
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert (reply.answer.status, reply.seq) == (judgement.status, None)
    assert (row["status"], row["code"]) == (judgement.status, judgement.code)
    assert evidence(row) == judgement.evidence
    assert row["stage"] is None


async def test_a_refusal_says_why(reception, gate):
    gate.judgement = CLOSED

    assert orjson.loads((await reception.answer(a_call())).answer.body)["detail"] == "until 17:00"


async def test_a_restaurant_of_another_endpoint_is_forbidden(reception, rows):
    reply = await reception.answer(a_call(an_injection(restaurant="somebody-elses")))

    assert (reply.answer.status, reply.answer.code) == (403, "foreign_restaurant")
    assert [row["code"] for row in await rows()] == ["foreign_restaurant"]


async def test_a_restaurant_of_nobody_is_refused(reception, rows):
    reply = await reception.answer(a_call(an_injection(restaurant="nobodys")))

    assert (reply.answer.status, reply.answer.code) == (422, "unknown_restaurant")
    assert [row["code"] for row in await rows()] == ["unknown_restaurant"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"[]", 400), (b'{"order": {}}', 422), (b"\xff\xfe{", 400)]
)
async def test_what_cannot_be_read_is_refused_and_kept(reception, rows, body, status):
    reply = await reception.answer(a_call(body))
    (row,) = await rows()

    assert reply.answer.status == row["status"] == status
    assert row["body"] == body
    assert row["error"].startswith(f"{reply.answer.code}: ")


async def test_a_block_is_counted_for_its_restaurant(reception, gate, metrics):
    gate.judgement = CLOSED
    await reception.answer(a_call())

    line = 'pos_bridge_checkouts_blocked_total{code="closed",restaurant="harbour-grill"} 1.0'
    assert line in metrics.render().decode()


async def test_a_strangers_restaurant_makes_no_metric_of_its_own(reception, metrics):
    await reception.answer(a_call(an_injection(restaurant="nobodys")))

    assert "nobodys" not in metrics.render().decode()


# --- asked again


async def test_a_repeat_gets_the_first_yes_byte_for_byte(reception):
    first = await reception.answer(a_call(correlation_id="c-1"))
    again = await reception.answer(a_call(correlation_id="c-2"))

    assert again.answer.body == first.answer.body
    assert (first.is_repeat, again.is_repeat) == (False, True)


async def test_a_repeat_settles_its_own_fate(reception, rows):
    first = await reception.answer(a_call())
    again = await reception.answer(a_call())

    assert again.seq != first.seq
    assert [row["repeat_of"] for row in await rows()] == [None, first.seq]


async def test_twenty_at_once_get_the_same_yes(reception):
    replies = await asyncio.gather(
        *(reception.answer(a_call(correlation_id=f"c-{number}")) for number in range(20))
    )

    assert len({reply.answer.body for reply in replies}) == 1
    assert sum(not reply.is_repeat for reply in replies) == 1


async def test_a_repeat_with_the_pos_down_gets_the_same_yes(reception, gate):
    first = await reception.answer(a_call())
    gate.judgement = DOWN

    assert (await reception.answer(a_call())).answer.body == first.answer.body


async def test_a_repeat_after_a_refusal_is_judged_anew(reception, gate):
    gate.judgement = DOWN
    await reception.answer(a_call())
    gate.judgement = YES
    reply = await reception.answer(a_call())

    assert (reply.answer.status, reply.is_repeat) == (200, False)


async def test_a_repeat_after_a_late_yes_is_judged_anew(reception, ledger, gate):
    await settle(ledger, await reception.answer(a_call()), requests.LATE)
    gate.judgement = DOWN

    assert (await reception.answer(a_call())).answer.status == 503


@pytest.mark.parametrize("end", [DeliveryState.VOIDED, DeliveryState.REFUSED])
async def test_an_order_that_came_to_nothing_is_judged_anew(reception, ledger, gate, end):
    await settle(ledger, await reception.answer(a_call()))
    await bring(ledger, end)
    gate.judgement = DOWN

    assert (await reception.answer(a_call())).answer.status == 503


async def test_an_order_that_a_change_brought_is_welcome_though_the_pos_is_down(
    reception, ledger, gate
):
    await settle(ledger, await reception.answer(a_call(hook=CHANGE)))
    await bring(ledger)
    gate.judgement = DOWN
    reply = await reception.answer(a_call())

    assert (reply.answer.status, reply.is_repeat) == (200, False)


async def test_the_same_order_id_of_another_restaurant_is_another_order(reception_on, ledger):
    reception = reception_on(ledger)
    await reception.answer(a_call(an_injection("order-1")))
    reply = await reception.answer(a_call(an_injection("order-1", restaurant="somebody-elses")))

    assert reply.answer.status == 403


# --- news of an order


async def test_a_change_is_recorded_and_handed_over(reception, rows):
    reply = await reception.answer(a_call(hook=CHANGE))

    assert (reply.answer.code, reply.seq) == ("recorded", 1)
    assert (await rows())[0]["stage"] == "open"


async def test_a_change_does_not_ask_the_gate(reception, gate):
    await reception.answer(a_call(hook=CHANGE))

    assert gate.asked == []


async def test_a_change_of_an_unknown_restaurant_is_archived_with_a_yes(reception, rows):
    reply = await reception.answer(a_call(an_injection(restaurant="nobodys"), CHANGE))
    (row,) = await rows()

    assert (reply.answer.status, reply.seq) == (200, None)
    assert (row["stage"], row["error"]) == (None, "archived: unknown_restaurant")


async def test_a_change_of_somebody_elses_restaurant_is_forbidden(reception):
    reply = await reception.answer(a_call(an_injection(restaurant="somebody-elses"), CHANGE))

    assert reply.answer.status == 403


async def test_a_change_that_is_no_order_is_archived_with_a_yes(reception, rows):
    reply = await reception.answer(a_call(b'{"order": {}}', CHANGE))

    assert reply.answer.status == 200
    assert (await rows())[0]["error"]


async def test_a_change_that_is_no_json_is_refused(reception):
    assert (await reception.answer(a_call(b"{", CHANGE))).answer.status == 400


@pytest.mark.parametrize("hook", NEWS_FOR_NOBODY)
async def test_every_other_hook_is_archived_with_a_yes(reception, rows, hook):
    reply = await reception.answer(a_call(b'{"checkout_id": "c"}', hook))

    assert reply.answer.status == 200
    assert [row["hook"] for row in await rows()] == [hook]


# --- a ledger in trouble


async def test_a_full_disk_means_no(reception_on, metrics):
    reply = await reception_on(FailingLedger()).answer(a_call())

    assert (reply.answer.status, reply.answer.code) == (503, "not_durable")
    assert "pos_bridge_ledger_errors_total 1.0" in metrics.render().decode()


async def test_a_full_disk_means_no_for_a_change_too(reception_on):
    assert (await reception_on(FailingLedger()).answer(a_call(hook=CHANGE))).answer.status == 503


async def test_a_full_disk_does_not_hide_a_refusal(reception_on, gate):
    gate.judgement = CLOSED

    assert (await reception_on(FailingLedger()).answer(a_call())).answer.status == 409


async def test_a_hanging_disk_means_no(reception, stall):
    stall()

    assert (await reception.answer(a_call(left=0.0))).answer.code == "not_durable"


async def test_a_yes_that_comes_true_later_never_reaches_the_kitchen(
    reception, ledger, stall, rows
):
    go_on = stall()
    await reception.answer(a_call(left=0.0))
    go_on.set()
    (row,) = await rows()

    assert (row["fate"], row["stage"]) == ("late", None)
    assert await ledger.read(requests.settle_after_crash) == 0


async def test_a_yes_that_was_committed_after_the_time_out_is_marked(
    reception_on, ledger, gate, rows
):
    committed = asyncio.Event()

    class Slow:
        """Tells of a commit later than it was made."""

        post = ledger.post

        async def write(self, job):
            recorded = await ledger.write(job)
            await committed.wait()
            return recorded

    reply = asyncio.ensure_future(reception_on(Slow()).answer(a_call(left=0.01)))
    assert (await reply).answer.status == 503
    committed.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert [(row["fate"], row["stage"]) for row in await rows()] == [("late", None)]


async def test_a_change_that_is_recorded_too_late_counts_all_the_same(reception, stall, rows):
    go_on = stall()
    reply = await reception.answer(a_call(hook=CHANGE, left=0.0))
    go_on.set()
    (row,) = await rows()

    assert reply.answer.status == 503
    assert (row["fate"], row["stage"]) == ("gone", "open")


async def test_a_call_that_is_cancelled_leaves_no_ghost(reception, stall, rows):
    go_on = stall()
    call = asyncio.ensure_future(reception.answer(a_call()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait({call})
    go_on.set()

    assert [row["fate"] for row in await rows()] == ["late"]


async def test_a_refusal_does_not_wait_for_a_hanging_disk(reception, gate, stall):
    gate.judgement = CLOSED
    stall()

    assert (await reception.answer(a_call(left=0.0))).answer.status == 409


# --- a bug of ours


async def test_a_crash_means_no_and_the_body_is_kept(reception, gate, rows):
    gate.error = KeyError("Eric Wang")
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code) == (503, "bridge_error")
    assert (row["body"], row["error"]) == (an_injection(), "KeyError in the bridge")
    assert row["stage"] is None


async def test_a_crash_inside_the_write_keeps_the_body_too(reception, rows, monkeypatch):
    def fail(*_args):
        raise OverflowError

    monkeypatch.setattr(requests, "record_injection", fail)
    reply = await reception.answer(a_call())

    assert reply.answer.status == 503
    assert [row["body"] for row in await rows()] == [an_injection()]


async def test_a_call_whose_body_never_came_is_recorded(reception, rows):
    answer = (await reception.answer(a_call(b""))).answer
    reply = reception.refuse(a_call(b"", hook=None), answer)

    assert reply.answer is answer
    assert [row["hook"] for row in await rows()] == ["order-injection", ""]
