"""How long the kit itself did not get round to anything: the bridge is not to blame for that."""

import asyncio
import bisect
import time
from typing import Final

_TICK: Final = 0.02


class Stalls:
    """Counts the time by which its own ticks came too late; `run` goes on until it is cancelled."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._late: list[float] = []
        self._sums: list[float] = [0.0]

    async def run(self) -> None:
        due = time.monotonic() + _TICK
        while True:
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self.note(now, now - due)
            due = now + _TICK

    def note(self, at: float, late: float) -> None:
        """A tick that came so much too late."""
        if late > _TICK:
            self._times.append(at)
            self._late.append(late)
            self._sums.append(self._sums[-1] + late)

    def within(self, begun: float, ended: float) -> float:
        """Seconds of that time; never more than it was long."""
        first, last = bisect.bisect(self._times, begun), bisect.bisect(self._times, ended)
        return min(self._sums[last] - self._sums[first], ended - begun)

    @property
    def longest(self) -> float:
        return max(self._late, default=0.0)
