"""News of an order is taken and never judged."""

import pytest

from bridge.sources.bbot import Hook
from tests.doorway import an_injection
from tests.unit.ingress.conftest import a_call

CHANGE = Hook.ORDER_CHANGE
NEWS_FOR_NOBODY = [
    Hook.CHECKOUT_FINISHED,
    Hook.CHECKOUT_CANCELLED,
    Hook.ITEMS_REFUNDED,
    Hook.INTEGRATION_CHANGED,
]


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
