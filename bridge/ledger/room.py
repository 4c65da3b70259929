"""Room on the ledger's disk: how much is left, and a reserve for when there is none.

The reserve is a file that takes room away for nothing. When the disk is full it is given up, so
that what became of orders with a yes can still be written; when there is room it is made again.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from bridge.ledger.disk import free_bytes

BALLAST = "ballast"
LOOK_EVERY = 1.0
# The same trouble is not told more often.
TELL_EVERY = 30.0
MEGABYTE = 2**20

log = structlog.get_logger()


class Room(StrEnum):
    """`LOW`: somebody should make room. `SHORT`: what is left is for orders that got a yes."""

    AMPLE = "ample"
    LOW = "low"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTerms:
    """In bytes; 0 stands for never. `ballast`: the size of the reserve."""

    ballast: int = 0
    low: int = 0
    short: int = 0

    @property
    def asks_for_nothing(self) -> bool:
        return not (self.ballast or self.low or self.short)


def judge(free: int, terms: RoomTerms) -> Room:
    if free < terms.short:
        return Room.SHORT
    return Room.LOW if free < terms.low else Room.AMPLE


class Ballast:
    """The reserve. Nothing here raises: without it all goes on, only less safely."""

    def __init__(self, directory: Path, terms: RoomTerms) -> None:
        self._path = directory / BALLAST
        self._size = terms.ballast
        # Never so that it is itself what makes room short.
        self._floor = max(terms.short, terms.ballast)

    @property
    def is_there(self) -> bool:
        """With the size that is wanted."""
        try:
            return self._path.stat().st_size == self._size
        except OSError:
            return False

    def drop(self) -> bool:
        """Give it up; False if there was none."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def stow(self, free: int) -> bool:
        """Make it, if it is wanted, missing and fits well; False if nothing was made."""
        if self.is_there:
            return False
        self.drop()
        if not self._size or free - self._size < self._floor:
            return False
        try:
            self._make()
        except OSError:
            self.drop()
            return False
        return True

    def _make(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        finally:
            with suppress(OSError):
                os.close(descriptor)


class Space:
    """What is known of the room, and the reserve; the ledger's thread looks and decides.

    `room` and `free` may be read by everybody.
    """

    def __init__(
        self,
        directory: Path,
        terms: RoomTerms | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        measure: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._directory = directory
        self._terms = terms or RoomTerms()
        self._clock = clock
        self._measure = measure
        self._ballast = Ballast(directory, self._terms)
        self._next_look = float("-inf")
        self._told_at = float("-inf")
        self.room = Room.AMPLE
        self.free = 0

    @property
    def look_every(self) -> float | None:
        """None if nobody asks how much room there is."""
        return None if self._terms.asks_for_nothing else LOOK_EVERY

    def look(self) -> None:
        """Measure, if it is time; make the reserve again once there is room for it."""
        if self.look_every is None or self._clock() < self._next_look:
            return
        self._next_look = self._clock() + LOOK_EVERY
        try:
            self.free = self._measure(self._directory)
            if self._ballast.stow(self.free):
                self.free = self._measure(self._directory)
        except OSError as error:
            log.warning("room_not_known", reason=str(error))
            return
        self._turn(judge(self.free, self._terms))

    def give_up_reserve(self) -> bool:
        """The disk takes no more: until the next look there is room for old orders only.

        False if there was no reserve.
        """
        was_there = self._ballast.drop()
        if was_there or self._clock() - self._told_at >= TELL_EVERY:
            self._told_at = self._clock()
            reserve = "given up" if was_there else "there is none"
            log.error("disk_full", reserve=reserve, hint=_HINTS[Room.SHORT])
        if self.look_every is not None:
            self._next_look = self._clock() + LOOK_EVERY
            self._turn(Room.SHORT)
        return was_there

    def _turn(self, room: Room) -> None:
        """Tell of each turn once."""
        before, self.room = self.room, room
        if room is before:
            return
        tell = log.info if room is Room.AMPLE else log.error
        tell("disk_room", room=room, free_mb=self.free // MEGABYTE, hint=_HINTS[room])


_HINTS = {
    Room.AMPLE: "",
    Room.LOW: "make room on the ledger's disk",
    Room.SHORT: "make room on the ledger's disk: new orders are refused, old ones go on",
}
