"""What can be wrong with a wire. Each is for one time only, and counts what it `met`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Final, Protocol

from tests.proof.proxy.frames import Frame

Write = Callable[[bytes], Awaitable[None]]


class Way(StrEnum):
    UP = "up"  # to the server
    DOWN = "down"  # to the client


BOTH: Final = (Way.UP, Way.DOWN)


class Severed(Exception):
    """The connection ends here, with a reset to either side."""


class Line(Protocol):
    """One connection through the proxy."""

    def reset(self) -> None: ...

    def close(self, way: Way) -> None:
        """Nothing more goes that way, and who is there is told so."""
        ...


class Trouble:
    """Carries what comes its ways in its own manner, until it is `over`."""

    def __init__(self, *ways: Way) -> None:
        self.met = 0
        self.over = asyncio.Event()
        self._ways = ways or BOTH

    def begin(self, lines: Iterable[Line]) -> None:
        """What happens at once to those that are connected now."""

    async def carry(self, way: Way, frame: Frame, write: Write) -> None:
        """Raises Severed if that is the end of the connection."""
        if way not in self._ways or self.over.is_set():
            await write(frame.raw)
            return
        self.met += 1
        await self._mistreat(frame, write)

    async def _mistreat(self, frame: Frame, write: Write) -> None:
        await write(frame.raw)


class Delay(Trouble):
    """Everything comes so much later."""

    def __init__(self, seconds: float, *ways: Way) -> None:
        super().__init__(*ways)
        self._seconds = seconds

    async def _mistreat(self, frame: Frame, write: Write) -> None:
        await asyncio.sleep(self._seconds)
        await write(frame.raw)


class Hole(Trouble):
    """Swallows. When it is over the connection is dead: the rest would make no sense."""

    async def _mistreat(self, _frame: Frame, _write: Write) -> None:
        await self.over.wait()
        raise Severed


class Drip(Trouble):
    """A few bytes at a time."""

    def __init__(self, *ways: Way, size: int = 7, pause: float = 0.002) -> None:
        super().__init__(*ways)
        self._size = size
        self._pause = pause

    async def _mistreat(self, frame: Frame, write: Write) -> None:
        rest = frame.raw
        while rest and not self.over.is_set():
            await write(rest[: self._size])
            rest = rest[self._size :]
            await asyncio.sleep(self._pause)
        await write(rest)


class Cut(Trouble):
    """The connection ends in place of the `nth` frame of that name: it is lost, and only it."""

    def __init__(self, name: str, way: Way, nth: int = 1) -> None:
        super().__init__(way)
        self._name = name
        self._left = nth

    async def carry(self, way: Way, frame: Frame, write: Write) -> None:
        is_meant = way in self._ways and frame.name == self._name and self._left > 0
        self._left -= is_meant
        if is_meant and not self._left and not self.over.is_set():
            self.met += 1
            self.over.set()
            raise Severed
        await write(frame.raw)


class Reset(Trouble):
    """Those that are connected are thrown out."""

    def begin(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.met += 1
            line.reset()
        self.over.set()


class HalfClose(Trouble):
    """One side hears a goodbye, and may still speak."""

    def begin(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.met += 1
            for way in self._ways:
                line.close(way)
        self.over.set()
