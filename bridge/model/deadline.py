"""One moment by which an answer must be out; every inner wait asks what is left."""

import time
from collections.abc import Callable


class Deadline:
    """A moment on a monotonic clock (seconds)."""

    __slots__ = ("_clock", "at")

    def __init__(self, at: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.at = at
        self._clock = clock

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - self._clock())

    @property
    def passed(self) -> bool:
        return self.left == 0.0

    def earlier(self, seconds: float) -> "Deadline":
        """By when to be ready if so many seconds are needed afterwards."""
        return Deadline(self.at - seconds, self._clock)

    def within(self, seconds: float) -> float:
        """The smaller of an own limit and what is left."""
        return min(seconds, self.left)
