"""How much a call gets of what is dear: a seat and all its time, or only what is at hand.

An order and what is told are never sent away for a crowd: when their time for waiting is over they
are judged from memory and recorded. A quote is the first that is done without.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.ingress.crowd import Crowd, Rank, Seats
from bridge.ingress.injections import RECORDING
from bridge.ingress.lag import Lag
from bridge.model import CheckoutStarted, Event, OrderPlaced, PriceCheck
from bridge.telemetry import Metrics

# So long a quote waits for a seat: enough for a burst or a checkpoint of the ledger, and half of
# the time that is promised for its answer.
QUOTE_PATIENCE = 0.5
# Seats of their own: quotes wait for a POS, the others for the disk, and neither for each other.
QUOTES = Seats(each=48, all=768)

BUSY = "busy"
NO_SEAT = "no_seat"
LATE = "loop_is_late"


class Admission:
    """Decides by the seats that are free, and by how late the loop is."""

    def __init__(
        self,
        metrics: Metrics,
        lag: Lag,
        *,
        crowd: Crowd | None = None,
        quotes: Crowd | None = None,
    ) -> None:
        self._metrics = metrics
        self._lag = lag
        self._crowd = crowd or Crowd()
        self._quotes = quotes or Crowd(QUOTES)

    @asynccontextmanager
    async def admit(self, restaurant: str, event: Event, left: float) -> AsyncIterator[str]:
        """In a seat until the end of the block; a text says why the call must do with less.

        `left` is what the call has of its time.
        """
        if self._lag.is_long and isinstance(event, PriceCheck):
            yield self._count(restaurant, LATE)
            return
        rank = _rank(event)
        crowd = self._quotes if rank is Rank.QUOTE else self._crowd
        async with crowd.seat(restaurant, rank, _patience(rank, left)) as has_seat:
            if has_seat:
                yield ""
            else:
                yield self._count(restaurant, BUSY if rank is Rank.QUOTE else NO_SEAT)

    def _count(self, restaurant: str, code: str) -> str:
        self._metrics.shed.labels(restaurant, code).inc()
        return code


def _rank(event: Event) -> Rank:
    match event:
        case OrderPlaced():
            return Rank.ORDER
        case PriceCheck() | CheckoutStarted():
            return Rank.QUOTE
        case _:
            return Rank.NEWS


def _patience(rank: Rank, left: float) -> float:
    return min(QUOTE_PATIENCE, left) if rank is Rank.QUOTE else left - RECORDING
