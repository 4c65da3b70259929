"""How many tickets a POS may get at once: all it can take, none for a while, or carefully again.

Opens on outcomes that nobody knows and on bugs of the adapter; that a POS cannot be reached is
seen at once, by its watch. What is not sent waits, which is better than one more open question.
Pure: the clock is handed in.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

# So many bad ones in so many seconds, or half of the last ones.
MOST_BAD: Final = 5
WINDOW: Final = 30.0
LAST: Final = 20
SHORTEST_REST: Final = 5.0
LONGEST_REST: Final = 60.0
LONGEST_WISH: Final = 600.0  # that a POS may ask for


class Breaker:
    """`most` is what the POS takes at once while all is well."""

    def __init__(self, most: int, *, random: Callable[[], float]) -> None:
        self._most = max(1, most)
        self._random = random
        self._limit = self._most
        self._rests = 0
        self._last: deque[tuple[float, bool]] = deque(maxlen=LAST)
        self.rests_until = 0.0

    def limit(self, now: float) -> int:
        """So many may be under way now."""
        return 0 if self.rests(now) else self._limit

    def rests(self, now: float) -> bool:
        """True while nothing is sent. A rest without end is that of a clock that was set back."""
        return now < self.rests_until <= now + LONGEST_WISH

    def went_well(self, now: float) -> None:
        """The POS took one: twice as many may follow."""
        self._last.append((now, True))
        self._limit = min(self._most, self._limit * 2)
        if self._limit == self._most:
            self._rests = 0

    def went_wrong(self, now: float) -> None:
        """Nobody knows what became of one, or the adapter failed."""
        self._last.append((now, False))
        if self._limit < self._most or self._is_too_much(now):
            self._open(now)

    def rest(self, until: float) -> None:
        """The POS asked for it, or the last outcomes do."""
        self.rests_until = max(self.rests_until, until)

    def start_slowly(self) -> None:
        """It was away: begin with a single one."""
        self._limit = 1

    def _is_too_much(self, now: float) -> bool:
        bad = [at for at, is_good in self._last if not is_good]
        lately = [at for at in bad if at > now - WINDOW]
        return len(lately) >= MOST_BAD or (len(self._last) == LAST and len(bad) * 2 >= LAST)

    def _open(self, now: float) -> None:
        """Longer each time, and never all restaurants at the same moment."""
        bound = min(LONGEST_REST, SHORTEST_REST * 2 ** (self._rests + 1))
        self._rests += 1
        self.rest(now + SHORTEST_REST + self._random() * (bound - SHORTEST_REST))
        self._last.clear()
        self._limit = 1
