"""Since when orders wait here for a worker: known in memory, so that no checkout asks the disk."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from bridge.ledger import Ledger, LedgerError, outbox, requests

# Looked at when something has changed, but not more often; and now and then without a reason.
SHORTEST = 0.5
IDLE = 5.0

log = structlog.get_logger()


class Backlog:
    """The owner runs `run`; the gate reads what it found last."""

    def __init__(
        self,
        ledger: Ledger,
        restaurants: tuple[str, ...],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._restaurants = restaurants
        self._sleep = sleep
        self._since: dict[str, float] = {}
        self._is_told = False
        self._changed = asyncio.Event()

    def waiting_since(self, restaurant: str) -> datetime | None:
        """When its oldest event was received that no worker has; None if none waits."""
        at = self._since.get(restaurant)
        return None if at is None else datetime.fromtimestamp(at, UTC)

    async def run(self) -> None:
        """Until cancelled."""
        forget = self._ledger.listen(requests.OUTBOX, self._changed.set)
        try:
            while True:
                self._changed.clear()
                await self.look()
                await self._sleep(SHORTEST)
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE):
                        await self._changed.wait()
        finally:
            forget()

    async def look(self) -> None:
        """Once. What cannot be read stays as it was: then no order can be taken anyway."""
        try:
            self._since = await self._ledger.read(
                lambda tx: outbox.waiting_since(tx, self._restaurants)
            )
        except LedgerError as error:
            if not self._is_told:
                log.warning("backlog_not_known", reason=str(error))
            self._is_told = True
        else:
            self._is_told = False
