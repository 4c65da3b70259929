"""What is known of a POS now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PosState(StrEnum):
    UP = "up"
    DOWN = "down"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """`sold_out` holds the platform's menu item ids; `reason` is for people."""

    state: PosState
    reason: str = ""
    sold_out: frozenset[str] = frozenset()
    checked_at: datetime | None = None

    @classmethod
    def up(cls, sold_out: frozenset[str] = frozenset()) -> "Availability":
        return cls(state=PosState.UP, sold_out=sold_out)
