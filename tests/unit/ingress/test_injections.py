import asyncio

import orjson
import pytest

from bridge.ledger import Ledger, requests
from bridge.ledger.book import Booking, Open
from bridge.ledger.orders import apply
from bridge.model import DeliveryState, Fate, Operation, Slip, SlipKind
from bridge.sources.bbot import Hook
from tests.doorway import RESTAURANT, an_injection
from tests.unit.ingress.conftest import CLOSED, DOWN, YES, a_call

CHANGE = Hook.ORDER_CHANGE


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

    assert gate.asked[0][0] == RESTAURANT
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
    call = a_call()
    await reception.answer(call)
    await ledger.write(lambda tx: requests.withdraw(tx, call.correlation_id, call.received_at))
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


async def test_an_order_that_a_change_brought_is_welcome_though_there_is_hardly_any_room(
    reception, ledger, monkeypatch
):
    await settle(ledger, await reception.answer(a_call(hook=CHANGE)))
    await bring(ledger)
    monkeypatch.setattr(Ledger, "is_short", True)
    reply = await reception.answer(a_call())

    assert (reply.answer.status, reply.is_repeat) == (200, False)


async def test_the_same_order_id_of_another_restaurant_is_another_order(reception_on, ledger):
    reception = reception_on(ledger)
    await reception.answer(a_call(an_injection("order-1")))
    reply = await reception.answer(a_call(an_injection("order-1", restaurant="somebody-elses")))

    assert reply.answer.status == 403
