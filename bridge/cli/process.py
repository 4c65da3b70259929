"""A daemon in the foreground: its loop, its signals, its exit status, its memory."""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from bridge import fault

if TYPE_CHECKING:
    from bridge.daemon import Daemon
    from bridge.daemon.daemon import Ready

GOOD, FAILED, CANNOT_START = 0, 1, 2
# New objects between two looks at them; a call makes some thousands that need no look.
YOUNG = 20_000
# For threads that are about to end.
LAST_MOMENT = 0.5


class _Wish:
    """The wish to stop, which may come before there is anything to be stopped."""

    def __init__(self) -> None:
        self._number = 0
        self._stop: Callable[[], None] = lambda: None

    def note(self) -> None:
        self._number += 1
        self._stop()

    def pass_on_to(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        for _ in range(self._number):
            stop()


class _Ended(BaseException):
    """No SystemExit: while an adapter is imported, that would be the adapter's fault."""


@contextmanager
def early_end() -> Iterator[None]:
    """Until the loop runs there is nothing to finish: SIGTERM ends the command, cleanly."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except _Ended:
        raise SystemExit(GOOD) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def serve(
    build: "Callable[[], Daemon]",
    *,
    before: AbstractAsyncContextManager[object] | None = None,
    on_ready: "Callable[[Ready], None]" = lambda _ready: None,
    ends_on_hang_up: bool = False,
) -> Callable[[], None]:
    """Run it until a signal ends it. Returns what the command calls last of all: its end.

    `build` is called inside `before`, on the loop. Exit status: 0 after a signal, 1 when a part
    died, 2 when it could not start.
    """
    executor = ThreadPoolExecutor(thread_name_prefix="helper")

    def be_ready(ready: "Ready") -> None:
        settle_memory()
        on_ready(ready)

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(executor)
        wish = _Wish()
        _handle_signals(wish.note, ends_on_hang_up=ends_on_hang_up)
        async with before or nullcontext():
            daemon = build()
            wish.pass_on_to(daemon.stop)
            await daemon.run(be_ready)

    others = set(threading.enumerate())
    runner = asyncio.Runner()
    status = _run(runner, main())
    executor.shutdown(wait=False, cancel_futures=True)
    if _are_over(set(threading.enumerate()) - others):
        runner.close()
        return lambda: sys.exit(status)
    # A call that never returns (a vendor's, a look-up of a name) would keep the process for ever.
    return lambda: _leave_at_once(status)


def settle_memory() -> None:
    """What is there by now stays to the end: to look through it again and again costs answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _run(runner: asyncio.Runner, main: Coroutine[Any, Any, None]) -> int:
    from bridge.daemon import StartError  # noqa: PLC0415

    try:
        runner.run(main)
    except StartError as error:
        click.echo(f"cannot start: {error}", err=True)
        return CANNOT_START
    except Exception as error:  # noqa: BLE001  told without its message: that may repeat a guest's
        fault.tell("ended_by_a_fault", error)
        click.echo(f"ended by a fault ({type(error).__name__}); the log has more", err=True)
        return FAILED
    return GOOD


def _are_over(threads: set[threading.Thread]) -> bool:
    """True if all of them end within a moment."""
    deadline = time.monotonic() + LAST_MOMENT
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _leave_at_once(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _handle_signals(note: Callable[[], None], *, ends_on_hang_up: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, note)
    if ends_on_hang_up:
        loop.add_signal_handler(signal.SIGHUP, note)
    else:
        # Nothing is read again while running: a hang-up must not end the daemon.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
