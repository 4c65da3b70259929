import pytest

from bridge.ledger import deliveries, recovery, timers
from bridge.ledger.deliveries import Verdict
from bridge.model import Acceptance, DeliveryState, Fate, Ticket, effect_key
from tests.engine import RESTAURANT, START, an_order, changed, later, moment, placed

TICKET = Ticket(body=b"x", content_type="text/plain", preview="x")
DONE = Verdict(state=DeliveryState.DONE, outcome="accepted")
READY = Verdict(state=DeliveryState.READY, outcome="busy", next_at=START)
ORDER = an_order()


@pytest.fixture
def listed(write, clock):
    async def run(limit=9):
        return await write(deliveries.list_work, RESTAURANT, clock(), limit)

    return run


@pytest.fixture
def begin(write, clock):
    async def run(work):
        return await write(deliveries.begin, work, TICKET, "memory", clock())

    return run


@pytest.fixture
async def work(engine, listed):
    await engine.take(placed(ORDER))
    (work,) = await listed()
    return work


async def test_work_comes_with_all_the_lane_needs(work):
    assert (work.order, work.tries, work.last_try_at) == (ORDER, 0, None)
    assert work.key == effect_key(RESTAURANT, "o1", work.operation, 1)


async def test_an_intent_is_written_once(work, begin):
    assert await begin(work) is not None
    assert await begin(work) is None


async def test_an_intent_on_an_order_that_changed_meanwhile_is_not_written(engine, work, begin):
    await engine.take(changed(later(ORDER, "Salad")))
    assert await begin(work) is None
    assert await engine.states() == ["place 1 ready"]


async def test_tries_are_counted_and_timed(engine, work, begin, write, clock, listed):
    attempt = await begin(work)
    clock.pass_time(7)
    await write(deliveries.finish, work, READY, clock(), attempt=attempt)
    (again,) = await listed()
    assert (again.tries, again.first_try_at, again.last_try_at) == (1, START, START + 7)


async def test_an_outcome_belongs_to_what_is_being_sent(engine, work, write, clock, begin):
    attempt = await begin(work)
    assert await write(deliveries.finish, work, READY, clock(), attempt=attempt)
    assert not await write(deliveries.finish, work, DONE, clock(), attempt=attempt)
    assert await engine.states() == ["place 1 ready"]


async def test_a_decision_without_a_try_belongs_to_the_order_as_it_was(engine, work, write, clock):
    await engine.take(changed(later(ORDER, "Salad")))
    held = Verdict(state=DeliveryState.HELD, outcome="adapter_bug")
    assert not await write(deliveries.finish, work, held, clock())
    assert await engine.states() == ["place 1 ready"]


async def test_the_reference_of_the_pos_is_kept(engine, work, begin, write, clock):
    attempt = await begin(work)
    accepted = Acceptance(pos_ref="77")
    await write(deliveries.finish, work, DONE, clock(), attempt=attempt, acceptance=accepted)
    assert (await engine.only()).pos_ref == "77"


async def test_recovery_leaves_nothing_in_sending(engine, work, begin, write, clock):
    await begin(work)
    assert await write(recovery.recover, clock()) == 1
    assert await write(recovery.recover, clock()) == 0
    assert await engine.states() == ["place 1 unknown"]
    assert await engine.outcomes() == ["interrupted"]


async def test_what_a_lane_still_sends_is_not_lost(engine, work, begin, write, clock):
    await begin(work)
    assert await write(recovery.recover_lost, RESTAURANT, {work.id}, clock()) == 0
    assert await write(recovery.recover_lost, "elsewhere", (), clock()) == 0
    assert await write(recovery.recover_lost, RESTAURANT, (), clock()) == 1


async def test_the_oldest_due_order_counts_from_its_release(engine, write, clock):
    await engine.take(placed(ORDER, fate=Fate.GONE))
    assert await write(deliveries.oldest_due, RESTAURANT) is None
    clock.pass_time(30)
    await engine.take(changed(ORDER))
    assert await write(deliveries.oldest_due, RESTAURANT) == START + 30


async def test_an_order_for_later_is_not_due(engine, write):
    await engine.take(placed(an_order(due_at=moment(START + 7200))))
    assert await write(deliveries.oldest_due, RESTAURANT) is None


async def test_no_more_is_listed_than_was_asked_for(engine, listed):
    await engine.take(*(placed(an_order(order_id=f"o{n}", checkout=f"c{n}")) for n in range(5)))
    assert len(await listed(2)) == 2
    assert await listed(0) == []


async def test_what_is_not_finished_is_counted(engine, write):
    await engine.take(placed(ORDER), placed(an_order(order_id="o2"), fate=Fate.GONE))
    assert list(await write(deliveries.count_states)) == [
        (RESTAURANT, "ready", 1),
        (RESTAURANT, "waiting", 1),
    ]


async def test_the_clock_is_asked_for_the_next_thing_only(engine, write, clock):
    assert await write(timers.next_moment, RESTAURANT, clock()) is None
    await engine.take(placed(ORDER))
    assert await write(timers.next_moment, RESTAURANT, clock()) == START + 1800
    clock.pass_time(1800)
    assert await write(timers.next_moment, RESTAURANT, clock()) is None
