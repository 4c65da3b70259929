"""What another worker may have had before this one, and what nobody can have had."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.broker import LockState
from bridge.ledger import Ledger, tenure
from bridge.model import Availability
from bridge.worker import inbox as module
from bridge.worker.booking import Terms
from bridge.worker.inbox import Inbox
from tests.engine import RESTAURANT, START, Clock, an_order, placed
from tests.wires import (
    FakeConsumer,
    FakeLines,
    FakeLock,
    FakeReceived,
    FakeReporter,
    a_pulse,
    settle,
)


@pytest.fixture
async def ledger(tmp_path):
    ledger = await Ledger.open(tmp_path, now=Clock())
    yield ledger
    ledger.close()


@pytest.fixture
def clock(ledger):
    return ledger.now


def states(ledger):
    def read(tx):
        return [row["state"] for row in tx.execute("SELECT state FROM delivery ORDER BY id")]

    return ledger.read(read)


def returned(order, **how):
    """An event that the broker delivered to somebody before, and got back unacknowledged."""
    return FakeReceived(placed(order, **how), redelivered=True)


@pytest.fixture
def inboxes():
    """Those that were run, the first first."""
    return []


@pytest.fixture
async def run(ledger, monkeypatch, inboxes):
    """A process over that ledger, one after another: its lock, and what handles its messages."""
    monkeypatch.setattr(module, "Consumer", FakeConsumer)
    monkeypatch.setattr(module, "Lock", FakeLock)
    tasks = []

    async def run():
        inbox = Inbox(
            ledger,
            FakeLines(),
            terms={RESTAURANT: Terms()},
            reporter=FakeReporter(),
            on_lock=lambda _restaurant: None,
        )
        inboxes.append(inbox)
        tasks.append(asyncio.create_task(inbox.run()))
        await settle()
        return inbox._locks[RESTAURANT], inbox._consumers[RESTAURANT]

    yield run
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_what_the_broker_gave_somebody_before_the_lock_was_won_may_be_done(
    run, clock, ledger
):
    lock, consumer = await run()
    clock.pass_time(60)
    lock.turn(LockState.HELD)
    await consumer.handler(returned(an_order(), received=START))

    assert await states(ledger) == ["unknown"]


async def test_what_came_after_the_lock_was_won_went_to_nobody_else(run, clock, ledger):
    lock, consumer = await run()
    lock.turn(LockState.HELD)
    clock.pass_time(60)
    await consumer.handler(returned(an_order(), received=START + 30))

    assert await states(ledger) == ["ready"]


async def test_what_is_delivered_for_the_first_time_was_done_by_nobody(run, clock, ledger):
    lock, consumer = await run()
    clock.pass_time(60)
    lock.turn(LockState.HELD)
    await consumer.handler(FakeReceived(placed(an_order(), received=START)))

    assert await states(ledger) == ["ready"]


async def test_a_restart_alone_makes_no_doubt(run, clock, ledger):
    lock, consumer = await run()
    lock.turn(LockState.HELD)
    clock.pass_time(60)
    event = returned(an_order(), received=START + 30)
    clock.pass_time(60)
    lock, consumer = await run()
    lock.turn(LockState.HELD)
    await consumer.handler(event)

    assert await states(ledger) == ["ready"]


async def test_a_lost_connection_alone_makes_no_doubt(run, clock, ledger):
    lock, consumer = await run()
    for state in (LockState.HELD, LockState.LOST):
        lock.turn(state)
    clock.pass_time(60)
    lock.turn(LockState.HELD)
    await consumer.handler(returned(an_order(), received=START + 30))

    assert await states(ledger) == ["ready"]


@pytest.mark.parametrize("copy", [1, 2])
async def test_after_another_worker_served_it_may_have_done_what_comes_again(
    run, clock, ledger, copy
):
    lock, consumer = await run()
    lock.turn(LockState.HELD)
    clock.pass_time(60)
    lock, consumer = await run()
    lock.turn(LockState.REFUSED, "RESOURCE_LOCKED")
    clock.pass_time(60)
    lock.turn(LockState.HELD)
    event = placed(an_order(), received=START + 30, copy=copy)
    await consumer.handler(FakeReceived(event, redelivered=copy == 1))

    assert await states(ledger) == ["unknown"]


# Who serves in place of this one


def a_word(worker, restaurant=RESTAURANT):
    return replace(a_pulse(restaurant, Availability.up(), worker=worker), console="http://two")


async def test_who_serves_in_place_of_this_one_is_told_once(run, inboxes):
    lock, _ = await run()
    lock.turn(LockState.REFUSED, "RESOURCE_LOCKED")
    with capture_logs() as logs:
        heeded = [await inboxes[0].heed(a_word(worker)) for worker in ("b", "b", "c")]

    assert heeded == [True] * 3
    assert [(line["worker"], line["console"]) for line in logs] == [
        ("b", "http://two"),
        ("c", "http://two"),
    ]


@pytest.mark.parametrize("state", [LockState.HELD, LockState.LOST])
async def test_of_what_this_one_serves_or_may_serve_only_it_speaks(run, inboxes, state):
    lock, _ = await run()
    lock.turn(LockState.REFUSED)
    lock.turn(state)

    assert not await inboxes[0].heed(a_word("b"))


async def test_its_own_word_and_those_of_other_restaurants_are_not_heeded(run, inboxes, ledger):
    lock, _ = await run()
    lock.turn(LockState.REFUSED)

    assert not await inboxes[0].heed(a_word(ledger.identity))
    assert not await inboxes[0].heed(a_word("b", "elsewhere"))


async def test_who_has_the_restaurant_is_described(run, inboxes, clock):
    lock, _ = await run()
    (inbox,) = inboxes
    assert "did not give it" in inbox.describe_holding(RESTAURANT).why

    lock.turn(LockState.REFUSED, "RESOURCE_LOCKED")
    assert inbox.describe_holding(RESTAURANT).why == "another worker serves it: RESOURCE_LOCKED"
    await inbox.heed(a_word("b"))
    assert "worker b (http://two) serves it" in inbox.describe_holding(RESTAURANT).why

    lock.turn(LockState.HELD)
    assert inbox.describe_holding(RESTAURANT).won_at == clock()


async def test_after_a_person_took_it_over_what_comes_again_may_be_done(run, clock, ledger):
    lock, consumer = await run()
    lock.turn(LockState.HELD)
    clock.pass_time(60)
    await ledger.write(lambda tx: tenure.take_over(tx, RESTAURANT, clock()))
    await consumer.handler(FakeReceived(placed(an_order(), received=START + 30, copy=2)))

    assert await states(ledger) == ["unknown"]
