"""What passes between the side that answers the platform and the side that serves the POS.

ingress --Handover--> worker        an event, with what became of its answer
ingress <--Recorded-- worker        "I have it"
ingress <--Outcome--- worker        the order's whole state, repeated until confirmed
ingress --Confirmed-> worker        "I have your outcome"
ingress <--Pulse----- worker        the POS's availability, every few seconds
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.model.availability import Availability
from bridge.model.event import News


class Fate(StrEnum):
    """What became of a 2XX answer."""

    WRITTEN = "written"  # in time, on an open connection
    GONE = "gone"  # the connection was closed before the answer was out
    UNSURE = "unsure"  # decided, then this process died


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """`event_id` is `<ingress>:<seq>`; `copy` counts publishes of it, from 1."""

    event_id: str
    ingress: str
    seq: int
    restaurant: str
    correlation_id: str
    received_at: datetime
    fate: Fate
    event: News
    copy: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The worker's ledger has these events (their seq) of that ingress."""

    worker: str
    restaurant: str
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that the worker knows of one order; a higher revision replaces a lower one.

    `document` is the JSON of `GET /api/v1/orders/{order_id}` as far as the worker knows it.
    """

    worker: str
    restaurant: str
    order_id: str
    revision: int
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The ingress has recorded outcomes of that worker: (order id, revision) of each.

    Whoever serves the restaurant hears it, with revisions of its own.
    """

    ingress: str
    worker: str
    restaurant: str
    revisions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """A worker is alive and this is what it knows of a restaurant's POS.

    `failing_since`: since when probes fail without a good sign, proven or not;
    `proven_down`: three of them over at least ten seconds, or the POS says so;
    `oldest_due_at`: since when the oldest released, due, unfinished order waits;
    `taken_over_at`: when a person said that the worker before this one is gone for good.
    """

    worker: str
    restaurant: str
    sent_at: datetime
    availability: Availability
    proven_down: bool = False
    failing_since: datetime | None = None
    oldest_due_at: datetime | None = None
    console: str = ""
    taken_over_at: datetime | None = None
