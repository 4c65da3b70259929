"""The newest pulse of each restaurant, and when it was heard; safe between threads."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bridge.model.handover import Pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`at` in seconds on the monotonic clock of this process."""

    pulse: Pulse
    at: float


class Pulses:
    """Written by whoever serves or hears the POS, read by the gate and the console."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: dict[str, Heard] = {}
        self.since = clock()

    def put(self, pulse: Pulse) -> None:
        self._heard[pulse.restaurant] = Heard(pulse=pulse, at=self._clock())

    def find(self, restaurant: str) -> Heard | None:
        return self._heard.get(restaurant)

    def silence(self, restaurant: str) -> float:
        """Seconds since a worker of that restaurant was heard, or since this process listens."""
        heard = self._heard.get(restaurant)
        return self._clock() - (heard.at if heard else self.since)
