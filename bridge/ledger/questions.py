"""The deliveries that wait for a person, and how many there are of each kind."""

from dataclasses import dataclass

from bridge.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One that is held; a new revision may be a new question."""

    id: int
    revision: int
    restaurant: str
    order_id: str
    correlation_id: str
    operation: str
    version: int
    reason: str
    side: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of a restaurant are held for one reason."""

    restaurant: str
    reason: str
    side: str
    number: int


def list_asked(tx: Transaction) -> list[Asked]:
    """All of them, oldest first."""
    rows = tx.execute(
        """SELECT id, revision, restaurant, order_id, correlation_id, operation, version, reason,
               side, cause FROM delivery WHERE unsettled = 'held' ORDER BY id"""
    )
    return [Asked(**dict(row)) for row in rows]


def count_asked(tx: Transaction) -> list[Count]:
    """Of those that are held."""
    rows = tx.execute(
        """SELECT restaurant, reason, side, count(*) AS number FROM delivery
           WHERE unsettled = 'held' GROUP BY restaurant, reason, side"""
    )
    return [Count(**dict(row)) for row in rows]
