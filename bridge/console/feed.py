"""One restaurant's board as a ready-made message, read once for all the screens that show it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from bridge.ledger import Ledger, kitchen
from bridge.ledger.orders import board_topic

# At most 20 messages a second, and never more than a fifth of the ledger's time.
_PAUSE: Final = 0.05
_SHARE: Final = 4
# What the recall list may need of the tickets that are done with.
BUMPED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`number` counts the changes it includes."""

    number: int
    message: str


class Feed:
    """Hears of commits that touched the board. Make it on the loop that uses it."""

    def __init__(
        self, ledger: Ledger, restaurant: str, *, now: Callable[[], float], stamp: str
    ) -> None:
        self._ledger = ledger
        self._restaurant = restaurant
        self._now = now
        self._stamp = stamp
        self._changes = 1
        self._changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self._not_before = 0.0
        self._newest: Snapshot | None = None
        self._stop = ledger.listen(board_topic(restaurant), self._note)

    def close(self) -> None:
        self._stop()

    async def after(self, seen: int) -> Snapshot:
        """Wait for a change beyond `seen` (0: none seen) and return the newest board.

        However many changes a slow screen missed, it gets one message.
        """
        while self._changes <= seen:
            await self._changed.wait()
        async with self._reading:
            if self._newest is None or self._newest.number < self._changes:
                self._newest = await self._read()
            return self._newest

    def _note(self) -> None:
        self._changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read(self) -> Snapshot:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._not_before - clock()))
        number, began = self._changes, clock()
        now = self._now()
        tickets = await self._ledger.read(
            lambda tx: kitchen.list_tickets(tx, self._restaurant, now)
        )
        self._not_before = clock() + max(_PAUSE, _SHARE * (clock() - began))
        return Snapshot(number=number, message=self._message(tickets, now))

    def _message(self, tickets: list[dict[str, Any]], now: float) -> str:
        return orjson.dumps(
            {"now": as_time(now), "build": self._stamp, "tickets": without_old_bumps(tickets)}
        ).decode()


def without_old_bumps(tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that are not done with, and of the others the ones that were bumped last."""
    bumped = sorted(
        (ticket["bumped_at"] for ticket in tickets if ticket["state"] == "bumped"), reverse=True
    )
    if len(bumped) <= BUMPED:
        return tickets
    oldest = bumped[BUMPED - 1]
    return [
        ticket for ticket in tickets if ticket["state"] != "bumped" or ticket["bumped_at"] >= oldest
    ]


def as_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
