"""Events that came back too often, and what people do about them."""

import pytest

from bridge.ledger import bounces, history, requests
from bridge.model.bounce import MOST_BOUNCES
from tests.engine import RESTAURANT, START, an_order
from tests.wires import put_event, rows


@pytest.fixture
async def stuck(ledger):
    """The seq of an event that goes out no more."""
    seq = await put_event(ledger, an_order())

    def job(tx):
        for _ in range(MOST_BOUNCES):
            bounces.note_dead(tx, RESTAURANT, seq, "rejected", START)

    await ledger.write(job)
    return seq


@pytest.fixture
def decide(ledger):
    async def decide(action):
        await ledger.write(lambda tx: bounces.decide(tx, RESTAURANT, "o1", action, "by ana"))

    return decide


@pytest.fixture
def state(ledger):
    async def read():
        order = await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, "o1"))
        return order["state"]

    return read


async def test_it_is_never_late_and_never_next(ledger, stuck):
    late = await ledger.read(lambda tx: requests.late(tx, START + 1e6, [RESTAURANT], "i"))
    next_ones = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 10))

    assert (late, next_ones) == ([], [])


async def test_it_is_open_and_held_in_every_list(ledger, stuck):
    for page in (history.Page(open=True), history.Page(state="held")):
        found = await ledger.read(lambda tx, page=page: history.list_orders(tx, page))
        assert [(one["order_id"], one["state"]) for one in found["orders"]] == [("o1", "held")]


async def test_a_replay_lets_it_go_out_again_as_a_copy(ledger, stuck, decide):
    await decide("replay")

    (event,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 10))
    assert (event.seq, event.copy) == (stuck, 2)
    (row,) = await rows(ledger)
    assert (row.error, row.bounces) == (None, 0)


@pytest.mark.parametrize(("action", "end"), [("resolve", "done"), ("void", "voided")])
async def test_what_a_person_settles_is_over(ledger, stuck, decide, state, action, end):
    await decide(action)

    assert await state() == end
    (row,) = await rows(ledger)
    assert row.error == "by ana"
    assert await ledger.read(bounces.list_bounced) == []


async def test_what_is_not_stuck_is_not_decided_about(ledger, decide, state):
    await put_event(ledger, an_order())
    await decide("void")

    assert await state() == "waiting"
