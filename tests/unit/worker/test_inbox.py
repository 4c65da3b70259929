import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker import End, LockState
from bridge.ledger import Ledger, LedgerError, reports
from bridge.model import Confirmed, Recorded
from bridge.worker import inbox as module
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.inbox import Inbox
from tests.engine import RESTAURANT, START, Clock, an_order, placed
from tests.wires import FakeConsumer, FakeLines, FakeLock, FakeReceived, FakeReporter, settle


@pytest.fixture
async def ledger(tmp_path):
    ledger = await Ledger.open(tmp_path, now=Clock())
    yield ledger
    ledger.close()


@pytest.fixture
def reporter():
    return FakeReporter()


@pytest.fixture
def woken():
    return []


@pytest.fixture
async def inbox(ledger, reporter, woken, monkeypatch):
    monkeypatch.setattr(module, "Consumer", FakeConsumer)
    monkeypatch.setattr(module, "Lock", FakeLock)
    monkeypatch.setattr(FakeConsumer, "made", [])
    terms = {RESTAURANT: Terms(), "sato": Terms()}
    return Inbox(ledger, FakeLines(), terms=terms, reporter=reporter, on_lock=woken.append)


@pytest.fixture
def consumer(inbox):
    return inbox._consumers[RESTAURANT]


@pytest.fixture
def lock(inbox):
    return inbox._locks[RESTAURANT]


@pytest.fixture
async def running(inbox):
    task = asyncio.create_task(inbox.run())
    await settle()
    yield task
    task.cancel()
    await asyncio.wait({task})


def deliveries(ledger):
    return ledger.read(lambda tx: tx.execute("SELECT count(*) FROM delivery").fetchone()[0])


# Events


async def test_an_event_is_recorded_then_acknowledged_then_told(inbox, consumer, ledger, reporter):
    received = FakeReceived(placed(an_order(), seq=7))
    await consumer.handler(received)

    assert await deliveries(ledger) == 1
    assert received.is_acked
    assert reporter.recorded == [7]


async def test_an_event_that_comes_again_is_told_again_and_made_once(
    inbox, consumer, ledger, reporter
):
    for copy in (1, 2):
        await consumer.handler(FakeReceived(placed(an_order(), seq=7, copy=copy)))

    assert await deliveries(ledger) == 1
    assert reporter.recorded == [7, 7]


async def test_an_event_that_comes_again_asks_for_the_orders_state(inbox, consumer, ledger):
    await consumer.handler(FakeReceived(placed(an_order(), seq=7)))

    def due(tx):
        return reports.list_due(tx, "w", START, repeat_after=60.0)

    ((ingress, outcome),) = await ledger.read(due)
    confirmed = Confirmed(
        ingress="i",
        worker=ledger.identity,
        restaurant=RESTAURANT,
        revisions=(("o1", outcome.revision),),
    )
    await consumer.handler(FakeReceived(confirmed))
    assert await ledger.read(due) == []

    await consumer.handler(FakeReceived(placed(an_order(), seq=7, copy=2)))
    assert [to for to, _outcome in await ledger.read(due)] == [ingress]


async def test_what_was_confirmed_to_another_worker_confirms_nothing_here(inbox, consumer, ledger):
    await consumer.handler(FakeReceived(placed(an_order(), seq=7)))
    lost = Confirmed(ingress="i", worker="lost", restaurant=RESTAURANT, revisions=(("o1", 99),))
    received = FakeReceived(lost)
    await consumer.handler(received)

    def due(tx):
        return reports.list_due(tx, "w", START, repeat_after=60.0)

    assert len(await ledger.read(due)) == 1
    assert received.is_acked


async def test_an_event_stays_in_the_queue_while_the_ledger_cannot_write(
    inbox, consumer, ledger, reporter, monkeypatch
):
    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "write", fail)
    received = FakeReceived(placed(an_order()))
    with pytest.raises(LedgerError):
        await consumer.handler(received)

    assert not received.is_acked
    assert not received.buried
    assert reporter.recorded == []


