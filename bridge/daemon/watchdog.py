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
        self, notifier: Notifier, ledger: Ledger, worker_beat: Callable[[], float] | None
    ) -> None:
        self._notifier = notifier
        self._ledger = ledger
        self._worker_beat = worker_beat
        self._started = time.monotonic()

    async def run(self) -> None:
        """Until cancelled."""
        interval = self._notifier.watchdog_interval or INTERVAL
        while True:
            stuck = await self._find_stuck()
            if stuck:
                log.error("no_progress", part=stuck)
            else:
                self._notifier.watchdog()
            await asyncio.sleep(min(interval, INTERVAL))

    async def _find_stuck(self) -> str:
        if not self._ledger.alive or not await self._writer_answers():
            return "ledger"
        if self._worker_beat is None:
            return ""
        beat = max(self._worker_beat(), self._started)
        return "worker" if time.monotonic() - beat > WORKER_LIMIT else ""

    async def _writer_answers(self) -> bool:
        try:
            async with asyncio.timeout(WRITER_LIMIT):
                await self._ledger.read(lambda tx: tx.execute("SELECT 1").fetchone())
        except TimeoutError:
            return False
        except LedgerError:
            # It answers, even if the disk does not.
            return True
        return True
