"""Refunds that stand on no order: money went back, and no delivery says so."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge import canonical
from bridge.ledger.book import CHARGE, Money
from bridge.ledger.transaction import Transaction
from bridge.model import Remainder

MOST = 100
# How long people are reminded: nobody can say here that it was seen to.
WEEK = 7 * 24 * 3600.0

_Money = dict[str, Money]
_Remainders = tuple[Remainder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """`name`: the correlation id of the call, for `show`; its checkout if the call is elsewhere."""

    restaurant: str
    name: str


def list_unplaced(tx: Transaction, since: float) -> list[Unplaced]:
    """Those heard of since then: what could not be read, and what is on no order, oldest first."""
    return [*_list_unread(tx, since), *_list_homeless(tx, since)][:MOST]


def _list_unread(tx: Transaction, since: float) -> list[Unplaced]:
    """Of these not even the checkout is known, or whose it is."""
    rows = tx.execute(
        """SELECT restaurant, correlation_id FROM request INDEXED BY request_refund_unread
           WHERE hook = 'items-refunded' AND event IS NULL AND received_at >= ?
           ORDER BY received_at LIMIT ?""",
        (since, MOST),
    )
    return [Unplaced(restaurant=row["restaurant"], name=row["correlation_id"]) for row in rows]


def _list_homeless(tx: Transaction, since: float) -> Iterator[Unplaced]:
    rows = tx.execute(
        """SELECT * FROM checkout INDEXED BY checkout_refunded
           WHERE (items <> '[]' OR charges <> '[]') AND updated_at >= ? ORDER BY updated_at""",
        (since,),
    ).fetchall()
    for row in rows:
        restaurant, checkout_id = row["restaurant"], row["checkout_id"]
        keys = _list_keys(tx, restaurant, checkout_id)
        items = {one.id for one in canonical.decode(_Remainders, row["items"])}
        charges = {CHARGE + one.id for one in canonical.decode(_Remainders, row["charges"])}
        # An order with a fee of its own answers for all charges.
        if not items <= keys or not (CHARGE in keys or charges <= keys):
            name = _find_call(tx, restaurant, checkout_id) or f"checkout {checkout_id}"
            yield Unplaced(restaurant=restaurant, name=name)


def _list_keys(tx: Transaction, restaurant: str, checkout_id: str) -> set[str]:
    rows = tx.execute(
        "SELECT money FROM orders WHERE restaurant = ? AND checkout_id = ?",
        (restaurant, checkout_id),
    )
    return {key for row in rows for key in canonical.decode(_Money, row["money"])}


def _find_call(tx: Transaction, restaurant: str, checkout_id: str) -> str:
    row = tx.execute(
        """SELECT correlation_id FROM request INDEXED BY request_checkout
           WHERE restaurant = ? AND checkout_id = ? AND order_id = '' AND hook = 'items-refunded'
           ORDER BY seq DESC LIMIT 1""",
        (restaurant, checkout_id),
    ).fetchone()
    return str(row["correlation_id"]) if row else ""
