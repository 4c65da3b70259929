"""The newest pulse of each restaurant, and when it was heard; safe between threads."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from bridge.model.handover import Pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`at` in seconds on the monotonic clock of this process."""

    pulse: Pulse
    at: float


class Pulses:
    """Written by whoever serves or hears the POS, read by the gate and the console.

    `hears` says whether a worker elsewhere would be heard now; those of this process always are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: dict[str, Heard] = {}
        self._hears_since: float | None = clock()

    def put(self, pulse: Pulse) -> None:
        self._heard[pulse.restaurant] = Heard(pulse=pulse, at=self._clock())

    def find(self, restaurant: str) -> Heard | None:
        return self._heard.get(restaurant)

    @property
    def hears(self) -> bool:
        return self._hears_since is not None

    @hears.setter
    def hears(self, is_so: bool) -> None:
        if not is_so:
            self._hears_since = None
        elif self._hears_since is None:
            self._hears_since = self._clock()

    def age(self, restaurant: str) -> float:
        """Seconds since the newest pulse was heard; infinite if none ever was."""
        heard = self._heard.get(restaurant)
        return self._clock() - heard.at if heard else inf

    def silence(self, restaurant: str) -> float:
        """Seconds in which a worker of that restaurant would have been heard, and was not.

        None of them count in which this process heard nobody: that says nothing of a worker.
        """
        since = self._hears_since
        if since is None:
            return 0.0
        heard = self._heard.get(restaurant)
        return self._clock() - (max(heard.at, since) if heard else since)
