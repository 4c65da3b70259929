"""How long the machine kept the kit, or the bridge, from its work: nobody's fault."""

import asyncio
import bisect
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICK: Final = 0.02


class Stalls:
    """Counts the time by which its own ticks came too late; `run` goes on until it is cancelled.

    So does that for which the process of `hunger` had to wait meanwhile.
    """

    def __init__(self, hunger: "Hunger | None" = None) -> None:
        self._hunger = hunger
        self._times: list[float] = []
        self._late: list[float] = []
        self._sums: list[float] = [0.0]

    async def run(self) -> None:
        due = time.monotonic() + _TICK
        while True:
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self.note(now, now - due, self._hunger.take() if self._hunger else 0.0)
            due = now + _TICK

    def note(self, at: float, late: float, waited: float = 0.0) -> None:
        """A tick that came so much too late, and for how long the other one waited meanwhile."""
        lost = max(late if late > _TICK else 0.0, waited)
        if lost:
            self._times.append(at)
            self._late.append(lost)
            self._sums.append(self._sums[-1] + lost)

    def within(self, begun: float, ended: float) -> float:
        """Seconds of that time; never more than it was long."""
        first, last = bisect.bisect(self._times, begun), bisect.bisect(self._times, ended)
        return min(self._sums[last] - self._sums[first], ended - begun)

    @property
    def longest(self) -> float:
        return max(self._late, default=0.0)


class Hunger:
    """How long a process was ready to run, and had no processor; 0 where the system does not say.

    Of its threads the one counts that waited longest. `pid` is None while there is no process.
    """

    def __init__(self, pid: Callable[[], int | None], proc: Path = Path("/proc")) -> None:
        self._pid = pid
        self._proc = proc
        self._waited: dict[str, int] = {}

    def take(self) -> float:
        """Seconds since it was asked last."""
        before, self._waited = self._waited, self._read()
        more = (waited - before.get(thread, 0) for thread, waited in self._waited.items())
        return max(more, default=0) / 1e9

    def _read(self) -> dict[str, int]:
        found: dict[str, int] = {}
        # The process, or one of its threads, may end meanwhile.
        with suppress(OSError, IndexError):
            for thread in (self._proc / str(self._pid()) / "task").iterdir():
                found[str(thread)] = int((thread / "schedstat").read_text().split()[1])
        return found
