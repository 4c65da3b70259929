"""Seats for calls: what one restaurant's calls wait for must not keep the others'.

Calls that find no seat wait for one by their rank. Nobody is sent away from here: whoever gets none
in time is told so, and does with what is at hand.
"""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

# Seats for the calls of one restaurant, and for all. What fills them is a slow POS or disk, never
# a busy evening: each call sits for some milliseconds, or tens of them where the disk is slow.
EACH = 64
ALL = 1024
# Of those so many are for news: an order finds a seat even where many wait for the disk.
NEWS_OF_EACH = 56
NEWS_OF_ALL = 896


class Rank(IntEnum):
    """Who goes first: what a payment hangs on, what is told once only, what can be done without."""

    ORDER = 0
    NEWS = 1
    QUOTE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """How many calls may sit at once; those of a rank leave the seats of the better ones."""

    each: int = EACH
    all: int = ALL
    news_of_each: int = NEWS_OF_EACH
    news_of_all: int = NEWS_OF_ALL

    def have_room(self, rank: Rank, taken_of_each: int, taken: int) -> bool:
        if rank is Rank.NEWS:
            return taken_of_each < self.news_of_each and taken < self.news_of_all
        return taken_of_each < self.each and taken < self.all


@dataclass(order=True, slots=True)
class _Waiter:
    """In the order of rank and arrival."""

    rank: Rank
    number: int
    turn: "asyncio.Future[None]" = field(compare=False)


class Crowd:
    """Who sits and who waits, by restaurant."""

    def __init__(self, seats: Seats | None = None) -> None:
        self._seats = seats or Seats()
        self._taken: Counter[str] = Counter()
        self._waiting: dict[str, list[_Waiter]] = {}
        self._numbers = count()

    @property
    def seated(self) -> int:
        return self._taken.total()

    @property
    def waiting(self) -> int:
        return sum(len(waiters) for waiters in self._waiting.values())

    @asynccontextmanager
    async def seat(self, restaurant: str, rank: Rank, patience: float) -> AsyncIterator[bool]:
        """A seat until the end of the block; False if there was none within `patience` seconds."""
        has_seat = self._take(restaurant, rank) or await self._wait(restaurant, rank, patience)
        try:
            yield has_seat
        finally:
            if has_seat:
                self._leave(restaurant)

    def _take(self, restaurant: str, rank: Rank) -> bool:
        has_room = self._seats.have_room(rank, self._taken[restaurant], self.seated)
        if has_room:
            self._taken[restaurant] += 1
        return has_room

    async def _wait(self, restaurant: str, rank: Rank, patience: float) -> bool:
        if patience <= 0:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(rank, next(self._numbers), turn)
        insort(self._waiting.setdefault(restaurant, []), waiter)
        try:
            await asyncio.wait({turn}, timeout=patience)
        except asyncio.CancelledError:
            if turn.done():
                self._leave(restaurant)
            raise
        finally:
            if not turn.done():
                self._forget(restaurant, waiter)
        return turn.done()

    def _leave(self, restaurant: str) -> None:
        self._taken[restaurant] -= 1
        if not self._taken[restaurant]:
            del self._taken[restaurant]
        self._call_next()

    def _call_next(self) -> None:
        """Whoever is first of those for whom there is room; in each queue only the first can be."""
        heads = sorted((waiters[0], name) for name, waiters in self._waiting.items())
        for waiter, restaurant in heads:
            if self._take(restaurant, waiter.rank):
                self._forget(restaurant, waiter)
                waiter.turn.set_result(None)
                return

    def _forget(self, restaurant: str, waiter: _Waiter) -> None:
        waiters = self._waiting[restaurant]
        waiters.remove(waiter)
        if not waiters:
            del self._waiting[restaurant]