async def test_an_event_that_we_fail_on_goes_back_to_its_ingress(
    inbox, consumer, reporter, monkeypatch
):
    def fail(*_, **__):
        raise KeyError("Eric Wang")

    monkeypatch.setattr(intake, "take", fail)
    received = FakeReceived(placed(an_order()))
    with capture_logs() as logs:
        await consumer.handler(received)

    assert "KeyError" in received.buried
    assert "Eric" not in repr(logs) + received.buried
    assert reporter.recorded == []


async def test_an_event_of_another_restaurant_is_an_alert(inbox, reporter):
    received = FakeReceived(placed(an_order()))
    await inbox._consumers["sato"].handler(received)

    assert "Handover" in received.buried
    assert reporter.recorded == []


async def test_a_message_that_is_not_for_a_worker_is_an_alert(inbox, consumer):
    received = FakeReceived(Recorded(worker="w", restaurant=RESTAURANT, seqs=()))
    await consumer.handler(received)

    assert "Recorded" in received.buried


async def test_an_event_is_told_of_with_its_call(inbox, consumer):
    event = placed(an_order())
    with capture_logs() as logs:
        await consumer.handler(FakeReceived(event))

    (line,) = logs
    assert (line["event"], line["correlation_id"]) == ("event_recorded", event.correlation_id)


# Locks


async def test_without_the_lock_nothing_is_consumed(running, consumer):
    assert consumer.running.is_set()
    assert consumer.is_paused


async def test_with_the_lock_it_is(running, consumer, lock, inbox):
    lock.turn(LockState.HELD)

    assert not consumer.is_paused
    assert inbox.holds(RESTAURANT)


async def test_a_lost_lock_pauses_and_a_new_one_resumes(running, consumer, lock):
    for state in (LockState.HELD, LockState.LOST):
        lock.turn(state)
    assert consumer.is_paused

    lock.turn(LockState.HELD)
    assert not consumer.is_paused


async def test_one_lock_says_nothing_about_another(running, inbox, lock):
    lock.turn(LockState.HELD)

    assert inbox._consumers["sato"].is_paused
    assert not inbox.holds("sato")


async def test_a_turn_of_a_lock_wakes_its_lane(running, lock, woken):
    lock.turn(LockState.HELD)

    assert woken == [RESTAURANT]


async def test_a_refused_lock_says_what_the_broker_said(running, inbox, lock):
    lock.turn(LockState.REFUSED, "RESOURCE_LOCKED")

    assert inbox.is_served_elsewhere(RESTAURANT)
    assert inbox.describe_locks()[RESTAURANT] == "refused: RESOURCE_LOCKED"


async def test_a_lost_lock_does_not_mean_that_another_worker_serves(running, inbox, lock):
    assert not inbox.is_served_elsewhere(RESTAURANT)


async def test_who_leaves_takes_nothing_more_even_when_the_lock_comes(
    running, inbox, consumer, lock
):
    lock.turn(LockState.HELD)
    inbox.leave()
    assert consumer.is_paused

    lock.turn(LockState.LOST)
    lock.turn(LockState.HELD)
    assert consumer.is_paused


async def test_a_stop_waits_for_every_consumer(running, inbox):
    await inbox.stop()

    assert all(consumer.is_stopped for consumer in FakeConsumer.made)


async def test_a_lock_that_dies_ends_the_inbox(inbox, lock):
    async def die():
        raise RuntimeError("a bug")

    lock.hold = die
    with pytest.raises(ExceptionGroup) as caught:
        await inbox.run()

    assert caught.group_contains(RuntimeError, match="a bug")


async def test_a_queue_that_is_lost_is_declared_again(inbox, consumer):
    await consumer.on_lost()

    restored = inbox._lines.restored
    assert consumer.queue in restored
    assert "t.orders.sato.v1" not in restored


async def test_a_queue_of_which_nothing_comes_is_named(running, inbox, consumer, lock):
    assert inbox.describe_lanes() == {}

    lock.turn(LockState.HELD)
    consumer.last_end = End.CANCELLED
    assert inbox.describe_lanes() == {RESTAURANT: "cancelled"}

    consumer.is_consuming = True
    assert inbox.describe_lanes() == {}


async def test_who_leaves_misses_nothing(running, inbox, consumer, lock):
    lock.turn(LockState.HELD)
    inbox.leave()

    assert inbox.describe_lanes() == {}
