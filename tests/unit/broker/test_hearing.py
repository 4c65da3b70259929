import asyncio

import pytest

from bridge.broker import Hearing
from bridge.broker import hearing as module
from bridge.broker.hearing import DISORDER
from bridge.model import Availability, Pulses, Recorded
from tests.engine import RESTAURANT, START
from tests.wires import FakeConsumer, FakeLines, FakeReceived, a_pulse, settle


@pytest.fixture
def pulses():
    return Pulses()


@pytest.fixture
def lines():
    return FakeLines()


@pytest.fixture
def hearing(lines, pulses):
    return Hearing(lines, "me", pulses)


def up(at, worker="w"):
    return FakeReceived(a_pulse(RESTAURANT, Availability.up(), worker=worker, at=at))


async def test_a_pulse_is_heard(hearing, pulses):
    received = up(START)
    await hearing._take(received)

    assert pulses.find(RESTAURANT).pulse == received.message
    assert received.is_acked


async def test_a_pulse_that_was_overtaken_is_not_heard(hearing, pulses):
    newer, older = up(START + 5), up(START)
    await hearing._take(newer)
    await hearing._take(older)

    assert pulses.find(RESTAURANT).pulse == newer.message
    assert older.is_acked


async def test_a_worker_whose_clock_was_set_back_is_heard_all_the_same(hearing, pulses):
    newer, older = up(START + DISORDER), up(START)
    await hearing._take(newer)
    await hearing._take(older)

    assert pulses.find(RESTAURANT).pulse == older.message


async def test_the_clocks_of_two_workers_are_not_compared(hearing, pulses):
    other = up(START, worker="v")
    await hearing._take(up(START + 5))
    await hearing._take(other)

    assert pulses.find(RESTAURANT).pulse == other.message


async def test_what_is_no_pulse_is_only_acknowledged(hearing, pulses):
    received = FakeReceived(Recorded(worker="w", restaurant=RESTAURANT, seqs=()))
    await hearing._take(received)

    assert received.is_acked
    assert pulses.find(RESTAURANT) is None


async def test_what_nobody_wants_is_not_kept(lines, pulses):
    async def heed(pulse):
        return pulse.worker != "me"

    hearing = Hearing(lines, "me", pulses, heed)
    mine = up(START, worker="me")
    await hearing._take(mine)

    assert mine.is_acked
    assert pulses.find(RESTAURANT) is None


# Queues


@pytest.fixture
def declared(monkeypatch, lines):
    """The names of the queues that were declared."""
    monkeypatch.setattr(module, "Consumer", FakeConsumer)
    monkeypatch.setattr(FakeConsumer, "made", [])
    return lines.restored


@pytest.fixture
async def listening(declared, hearing):
    task = asyncio.create_task(hearing.run())
    await settle()
    yield task
    task.cancel()
    await asyncio.wait({task})


async def test_each_connection_hears_pulses_on_a_queue_of_its_own(declared, listening, lines):
    lines.consuming.lose()
    await settle()

    first, second = FakeConsumer.made[-2:]
    assert first.queue != second.queue
    assert declared == [first.queue, second.queue]
    assert second.running.is_set()
    assert not first.running.is_set()


async def test_two_processes_in_a_row_hear_pulses_on_different_queues(declared, lines, pulses):
    tasks = [asyncio.create_task(Hearing(lines, "me", pulses).run()) for _ in range(2)]
    await settle()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert len(set(declared)) == 2


async def test_a_queue_of_pulses_that_is_lost_is_declared_again(declared, listening):
    consumer = FakeConsumer.made[-1]
    await consumer.on_lost()

    assert declared == [consumer.queue] * 2
