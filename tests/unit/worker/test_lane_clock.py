"""What the clock does to the deliveries of a lane."""

from bridge.adapter import OutcomeUnknown, PosBusy, PosUnreachable
from bridge.ledger import timers
from bridge.model import Fate
from bridge.worker.booking import Terms
from tests.engine import START, an_order, changed, later, moment, placed

ORDER = an_order()
OTHER = an_order("Soup", order_id="o2")  # in the same checkout
ELSEWHERE = an_order("Tea", order_id="o3", checkout="c3")


# The clock


async def test_an_order_for_later_is_fired_when_its_preparation_begins(engine):
    await engine.take(placed(an_order(due_at=moment(START + 7200))))
    engine.clock.pass_time(6299)
    await engine.drain()
    assert await engine.states() == ["place 1 waiting"]
    assert await engine.lane._turn() == START + 6300
    engine.clock.pass_time(1)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_an_order_moved_to_later_is_fired_then_and_not_called_late(engine):
    engine.pos.opened.clear()
    await engine.take(placed(ORDER))
    await engine.take(changed(later(ORDER, due_at=moment(START + 7200))))
    engine.pos.opened.set()
    await engine.drain()
    assert await engine.states() == ["place 1 waiting"]
    engine.clock.pass_time(6300)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_a_ghost_is_voided_after_its_time_and_nothing_is_sent(engine):
    await engine.take(placed(ORDER, fate=Fate.GONE))
    engine.clock.pass_time(900)
    await engine.drain()
    assert await engine.states() == ["place 1 voided"]
    assert engine.pos_system.calls == []


async def test_a_sign_after_the_void_prints_the_order_marked(engine):
    await engine.take(placed(ORDER, fate=Fate.GONE))
    engine.clock.pass_time(900)
    await engine.drain()
    await engine.take(changed(later(ORDER), received=START + 901))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Ceviche REFIRED"]


async def test_without_the_sign_an_order_on_commit_becomes_a_question(engine):
    engine.terms = Terms(on_commit=True)
    await engine.take(placed(ORDER))
    engine.clock.pass_time(120)
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.cause) == ("held", "not confirmed by the platform: print?")


async def test_a_late_sign_answers_that_question(engine):
    engine.terms = Terms(on_commit=True)
    await engine.take(placed(ORDER))
    engine.clock.pass_time(121)
    await engine.drain()
    await engine.take(changed(later(ORDER, "Salad")))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert engine.pos_system.printed == ["place o1 v1: Salad"]


async def test_past_its_promise_an_order_is_held_although_the_lane_is_down(engine):
    engine.pos_system.script = [PosUnreachable("no route")]
    await engine.take(placed(ORDER), placed(ELSEWHERE))
    await engine.drain()
    assert await engine.lane._turn() <= START + 1800
    engine.clock.pass_time(1800)
    await engine.drain()
    rows = await engine.rows()
    assert [row.cause for row in rows] == [
        "late: print? (POS offline: no route)",
        "late: print?",
    ]


async def test_past_its_promise_an_order_is_held_although_the_restaurant_is_paused(engine):
    engine.pos.pause("wrong password")
    await engine.take(placed(ORDER))
    engine.clock.pass_time(1800)
    await engine.drain()
    assert await engine.states() == ["place 1 held"]


async def test_a_question_that_nobody_can_ask_the_pos_ends_held(engine):
    engine.pos_system.script = [OutcomeUnknown("x")]
    await engine.take(placed(ORDER))
    await engine.drain()
    engine.pos.failed("no route")
    engine.clock.pass_time(1800 + timers.LAST_QUESTION)
    await engine.drain()
    row = await engine.only()
    assert row.state == "held"
    assert row.cause.startswith("may already be in the POS")


async def test_an_order_that_comes_in_late_is_not_put_out_by_itself(engine):
    engine.clock.pass_time(7200)
    await engine.take(placed(ORDER, received=START))
    await engine.drain()
    assert await engine.states() == ["place 1 held"]
    assert engine.pos_system.calls == []


async def test_a_clock_set_back_stops_nothing(engine):
    engine.clock.pass_time(86_400)
    engine.pos_system.script = [PosBusy(retry_after=1)]
    received = engine.clock()
    await engine.take(placed(ORDER, received=received))
    await engine.drain()
    engine.clock.pass_time(-86_000)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


# Many at once


def many(number):
    orders = [an_order(order_id=f"o{n}", checkout=f"c{n}") for n in range(number)]
    return [placed(order) for order in orders]


async def test_what_came_late_together_is_held_a_step_at_a_time(engine):
    await engine.take(*many(timers.STEP + 1))
    engine.clock.pass_time(1800)

    assert await engine.lane._turn() == engine.clock()
    states = [row.state for row in await engine.rows()]
    assert (states.count("held"), states.count("ready")) == (timers.STEP, 1)
    assert await engine.lane._turn() is None
    assert {row.state for row in await engine.rows()} == {"held"}
    assert engine.pos_system.calls == []


async def test_what_falls_due_together_is_released_a_step_at_a_time(engine):
    engine.pos.opened.clear()
    engine.terms = Terms(on_commit=True)
    await engine.take(*many(timers.STEP + 1))
    engine.clock.pass_time(120)

    assert await engine.lane._turn() == engine.clock()
    states = [row.state for row in await engine.rows()]
    assert (states.count("held"), states.count("waiting")) == (timers.STEP, 1)
    await engine.lane._turn()
    assert {row.state for row in await engine.rows()} == {"held"}
