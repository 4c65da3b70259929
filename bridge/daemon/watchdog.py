"""Feeds the service manager's watchdog, but only with real progress."""

import asyncio
import time
from collections.abc import Callable

import structlog

from bridge.ledger import Ledger, LedgerError
from bridge.notify import Notifier

INTERVAL = 5.0
WRITER_LIMIT = 5.0
WORKER_LIMIT = 60.0

log = structlog.get_logger()


class Watchdog:
    """Progress: this loop turns, the ledger's thread answers, the worker's loop turned lately.

    Broker, POS and a failing disk are no reason to be killed: a restart would not mend them.
    """

    def __init__(
        self,
        notifier: Notifier,
        ledger: Ledger,
        worker_beat: Callable[[], float] | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = notifier
        self._ledger = ledger
        self._worker_beat = worker_beat
        self._clock = clock
        self._started = clock()
        # Asking and resting together take less than what kills.
        self._interval = min(INTERVAL, notifier.watchdog_interval or INTERVAL)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.feed()
            await asyncio.sleep(self._interval)

    async def feed(self) -> None:
        """Once, if there is progress to tell of."""
        stuck = await self._find_stuck()
        if stuck:
            log.error("no_progress", part=stuck)
        else:
            self._notifier.watchdog()

    async def _find_stuck(self) -> str:
        if not self._ledger.alive or not await self._writer_answers():
            return "ledger"
        if self._worker_beat is None:
            return ""
        beat = max(self._worker_beat(), self._started)
        return "worker" if self._clock() - beat > WORKER_LIMIT else ""

    async def _writer_answers(self) -> bool:
        try:
            async with asyncio.timeout(min(WRITER_LIMIT, 0.9 * self._interval)):
                await self._ledger.read(lambda tx: tx.execute("SELECT 1").fetchone())
        except TimeoutError:
            return False
        except LedgerError:
            # It answers, even if the disk does not.
            return True
        return True
