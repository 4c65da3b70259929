"""Does this loop keep up? A loop that is late for seconds must first leave out what can be left."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

TICK = 0.05
# A tick that comes later than this is late; when all are for so long, the loop does not keep up.
LIMIT = 0.25
LASTING = 2.0

log = structlog.get_logger()


class Lag:
    """The owner runs `run`. `measure` hears how late each tick came, in seconds."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        measure: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._measure = measure
        self._late_since: float | None = None
        self.is_long = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due = self._clock() + TICK
            await self._sleep(TICK)
            self._note(due, self._clock())

    def _note(self, due: float, now: float) -> None:
        lag = max(0.0, now - due)
        self._measure(lag)
        if lag <= LIMIT:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = due + LIMIT
        was_long, since = self.is_long, self._late_since
        self.is_long = since is not None and now - since >= LASTING
        if self.is_long and not was_long:
            log.warning("loop_is_late", lag_s=round(lag, 3), hint="price checks get no quote now")
        elif was_long and not self.is_long:
            log.info("loop_keeps_up_again")
