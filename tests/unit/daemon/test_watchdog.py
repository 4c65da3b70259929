import asyncio
import threading

import pytest
from structlog.testing import capture_logs

from bridge.daemon.watchdog import WORKER_LIMIT, Watchdog
from bridge.ledger import LedgerError
from tests.engine import Clock


class FakeNotifier:
    def __init__(self, interval=None):
        self.fed = 0
        self.watchdog_interval = interval

    def watchdog(self):
        self.fed += 1
        return True


@pytest.fixture
def notifier():
    return FakeNotifier()


@pytest.fixture
def clock():
    """The monotonic one."""
    return Clock(at=1000.0)


@pytest.fixture
def beat(clock):
    """When the worker's loop last turned."""
    return Clock(at=clock())


@pytest.fixture
def watchdog(notifier, ledger, beat, clock):
    return Watchdog(notifier, ledger, beat, clock=clock)


async def test_progress_feeds_it(watchdog, notifier):
    await watchdog.feed()

    assert notifier.fed == 1


async def test_a_worker_that_does_not_turn_stops_it(watchdog, notifier, clock):
    clock.pass_time(WORKER_LIMIT + 1)
    with capture_logs() as logs:
        await watchdog.feed()

    assert notifier.fed == 0
    assert logs[0]["part"] == "worker"


async def test_a_worker_that_turns_again_feeds_it_again(watchdog, notifier, clock, beat):
    clock.pass_time(WORKER_LIMIT + 1)
    await watchdog.feed()
    beat.at = clock()
    await watchdog.feed()

    assert notifier.fed == 1


async def test_a_worker_that_has_not_begun_has_as_long_as_any(notifier, ledger, clock):
    watchdog = Watchdog(notifier, ledger, lambda: 0.0, clock=clock)
    clock.pass_time(WORKER_LIMIT)
    await watchdog.feed()

    assert notifier.fed == 1


async def test_without_a_worker_here_none_is_asked(notifier, ledger, clock):
    watchdog = Watchdog(notifier, ledger, None, clock=clock)
    clock.pass_time(WORKER_LIMIT + 1)
    await watchdog.feed()

    assert notifier.fed == 1


async def test_a_ledger_that_does_not_answer_stops_it(ledger, clock):
    hurried = FakeNotifier(interval=0.01)
    watchdog = Watchdog(hurried, ledger, None, clock=clock)
    go_on = threading.Event()
    ledger.post(lambda _tx: go_on.wait(10))
    await watchdog.feed()
    go_on.set()

    assert hurried.fed == 0


async def test_a_ledger_that_is_over_stops_it(watchdog, notifier, ledger):
    ledger.close()
    await watchdog.feed()

    assert notifier.fed == 0


async def test_a_failing_disk_does_not(watchdog, notifier, ledger, monkeypatch):
    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "read", fail)
    await watchdog.feed()

    assert notifier.fed == 1


async def test_it_is_fed_again_and_again(ledger, clock):
    notifier = FakeNotifier(interval=0.001)
    task = asyncio.create_task(Watchdog(notifier, ledger, None, clock=clock).run())
    while notifier.fed < 3:  # noqa: ASYNC110  the manager has no event
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
