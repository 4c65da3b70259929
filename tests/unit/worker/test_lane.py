"""What may be started, in which order, and when the clock has its say."""

import asyncio

import pytest

from bridge.adapter import Blind, OutcomeUnknown, PosBusy, PosUnreachable
from bridge.ledger import LedgerError, deliveries
from bridge.model import Availability, DeliveryState, Fate, Ticket
from bridge.worker.booking import Terms
from tests.engine import START, Engine, MemoryPos, a_spec, an_order, changed, later, moment, placed

ORDER = an_order()
OTHER = an_order("Soup", order_id="o2")  # in the same checkout
ELSEWHERE = an_order("Tea", order_id="o3", checkout="c3")


@pytest.fixture
def blind(ledger, clock):
    return Engine(ledger, clock, MemoryPos(a_spec(repeat=Blind())))


@pytest.fixture
def wide(ledger, clock):
    return Engine(ledger, clock, MemoryPos(a_spec(max_in_flight=3)))


def waiter(arrived, release, pos):
    async def step(ticket, key):
        arrived.set()
        await release.wait()
        return pos.take(ticket, key)

    return step


# Order


async def test_orders_of_one_checkout_go_out_in_order(engine):
    await engine.take(placed(ORDER), placed(OTHER), placed(ELSEWHERE))
    await engine.drain()
    assert engine.pos_system.calls == [
        "place o1 v1: Ceviche",
        "place o2 v1: Soup",
        "place o3 v1: Tea",
    ]


async def test_after_an_outage_orders_go_out_in_the_order_they_came(engine):
    engine.pos_system.script = [PosUnreachable("no route")]
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(placed(ELSEWHERE))
    engine.pos.took_ticket()  # back
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche", "place o3 v1: Tea"]


async def test_an_order_that_is_tried_again_keeps_its_place_in_its_checkout(engine):
    engine.pos_system.script = [PosBusy(retry_after=0)]
    await engine.take(placed(ORDER), placed(OTHER), placed(ELSEWHERE))
    await engine.drain()
    assert await engine.states() == ["place 1 ready", "place 1 ready", "place 1 done"]
    engine.clock.pass_time(60)
    await engine.drain()
    assert [call[:8] for call in engine.pos_system.calls] == [
        "place o1",
        "place o3",
        "place o1",
        "place o2",
    ]


async def test_a_pos_that_asks_for_a_rest_gets_nothing_until_it_is_over(engine):
    engine.pos_system.script = [PosBusy(retry_after=60)]
    await engine.take(placed(ORDER), placed(ELSEWHERE))
    await engine.turn()
    assert await engine.lane._turn() == START + 60
    await engine.drain()
    assert [call[:8] for call in engine.pos_system.calls] == ["place o1"]
    engine.clock.pass_time(60)
    await engine.drain()
    assert await engine.states() == ["place 1 done", "place 1 done"]


async def test_a_pos_that_leaves_too_much_open_gets_nothing_for_a_while(ledger, clock):
    engine = Engine(ledger, clock, MemoryPos(a_spec(repeat=Blind())))
    engine.pos_system.script = [OutcomeUnknown("no answer")] * 99
    orders = [an_order(order_id=f"o{n}", checkout=f"c{n}") for n in range(20)]
    await engine.take(*map(placed, orders))
    await engine.drain(turns=99)

    states = [row.state for row in await engine.rows()]
    assert (states.count("held"), states.count("ready")) == (5, 15)


async def test_a_pos_that_was_away_gets_a_single_ticket_first(ledger, clock):
    engine = Engine(ledger, clock, MemoryPos(a_spec(max_in_flight=4)))
    engine.pos_system.script = [PosUnreachable("no connection")]
    await engine.take(placed(ORDER))
    await engine.turn()
    await engine.take(*(placed(an_order(order_id=f"o{n}", checkout=f"c{n}")) for n in range(3, 9)))
    engine.clock.pass_time(60)
    engine.pos.watch.heard(Availability.up(), clock.moment())
    sent = []
    while len(engine.pos_system.printed) < 7:
        before = len(engine.pos_system.calls)
        await engine.turn()
        sent.append(len(engine.pos_system.calls) - before)
        assert len(sent) < 20
    assert sent[:3] == [1, 2, 4]


@pytest.mark.parametrize("fate", [Fate.GONE, Fate.WRITTEN])
async def test_an_order_that_waits_is_passed_by_its_checkout(engine, fate):
    later_today = an_order(due_at=moment(START + 7200))
    await engine.take(placed(later_today, fate=fate), placed(OTHER))
    await engine.drain()
    assert await engine.states() == ["place 1 waiting", "place 1 done"]


