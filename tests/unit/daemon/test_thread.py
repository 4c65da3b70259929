import asyncio
import threading

import pytest

from bridge.daemon import thread as module
from bridge.daemon.thread import WorkerThread
from bridge.model import Deadline

LONG = 60.0


class FakeWorker:
    """Runs until it is stopped; `gate` keeps it from ending, `block` keeps its whole loop."""

    def __init__(self):
        self.beat_at = 7.0
        self.gate = threading.Event()
        self.gate.set()
        self.block = threading.Event()
        self.block.set()
        self.is_blocked = threading.Event()
        self.error = None
        self.was_cancelled = False
        self.thread = None

    async def serve(self, announce):
        self.thread = threading.current_thread()
        self._stopped = asyncio.Event()
        announce(self)
        try:
            await self._stopped.wait()
            await asyncio.to_thread(self.gate.wait)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.error is not None:
            raise self.error

    def stop(self):
        self._stopped.set()
        self.is_blocked.set()
        self.block.wait()

    async def probe(self, restaurant, _deadline):
        return restaurant == "good"

    async def quote(self, cart, _deadline):
        return cart, threading.current_thread()


@pytest.fixture
def worker():
    worker = FakeWorker()
    yield worker
    worker.gate.set()
    worker.block.set()


@pytest.fixture
async def thread(worker):
    thread = WorkerThread(worker.serve)
    yield thread
    worker.gate.set()
    worker.block.set()
    thread._thread.join(10)


@pytest.fixture
async def hurry():
    return asyncio.Event()


async def test_it_runs_on_a_thread_of_its_own(thread, worker, hurry):
    await thread.start()
    await thread.stop(LONG, hurry)

    assert worker.thread is not threading.current_thread()


async def test_what_keeps_it_from_starting_is_raised(hurry):
    async def serve(_announce):
        raise ValueError("wrong settings")

    with pytest.raises(ValueError, match="wrong settings"):
        await WorkerThread(serve).start()


async def test_a_stop_lets_it_come_to_its_end(thread, worker, hurry):
    await thread.start()

    assert await thread.stop(LONG, hurry)
    assert not worker.was_cancelled


async def test_what_does_not_end_in_time_is_cancelled(thread, worker, hurry):
    await thread.start()
    worker.gate.clear()

    assert not await thread.stop(0.0, hurry)
    assert worker.was_cancelled


async def test_in_a_hurry_nothing_is_waited_for(thread, worker, hurry):
    await thread.start()
    worker.gate.clear()
    hurry.set()

    assert not await thread.stop(LONG, hurry)


async def test_a_blocked_loop_does_not_keep_the_daemon(thread, worker, hurry, monkeypatch):
    monkeypatch.setattr(module, "LET_GO", 0.0)
    await thread.start()
    worker.block.clear()
    hurry.set()

    assert not await thread.stop(LONG, hurry)
    assert thread._thread.is_alive()


async def test_its_end_does_not_wait_for_threads_that_a_vendor_left(worker, hurry):
    left = threading.Event()

    async def serve(announce):
        asyncio.get_running_loop().run_in_executor(None, left.wait)
        await worker.serve(announce)

    other = WorkerThread(serve)
    await other.start()
    try:
        assert await other.stop(LONG, hurry)
        assert other._thread.is_alive()
    finally:
        left.set()
        other._thread.join(10)


async def test_a_stop_before_it_had_begun_ends_it_as_well(hurry):
    async def serve(_announce):
        await asyncio.Event().wait()

    thread = WorkerThread(serve)
    starting = asyncio.create_task(thread.start())
    await asyncio.sleep(0)
    assert await thread.stop(LONG, hurry)
    await asyncio.wait({starting})


async def test_its_death_is_noticed(thread, worker):
    await thread.start()
    worker.error = RuntimeError("a bug")
    thread._loop.call_soon_threadsafe(worker.stop)

    with pytest.raises(RuntimeError, match="a bug"):
        await thread.died


async def test_it_is_asked_across_the_threads(thread, hurry):
    await thread.start()
    answers = [await thread.probe(name, Deadline.after(LONG)) for name in ("good", "bad")]
    await thread.stop(LONG, hurry)

    assert answers == [True, False]


async def test_it_cannot_be_asked_when_it_is_over(thread, hurry):
    await thread.start()
    await thread.stop(LONG, hurry)

    assert await thread.probe("good", Deadline.after(LONG)) is None


async def test_its_beat_is_that_of_the_worker(thread, hurry):
    before = thread.beat_at
    await thread.start()
    during = thread.beat_at
    await thread.stop(LONG, hurry)

    assert (before, during) == (0.0, 7.0)


async def test_a_cart_is_shown_to_the_worker_on_its_own_thread(thread, worker, hurry):
    await thread.start()
    said = await thread.quote("a cart", Deadline.after(LONG))
    await thread.stop(LONG, hurry)

    assert said == ("a cart", worker.thread)


async def test_when_it_is_over_nothing_is_said_to_a_cart(thread, hurry):
    await thread.start()
    await thread.stop(LONG, hurry)

    assert await thread.quote("a cart", Deadline.after(LONG)) is None
