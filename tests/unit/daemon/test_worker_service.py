import asyncio

import pytest

from bridge.daemon import assembly
from bridge.daemon.parts import PartEnded
from bridge.daemon.worker_service import WorkerService, _OwnPulses, _Shift
from bridge.ledger import history
from bridge.model import Availability, Cart, Deadline, Pulses
from bridge.worker.booking import Terms
from tests.engine import RESTAURANT, START, an_order, placed
from tests.wires import a_pulse, put_event, rows, settle


class FakeWorker:
    """Runs until it is stopped."""

    def __init__(self, log):
        self.log = log
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.beat_at = 0.0
        self.error = None

    async def run(self):
        self.started.set()
        await self.stopped.wait()
        if self.error is not None:
            raise self.error

    def stop(self):
        self.log.append("worker stops")
        self.stopped.set()


class FakeInbox:
    def __init__(self, log):
        self.log = log

    def leave(self):
        self.log.append("inbox leaves")

    async def stop(self):
        self.log.append("inbox stops")


class FakeReporter:
    def __init__(self, log):
        self.log = log

    async def flush(self):
        self.log.append("reporter flushes")


@pytest.fixture
def log():
    return []


@pytest.fixture
async def shift(log):
    return _Shift(worker=FakeWorker(log), inbox=FakeInbox(log), reporter=FakeReporter(log))


async def go_on():
    await asyncio.Event().wait()


async def start(shift, **helpers):
    running = asyncio.create_task(shift.run(lambda: None, **(helpers or {"lines": go_on()})))
    await settle()
    return running


# Without a broker


@pytest.fixture
def a_cart():
    return Cart(source="bbot", restaurant=RESTAURANT, checkout_id="checkout-1")


async def test_events_go_straight_to_the_lanes(basics, ledger):
    service = WorkerService(
        basics,
        assembly.build_posts(basics.config, {}),
        terms={RESTAURANT: Terms()},
        console="",
        random=lambda: 0.5,
    )
    seq = await put_event(ledger, an_order())
    event = placed(an_order(), seq=seq)
    assert await service.take([event])

    assert [row.stage for row in await rows(ledger)] == ["recorded"]
    order = await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, "o1"))
    assert order["state"] == "ready"


async def test_an_adapter_that_makes_no_quotes_is_not_asked_for_one(basics, a_cart):
    service = WorkerService(
        basics,
        assembly.build_posts(basics.config, {}),
        terms={RESTAURANT: Terms()},
        console="",
        random=lambda: 0.5,
    )
    service.thread = None

    assert await service.quote(a_cart, Deadline.after(60)) is None


# With one


async def test_a_stop_takes_nothing_more_before_it_ends_the_lanes(shift, log):
    running = await start(shift)
    shift.stop()
    await running

    assert log == ["inbox leaves", "worker stops", "inbox stops", "reporter flushes"]


async def test_a_helper_that_dies_ends_the_worker(shift):
    async def die():
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await (await start(shift, lines=die()))


async def test_a_helper_that_comes_to_an_end_ends_the_worker(shift):
    async def end():
        return

    with pytest.raises(PartEnded, match="lines"):
        await (await start(shift, lines=end()))


async def test_a_worker_that_dies_ends_the_helpers(shift):
    ended = asyncio.Event()

    async def help_out():
        try:
            await go_on()
        finally:
            ended.set()

    running = await start(shift, lines=help_out())
    shift.worker.error = RuntimeError("a bug")
    shift.worker.stopped.set()
    with pytest.raises(RuntimeError, match="a bug"):
        await running

    assert ended.is_set()


async def test_a_flush_that_hangs_does_not_keep_it(shift, monkeypatch):
    monkeypatch.setattr("bridge.daemon.worker_service.FLUSH_LIMIT", 0.0)
    shift.reporter.flush = go_on
    running = await start(shift)
    shift.stop()

    await running


# Pulses


def pulse():
    return a_pulse(RESTAURANT, Availability.up(), at=START)


def test_the_gate_hears_the_worker_of_its_own_process_at_once():
    heard = Pulses()
    own = _OwnPulses(heard, lambda _restaurant: True)
    own.put(pulse())

    assert own.find(RESTAURANT)
    assert heard.find(RESTAURANT)


def test_but_not_when_another_worker_serves_the_restaurant():
    heard = Pulses()
    own = _OwnPulses(heard, lambda _restaurant: False)
    own.put(pulse())

    assert own.find(RESTAURANT)
    assert heard.find(RESTAURANT) is None


def test_what_the_gate_hears_from_others_is_not_the_workers_own():
    heard = Pulses()
    own = _OwnPulses(heard, lambda _restaurant: True)
    heard.put(pulse())

    assert own.find(RESTAURANT) is None
