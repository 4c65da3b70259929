"""The deliveries that wait for a person, and how many there are of each kind."""

from dataclasses import dataclass

from bridge.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One that is held, and how many decisions were made about it before."""

    id: int
    decisions: int
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
        """SELECT id, restaurant, order_id, correlation_id, operation, version, reason, side, cause,
               (SELECT count(*) FROM decision AS x WHERE x.delivery_id = d.id) AS decisions
           FROM delivery AS d WHERE unsettled = 'held' ORDER BY id"""
    )
    return [Asked(**dict(row)) for row in rows]


def count_asked(tx: Transaction) -> list[Count]:
    """Of those that are held."""
    rows = tx.execute(
        """SELECT restaurant, reason, side, count(*) AS number FROM delivery
           WHERE unsettled = 'held' GROUP BY restaurant, reason, side"""
    )
    return [Count(**dict(row)) for row in rows]