async def test_an_order_in_question_is_passed_by_its_checkout(blind):
    blind.pos_system.script = [OutcomeUnknown("x")]
    await blind.take(placed(ORDER), placed(OTHER))
    await blind.drain()
    assert await blind.states() == ["place 1 held", "place 1 done"]


async def test_a_change_behind_a_question_waits_for_the_answer(blind):
    blind.pos_system.script = [OutcomeUnknown("x")]
    await blind.take(placed(ORDER))
    await blind.drain()
    await blind.take(changed(later(ORDER, "Salad")))
    await blind.drain()
    assert await blind.states() == ["place 1 held", "change 2 ready"]
    await _move(blind, DeliveryState.DONE)
    await blind.drain()
    assert await blind.states() == ["place 1 done", "change 2 done"]


async def test_a_change_behind_a_question_does_not_stop_the_rest_of_its_checkout(blind):
    blind.pos_system.script = [OutcomeUnknown("x")]
    await blind.take(placed(ORDER))
    await blind.drain()
    await blind.take(changed(later(ORDER, "Salad")), placed(OTHER))
    await blind.drain()
    assert await blind.states("o2") == ["place 1 done"]


async def test_a_change_behind_a_question_is_no_question_of_its_own(blind):
    blind.pos_system.script = [OutcomeUnknown("x")]
    await blind.take(placed(ORDER))
    await blind.drain()
    await blind.take(changed(later(ORDER, "Salad")))
    blind.clock.pass_time(7200)
    await blind.drain()
    assert await blind.states() == ["place 1 held", "change 2 ready"]


async def test_a_change_comes_after_its_order_whatever_checkout_it_names(engine):
    engine.pos_system.script = [OutcomeUnknown("x")]
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(changed(later(ORDER, "Salad", checkout_id="order:o1")))
    await engine.drain()
    assert await engine.states() == ["place 1 unknown", "change 2 ready"]


async def test_a_change_in_doubt_waits_for_its_order(engine):
    """Both republished after a lost disk."""
    engine.terms = Terms(since=START + 600)
    engine.pos_system.script = [OutcomeUnknown("x")]
    await engine.take(placed(ORDER, copy=2), changed(later(ORDER, "Salad"), copy=2))
    await engine.drain()
    assert [call[:5] for call in engine.pos_system.calls] == ["place"]
    engine.clock.pass_time(60)
    await engine.drain()
    assert await engine.states() == ["place 1 done", "change 2 done"]


