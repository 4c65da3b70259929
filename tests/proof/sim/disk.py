"""The ledger's own thread, one step at a time, and what is left on the disk after a crash.

The real `Writer` runs on a stack of its own, but only while the loop stands still. It goes back to
the loop where the real thread would wait, so the loop's clock decides how long a commit takes. A
crash ends it where it stands; SQLite then undoes what was not committed.
"""

import asyncio
import queue
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, Final

from greenlet import getcurrent, greenlet

from bridge.ledger import Transaction
from bridge.ledger.writer import Writer
from tests.proof.sim.loop import LIFE

# Seconds of a commit: a fast disk, and a slow moment of it.
COMMIT: Final = (0.0002, 0.004)
SLOW: Final = (0.02, 0.4)
SLOW_SHARE: Final = 0.01
# SQLite's number for a sync at each commit.
FULL: Final = 2


class Died(BaseException):
    """The process that this thread belonged to is over."""


class SimThread:
    """Runs between `resume` and its next `park`, while whoever resumed it waits."""

    def __init__(self, target: Callable[[], None]) -> None:
        self._target = target
        self._must_die = self._is_started = False
        self._greenlet = greenlet(self._run)
        self._greenlet.gr_context = copy_context()

    def start(self) -> None:
        self._is_started = True
        self.resume()

    def is_alive(self) -> bool:
        return self._is_started and not self._greenlet.dead

    def join(self, _timeout: float | None = None) -> None:
        """Whatever it waits for: let it go on to its end."""
        while self.is_alive():
            self.resume()

    def resume(self) -> None:
        if self.is_alive():
            # It goes back to whoever lets it go on now.
            self._greenlet.parent = getcurrent()
            self._greenlet.switch()

    def park(self) -> None:
        """In the thread: until resumed. Raises Died."""
        self._greenlet.parent.switch()
        if self._must_die:
            raise Died

    def pause(self, seconds: float) -> None:
        """In the thread: as if the disk did not answer."""
        _loop_of_life().call_later(seconds, self.resume)
        self.park()

    def die(self) -> None:
        """Its next park is its last."""
        self._must_die = True
        if not self.is_current:
            self.resume()

    @property
    def is_current(self) -> bool:
        return getcurrent() is self._greenlet

    def _run(self) -> None:
        with suppress(Died):
            self._target()


class SimQueue:
    """Where jobs wait; whoever takes from it waits for the disk first."""

    def __init__(self, thread: SimThread, loop: asyncio.AbstractEventLoop, chance: random.Random):
        self._items: deque[Any] = deque()
        self._thread = thread
        self._loop = loop
        self._chance = chance
        self._is_idle = False

    def put(self, item: Any) -> None:
        self._items.append(item)
        if self._is_idle:
            self._is_idle = False
            self._loop.call_later(self._latency(), self._thread.resume)

    def get(self, timeout: float | None = None) -> Any:
        if self._items:
            self._loop.call_later(self._latency(), self._thread.resume)
            self._thread.park()
        else:
            self._wait(timeout)
        return self.get_nowait()

    def get_nowait(self) -> Any:
        if not self._items:
            raise queue.Empty
        return self._items.popleft()

    def _wait(self, timeout: float | None) -> None:
        timer = self._loop.call_later(timeout, self._give_up) if timeout is not None else None
        self._is_idle = True
        self._thread.park()
        self._is_idle = False
        if timer is not None:
            timer.cancel()

    def _give_up(self) -> None:
        """Unless something came meanwhile, and its turn is due."""
        if self._is_idle:
            self._thread.resume()

    def _latency(self) -> float:
        return self._chance.uniform(*(SLOW if self._chance.random() < SLOW_SHARE else COMMIT))


class SimWriter(Writer):
    """The real one; only its thread and its queue are ours."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        life = LIFE.get()
        loop = _loop_of_life()
        self._thread = SimThread(self._run)
        self._queue = SimQueue(self._thread, loop, life.owner.chance)
        life.owner.threads.append(self._thread)


class Image:
    """What a disk holds for sure. Without a sync at each commit: no more than it had at the start.

    What was committed with one is in the file, so there is nothing to put back.
    """

    def __init__(self, directory: Path, level: int) -> None:
        self._directory = directory
        self._files = None if level >= FULL else {each: each.read_bytes() for each in self._found()}

    def put_back(self) -> None:
        """After a crash, once the file is closed."""
        if self._files is None:
            return
        for each in self._found():
            each.unlink()
        for each, content in self._files.items():
            each.write_bytes(content)

    def _found(self) -> list[Path]:
        return sorted(self._directory.glob("ledger.sqlite3*"))


def read_level(tx: Transaction) -> int:
    """How sure SQLite makes of each commit."""
    (level,) = tx.execute("PRAGMA synchronous").fetchone()
    return int(level)


def _loop_of_life() -> asyncio.AbstractEventLoop:
    life = LIFE.get()
    if life is None:
        raise RuntimeError("this belongs to no process")
    return life.owner.loop
