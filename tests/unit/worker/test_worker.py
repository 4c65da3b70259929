import asyncio
from dataclasses import replace
from typing import ClassVar

import pytest

from bridge.adapter import RestaurantFacts
from bridge.ledger import LedgerError, tenure, timers
from bridge.model import Availability, Deadline, PosState
from bridge.telemetry import Metrics
from bridge.worker.worker import Post, Worker, WorkerContext, recover
from tests.engine import RESTAURANT, START, MemoryPos, a_spec, an_order, moment, placed


class Served(MemoryPos):
    """Built by the worker, as a vendor's adapter is."""

    made: ClassVar = []

    def __init__(self, _settings, services):
        super().__init__()
        self.services = services
        Served.made.append(self)


@pytest.fixture(autouse=True)
def _fresh():
    Served.made = []


@pytest.fixture
def context(ledger, pulses):
    return WorkerContext(
        ledger=ledger,
        pulses=pulses,
        metrics=Metrics(),
        name="here:1",
        console="http://127.0.0.1:8082",
        random=lambda: 0.5,
    )


def a_post(restaurant=RESTAURANT, adapter=Served):
    facts = RestaurantFacts(id=restaurant, name="Lopez", timezone="UTC")
    return Post(facts=facts, adapter=adapter, settings={}, probe_every=60.0)


@pytest.fixture
def worker(context):
    return Worker(context, [a_post()])


async def test_a_worker_serves_its_restaurants_until_it_is_stopped(worker, engine, pulses):
    running = asyncio.create_task(worker.run())
    await worker.started.wait()
    sent = asyncio.Event()

    async def submit(ticket, key):
        sent.set()
        return Served.made[0].take(ticket, key)

    Served.made[0].submit = submit
    await engine.take(placed(an_order()))
    await sent.wait()
    worker.stop()
    await running
    assert await engine.states() == ["place 1 done"]
    assert pulses.find(RESTAURANT).pulse.availability.state is PosState.UP


class Unbuildable(MemoryPos):
    """A vendor's mistake."""

    spec = a_spec()

    def __init__(self, settings, _services):
        self.url = settings["url"]


async def test_an_adapter_that_cannot_be_built_takes_only_its_own_restaurant_down(context, pulses):
    down = asyncio.Event()

    def look():
        heard = pulses.find("bistro")
        if heard and heard.pulse.availability.state is PosState.DOWN:
            down.set()

    posts = [a_post(), a_post("bistro", Unbuildable)]
    worker = Worker(replace(context, on_turn=look), posts)
    running = asyncio.create_task(worker.run())
    await down.wait()
    assert await worker.probe(RESTAURANT, Deadline.after(1.0))
    worker.stop()
    await running
    known = pulses.find("bistro").pulse.availability
    assert known.state is PosState.DOWN
    assert "could not be set up" in known.reason


async def test_a_lane_that_dies_ends_the_worker(worker, ledger, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr(timers, "run_timers", broken)
    with pytest.raises(BaseExceptionGroup) as caught:
        await worker.run()
    assert caught.group_contains(ZeroDivisionError)


async def test_a_pulse_is_sent_although_the_ledger_cannot_be_read(
    worker, pulses, ledger, monkeypatch
):
    async def fail(_job):
        raise LedgerError("full")

    ledger.read = fail
    told = asyncio.Event()
    monkeypatch.setattr(pulses, "put", lambda _pulse: told.set())
    running = asyncio.create_task(worker.run())
    await told.wait()
    worker.stop()
    await running


async def test_a_live_probe_asks_the_pos(worker):
    running = asyncio.create_task(worker.run())
    await worker.started.wait()
    await worker._poses[RESTAURANT].opened.wait()

    async def probe(_deadline):
        return Availability(state=PosState.DOWN, reason="out of paper")

    Served.made[0].probe = probe
    assert await worker.probe(RESTAURANT, Deadline.after(3.0)) is False
    worker.stop()
    await running


async def test_recovery_finds_what_was_interrupted_and_keeps_since_when_it_serves(
    engine, ledger, clock
):
    await engine.take(placed(an_order()))
    await ledger.write(lambda tx: tx.execute("UPDATE delivery SET state = 'sending'"))
    first = await ledger.write(lambda tx: recover(tx, [RESTAURANT], clock()))
    assert await engine.states() == ["place 1 unknown"]
    clock.pass_time(60)
    assert await ledger.write(lambda tx: recover(tx, [RESTAURANT], clock())) == first
    assert first == {RESTAURANT: START}


async def test_that_a_restaurant_was_taken_over_is_said_with_every_pulse(worker, ledger, pulses):
    def take_over(tx):
        recover(tx, [RESTAURANT], START)
        tenure.take_over(tx, RESTAURANT, START + 5)

    await ledger.write(take_over)
    running = asyncio.create_task(worker.run())
    await worker.started.wait()
    async with asyncio.timeout(5):
        while (heard := pulses.find(RESTAURANT)) is None or heard.pulse.taken_over_at is None:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
    worker.stop()
    await running

    assert heard.pulse.taken_over_at == moment(START + 5)
