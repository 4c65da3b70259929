"""How fast what waited goes out, so that new orders never stand behind it.

What is fresh goes at once. What waited longer, because broker or worker were away, follows at a
measured pace, the oldest first, for each restaurant by itself.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bridge.ledger import Transaction, outbox
from bridge.model import Handover

FRESH_FOR: Final = 10.0
# While something drains: how often the next part of it is looked for.
STEP: Final = 0.25
IDLE: Final = 5.0
BATCH: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many of a restaurant's stale events might go out at that moment."""

    number: float
    at: float


def refill(before: Allowance, rate: float, now: float) -> Allowance:
    """As it is now: no more than a second's worth is saved up."""
    earned = max(0.0, now - before.at) * rate
    return Allowance(number=min(rate, before.number + earned), at=now)


def choose(
    events: Iterable[Handover], since: float, allowed: Mapping[str, int]
) -> tuple[list[Handover], dict[str, int]]:
    """Which may go out now: the fresh, and so many of the stale; and how many those are.

    Fresh is what was received later than `since`.
    """
    chosen: list[Handover] = []
    spent: dict[str, int] = {}
    for event in events:
        if event.received_at.timestamp() <= since:
            number = spent.get(event.restaurant, 0)
            if number >= allowed.get(event.restaurant, 0):
                continue
            spent[event.restaurant] = number + 1
        chosen.append(event)
    return chosen, spent


class Pace:
    """`rates`: stale events a second, by restaurant. `now` is the wall clock."""

    def __init__(
        self,
        rates: Mapping[str, float],
        *,
        now: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = rates
        self._now = now
        self._clock = clock
        # So many events are set aside: they stand before the others, and cannot go.
        self.aside = 0
        self._allowances = {
            name: Allowance(number=rate, at=clock()) for name, rate in rates.items()
        }

    @property
    def rest(self) -> float:
        """After so many seconds more may go out, though nothing else happened."""
        return STEP if self._is_draining() else IDLE

    def find(
        self, ingress: str, restaurants: tuple[str, ...], limit: int = BATCH
    ) -> Callable[[Transaction], list[Handover]]:
        """A job that reads what might go out now, the fresh first."""
        since = self._now() - FRESH_FOR
        stale = {
            name: number + self.aside for name, number in self._list_allowed().items() if number
        }
        return lambda tx: outbox.list_next(
            tx, ingress, restaurants, since=since, stale=stale, limit=limit
        )

    def admit(self, events: Iterable[Handover]) -> list[Handover]:
        """Those that go out now; they are counted."""
        chosen, spent = choose(events, self._now() - FRESH_FOR, self._list_allowed())
        for name, number in spent.items():
            before = self._allowances[name]
            self._allowances[name] = Allowance(number=before.number - number, at=before.at)
        return chosen

    def _list_allowed(self) -> dict[str, int]:
        now = self._clock()
        for name, rate in self._rates.items():
            self._allowances[name] = refill(self._allowances[name], rate, now)
        return {name: int(one.number) for name, one in self._allowances.items()}

    def _is_draining(self) -> bool:
        """True while something went out that waited, up to a second ago."""
        now = self._clock()
        return any(
            refill(one, self._rates[name], now).number < self._rates[name]
            for name, one in self._allowances.items()
        )
