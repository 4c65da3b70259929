"""Which order of a checkout its items belong to: attempts may keep the ids of their units.

Of several orders with one unit it is the one that was paid; else the one that was released; else
one that lives; else the newest.
"""

import sqlite3
from dataclasses import dataclass, replace

from bridge import canonical
from bridge.ledger.book import CHARGE, Money
from bridge.ledger.transaction import Transaction
from bridge.model import Handover, OrderChanged, OrderPlaced

_DEAD, _WAITS, _RELEASED = range(3)

_CLAIMS = f"""
SELECT o.order_id, o.committed, o.cancelled, o.placed_at, o.money, coalesce((
    SELECT CASE WHEN d.state IN ('voided', 'refused') THEN {_DEAD}
                WHEN d.timer IN ('hold', 'void') THEN {_WAITS} ELSE {_RELEASED} END
    FROM delivery AS d WHERE d.restaurant = o.restaurant AND d.order_id = o.order_id
        AND d.operation = 'place' ORDER BY d.id DESC LIMIT 1), {_DEAD}) AS standing
FROM orders AS o INDEXED BY orders_checkout WHERE o.restaurant = ? AND o.checkout_id = ?
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one order has of its checkout. `keys`: of its units, as in `Book.money`.

    `doubted`: what it has told of, and nobody knows. `tells_fee`: a refund of its charges was told.
    """

    order_id: str
    committed: bool
    standing: int
    placed_at: float
    keys: frozenset[str]
    doubted: frozenset[str] = frozenset()
    is_cancelled: bool = False
    has_fee: bool = False
    tells_fee: bool = False

    @property
    def is_live(self) -> bool:
        """True if it is made, or may be."""
        return self.standing != _DEAD and not self.is_cancelled

    @property
    def rank(self) -> tuple[bool, int, float, str]:
        return self.committed, self.standing, self.placed_at, self.order_id


def list_claims(tx: Transaction, handover: Handover, order_id: str) -> tuple[Claim, list[Claim]]:
    """That of this order, with what the event says of it, and those of the others beside it."""
    rows = tx.execute(_CLAIMS, (handover.restaurant, handover.event.checkout_id))
    known = {row["order_id"]: _claim(row) for row in rows}
    mine = known.pop(order_id, None)
    return _told(handover, order_id, mine), list(known.values())


def find_lost(mine: Claim, others: list[Claim]) -> set[str]:
    """The keys of this order that belong to another one."""
    better = [one for one in others if one.rank > mine.rank]
    return {key for one in better for key in mine.keys & one.keys}


def is_newest(mine: Claim, others: list[Claim]) -> bool:
    """True if no other order was placed later."""
    return all((one.placed_at, one.order_id) <= (mine.placed_at, mine.order_id) for one in others)


def _claim(row: sqlite3.Row) -> Claim:
    money = canonical.decode(dict[str, Money], row["money"])
    fee = money.get(CHARGE)
    return Claim(
        order_id=row["order_id"],
        committed=bool(row["committed"]),
        is_cancelled=bool(row["cancelled"]),
        standing=row["standing"],
        placed_at=row["placed_at"],
        keys=frozenset(key for key, one in money.items() if one.is_known and key != CHARGE),
        doubted=frozenset(key for key, one in money.items() if not one.is_known),
        has_fee=fee is not None,
        tells_fee=fee is not None and fee.is_told,
    )


def _told(handover: Handover, order_id: str, known: Claim | None) -> Claim:
    """An order is heard of before it is written down."""
    event, received_at = handover.event, handover.received_at.timestamp()
    mine = known or Claim(
        order_id=order_id,
        committed=False,
        standing=_WAITS,
        placed_at=received_at,
        keys=frozenset(),
    )
    if not isinstance(event, OrderPlaced | OrderChanged):
        return mine
    is_placed = isinstance(event, OrderPlaced)
    return replace(
        mine,
        committed=mine.committed or not is_placed,
        standing=max(mine.standing, _WAITS),
        is_cancelled=False,
        placed_at=max(mine.placed_at, received_at) if is_placed else mine.placed_at,
        keys=mine.keys | {unit.id for line in event.order.lines for unit in line.units},
        has_fee=mine.has_fee or event.order.totals.fee_cents > 0,
    )
