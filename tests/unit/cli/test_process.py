import asyncio
import os
import signal
import threading
from contextlib import asynccontextmanager

import pytest

from bridge.cli import process as module
from bridge.cli.process import _Wish, early_end, serve
from bridge.daemon import StartError


class FakeDaemon:
    """Does what it is told until it is stopped."""

    def __init__(self, work=None):
        self.work = work
        self.stops = 0
        self.stopped = asyncio.Event()

    def stop(self):
        self.stops += 1
        self.stopped.set()

    async def run(self, on_ready):
        on_ready("ready")
        if self.work is not None:
            await self.work()
        await self.stopped.wait()


@pytest.fixture(autouse=True)
def _signals():
    """As they were before the test."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


def status_of(end):
    with pytest.raises(SystemExit) as caught:
        end()
    return caught.value.code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_good_end(number):
    end = serve(FakeDaemon, on_ready=lambda _ready: send(number))

    assert status_of(end) == 0


def test_a_hang_up_is_a_good_end_where_one_is_wanted():
    end = serve(FakeDaemon, on_ready=lambda _ready: send(signal.SIGHUP), ends_on_hang_up=True)

    assert status_of(end) == 0


def test_a_start_that_fails_is_told_in_one_sentence(capsys):
    async def fail():
        raise StartError("the port is in use")

    end = serve(lambda: FakeDaemon(fail))

    assert status_of(end) == 2
    assert capsys.readouterr().err == "cannot start: the port is in use\n"


def test_a_death_is_1_and_does_not_repeat_what_a_guest_wrote(capsys):
    async def die():
        raise ValueError("Eric Wang")

    end = serve(lambda: FakeDaemon(die))
    said = capsys.readouterr()

    assert status_of(end) == 1
    assert "ValueError" in said.err
    assert "Eric" not in said.err + said.out


def test_a_signal_that_comes_before_the_daemon_is_passed_on_to_it():
    @asynccontextmanager
    async def before():
        send()
        await asyncio.sleep(0)
        yield

    assert status_of(serve(FakeDaemon, before=before())) == 0


def test_what_is_around_the_daemon_ends_after_it():
    order = []

    @asynccontextmanager
    async def around():
        order.append("around begins")
        yield
        order.append("around ends")

    async def work():
        order.append("daemon runs")
        send()

    serve(lambda: FakeDaemon(work), before=around())

    assert order == ["around begins", "daemon runs", "around ends"]


def test_a_call_that_never_returns_does_not_keep_the_process(monkeypatch):
    monkeypatch.setattr(module, "LAST_MOMENT", 0.0)
    codes, go_on = [], threading.Event()
    monkeypatch.setattr(os, "_exit", codes.append)
    runner = asyncio.Runner()
    monkeypatch.setattr(asyncio, "Runner", lambda: runner)

    async def work():
        asyncio.get_running_loop().run_in_executor(None, go_on.wait)
        send()

    try:
        serve(lambda: FakeDaemon(work))()
    finally:
        go_on.set()
        runner.close()

    assert codes == [0]


def test_before_the_loop_runs_a_signal_ends_the_command():
    with pytest.raises(SystemExit) as caught, early_end():
        send()

    assert caught.value.code == 0


def import_an_adapter():
    try:
        send()
    except (Exception, SystemExit):  # noqa: BLE001  as the registry does
        pytest.fail("the adapter was blamed")


def test_not_even_while_an_adapter_is_imported_is_it_taken_for_a_fault():
    with pytest.raises(SystemExit) as caught, early_end():
        import_an_adapter()

    assert caught.value.code == 0


def test_every_wish_to_stop_is_passed_on():
    daemon = FakeDaemon()
    wish = _Wish()
    wish.note()
    wish.pass_on_to(daemon.stop)
    wish.note()

    assert daemon.stops == 2
