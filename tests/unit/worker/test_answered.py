"""Orders that were late when a person let them go on: in which order they go out."""

import pytest

from bridge.ledger.decisions import Demand, Wish
from bridge.worker.desk import Desk, Place
from tests.engine import RESTAURANT, START, an_order, placed


@pytest.fixture
def desk(engine):
    place = Place(spec=engine.pos_system.spec, terms=engine.terms)
    return Desk(engine.ledger, {RESTAURANT: place}, poses=None)


@pytest.fixture
async def late_ones(engine, desk):
    """Four orders that were held, each promised a minute after the one before, and let go on."""
    engine.pos.opened.clear()
    for number in range(4):
        order = an_order(order_id=f"o{number}", checkout=f"c{number}")
        await engine.take(placed(order, received=START + 60 * number))
    engine.pos.opened.set()
    engine.clock.pass_time(7200)
    await engine.drain()
    assert set(await engine.states()) == {"place 1 held"}
    wish = Wish(reason="late")
    await desk.decide(Demand(action="replay", wish=wish, who="ana"))


async def test_what_was_late_and_let_go_on_goes_out_with_the_freshest_promise_first(
    engine, late_ones
):
    await engine.drain()

    names = [call.split()[1] for call in engine.pos_system.calls]
    assert names == ["o3", "o2", "o1", "o0"]


async def test_new_orders_and_those_that_were_late_take_turns(engine, late_ones):
    now = engine.clock()
    for number in (7, 8):
        order = an_order(order_id=f"o{number}", checkout=f"c{number}")
        await engine.take(placed(order, received=now))
    await engine.drain()

    names = [call.split()[1] for call in engine.pos_system.calls]
    assert names == ["o7", "o3", "o8", "o2", "o1", "o0"]