async def test_a_change_while_its_order_is_being_sent_comes_out_behind_it(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    await engine.take(placed(ORDER))
    await engine.lane._turn()
    await arrived.wait()
    await engine.take(changed(later(ORDER, "Salad")))
    await engine.lane._turn()
    assert await engine.states() == ["place 1 sending", "change 2 ready"]
    release.set()
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche", "change o1 v2: Salad"]


async def test_a_change_is_in_the_ticket_itself_if_the_pos_was_not_reached(engine):
    arrived, release = asyncio.Event(), asyncio.Event()

    async def then_unreachable(_ticket, _key):
        arrived.set()
        await release.wait()
        raise PosBusy(retry_after=5)

    engine.pos_system.script = [then_unreachable]
    await engine.take(placed(ORDER))
    await engine.lane._turn()
    await arrived.wait()
    await engine.take(changed(later(ORDER, "Salad")))
    release.set()
    await engine.drain()
    await engine.take(changed(later(ORDER, "Soup", by=120)))
    engine.clock.pass_time(10)
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Soup"]


# How many at once


async def test_no_more_at_once_than_the_adapter_declares(wide):
    release = asyncio.Event()
    arrived = [asyncio.Event() for _ in range(4)]
    wide.pos_system.script = [waiter(event, release, wide.pos_system) for event in arrived]
    await wide.take(*(placed(an_order(order_id=f"o{n}", checkout=f"c{n}")) for n in range(4)))
    await wide.lane._turn()
    await asyncio.gather(*(event.wait() for event in arrived[:3]))
    await wide.lane._turn()
    assert len(wide.lane._running) == 3
    release.set()
    await wide.drain()
    assert len(wide.pos_system.printed) == 4


async def test_one_checkout_has_one_delivery_under_way(wide):
    arrived, release = asyncio.Event(), asyncio.Event()
    wide.pos_system.script = [waiter(arrived, release, wide.pos_system)]
    await wide.take(placed(ORDER), placed(OTHER))
    await wide.lane._turn()
    await arrived.wait()
    await wide.lane._turn()
    assert len(wide.lane._running) == 1
    release.set()
    await wide.drain()


async def test_an_adapter_that_declares_nothing_at_once_still_gets_its_orders(ledger, clock):
    engine = Engine(ledger, clock, MemoryPos(a_spec(max_in_flight=0)))
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


# What must not stay in `sending`


async def test_a_delivery_that_nobody_sends_any_more_is_cleared_up(engine):
    await engine.take(placed(ORDER))
    await _begin(engine)
    assert await engine.states() == ["place 1 sending"]
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert await engine.outcomes() == ["interrupted", "accepted"]


async def test_a_bug_in_an_attempt_leaves_nothing_in_sending(engine, monkeypatch):
    monkeypatch.setattr("bridge.worker.lane.LEDGER_RETRY", 0.0)
    finish, seen = engine.attempts._finish, []

    async def broken(*args, **kwargs):
        if not seen:
            seen.append(args)
            raise RuntimeError("a bug of ours")
        await finish(*args, **kwargs)

    engine.attempts._finish = broken
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert len(engine.pos_system.tickets) == 1


async def test_what_is_being_sent_is_left_alone(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    await engine.take(placed(ORDER))
    await engine.lane._turn()
    await arrived.wait()
    await engine.lane._turn()
    assert await engine.states() == ["place 1 sending"]
    release.set()
    await engine.drain()


async def test_an_order_that_cannot_be_read_is_held_and_stops_no_other(engine):
    await engine.take(placed(ORDER), placed(ELSEWHERE))
    await engine.ledger.write(
        lambda tx: tx.execute("UPDATE delivery SET content = '{}' WHERE order_id = 'o1'")
    )
    await engine.drain()
    assert await engine.states() == ["place 1 held", "place 1 done"]


# Running


async def test_a_lane_wakes_when_something_is_booked(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    release.set()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    running = asyncio.create_task(engine.lane.run())
    await engine.take(placed(ORDER))
    await arrived.wait()
    engine.lane.stop()
    await running
    assert await engine.states() == ["place 1 done"]


async def test_a_lane_wakes_when_its_pos_is_up_again(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    release.set()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    engine.pos.failed("no route")
    running = asyncio.create_task(engine.lane.run())
    await engine.take(placed(ORDER))
    engine.pos.took_ticket()
    await arrived.wait()
    engine.lane.stop()
    await running


async def test_stopping_lets_what_runs_finish_and_starts_nothing_new(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    running = asyncio.create_task(engine.lane.run())
    await engine.take(placed(ORDER), placed(ELSEWHERE))
    await arrived.wait()
    engine.lane.stop()
    release.set()
    await running
    assert await engine.states() == ["place 1 done", "place 1 ready"]


async def test_a_cancelled_lane_ends_at_once_and_leaves_the_intent(engine):
    arrived, release = asyncio.Event(), asyncio.Event()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    running = asyncio.create_task(engine.lane.run())
    await engine.take(placed(ORDER))
    await arrived.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await engine.states() == ["place 1 sending"]


async def test_a_lane_outlives_a_ledger_that_fails_for_a_while(engine, monkeypatch):
    monkeypatch.setattr("bridge.worker.lane.LEDGER_RETRY", 0.0)
    arrived, release = asyncio.Event(), asyncio.Event()
    release.set()
    engine.pos_system.script = [waiter(arrived, release, engine.pos_system)]
    write, failures = engine.ledger.write, [LedgerError("full")] * 3

    async def failing(job):
        if failures:
            raise failures.pop()
        return await write(job)

    await engine.take(placed(ORDER))
    monkeypatch.setattr(engine.ledger, "write", failing)
    running = asyncio.create_task(engine.lane.run())
    await arrived.wait()
    engine.lane.stop()
    await running


async def test_a_worker_without_the_lock_starts_nothing(engine):
    engine.may_start = False
    await engine.take(placed(ORDER))
    await engine.drain()
    assert engine.pos_system.calls == []


async def _begin(engine):
    ticket = Ticket(body=b"x", content_type="text/plain", preview="x")

    def job(tx):
        now = engine.clock()
        (work,) = deliveries.list_work(tx, "lopez", now, 9)
        return deliveries.begin(tx, work, ticket, "memory", now)

    return await engine.ledger.write(job)


async def _move(engine, state):
    """As a person does, for the order's place delivery."""
    sql = """UPDATE delivery SET state = ?, revision = revision + 1
             WHERE order_id = 'o1' AND operation = 'place'"""
    await engine.ledger.write(lambda tx: tx.execute(sql, (state,)))
