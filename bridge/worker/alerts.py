"""Tells of every delivery that waits for a person, once, whatever brought it there.

Not in the write that holds it: there are many of those, and one that was forgotten would be silent.
"""

import asyncio
from typing import Final

import structlog

from bridge.ledger import Ledger, LedgerError, questions
from bridge.ledger.orders import REPORTS
from bridge.ledger.questions import Asked
from bridge.model.question import question_of
from bridge.telemetry import Metrics

# Many may be held at once; what is told a moment later is told in time.
PAUSE: Final = 1.0
IDLE: Final = 30.0
LEDGER_RETRY: Final = 2.0

_Key = tuple[int, int, str, str]

log = structlog.get_logger()


class Alerts:
    """`run` is owned by the worker. After a restart what still waits is told again."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._told: set[_Key] = set()

    async def run(self) -> None:
        """Until cancelled."""
        wake = asyncio.Event()
        forget = self._ledger.listen(REPORTS, wake.set)
        try:
            while True:
                wake.clear()
                await asyncio.sleep(PAUSE if await self.look() else LEDGER_RETRY)
                await _wait(wake)
        finally:
            forget()

    async def look(self) -> bool:
        """Tell what was not told yet; False if the ledger cannot be read."""
        try:
            asked = await self._ledger.read(questions.list_asked)
        except LedgerError as error:
            log.warning("alerts_cannot_read", reason=str(error))
            return False
        for one in asked:
            if _key(one) not in self._told:
                self._tell(one)
        self._told = {_key(one) for one in asked}
        return True

    def _tell(self, one: Asked) -> None:
        side, next_step = question_of(one.reason, one.side)
        self._metrics.held.labels(one.restaurant, side).inc()
        log.error(
            "delivery_held",
            restaurant=one.restaurant,
            order_id=one.order_id,
            correlation_id=one.correlation_id,
            operation=one.operation,
            version=one.version,
            reason=one.reason,
            side=side,
            cause=one.cause,
            hint=next_step,
        )


def _key(one: Asked) -> _Key:
    """What was decided meanwhile, and is held anew, is a new question; its order's news are not."""
    return one.id, one.decisions, one.reason, one.cause


async def _wait(wake: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(IDLE):
            await wake.wait()
    except TimeoutError:
        return
