"""Refunds that stand on no order: money went back, and no delivery says so."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge import canonical
from bridge.ledger.book import CHARGE, Checkout, Money
from bridge.ledger.transaction import Transaction

MOST = 100
# How long people are reminded: nobody can say here that it was seen to.
WEEK = 7 * 24 * 3600.0

_Money = dict[str, Money]


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
        """SELECT restaurant, checkout_id FROM checkout INDEXED BY checkout_homeless
           WHERE homeless AND updated_at >= ? ORDER BY updated_at LIMIT ?""",
        (since, MOST),
    ).fetchall()
    for row in rows:
        restaurant, checkout_id = row["restaurant"], row["checkout_id"]
        name = _find_call(tx, restaurant, checkout_id) or f"checkout {checkout_id}"
        yield Unplaced(restaurant=restaurant, name=name)


def look_for_home(tx: Transaction, restaurant: str, checkout_id: str, refunded: Checkout) -> None:
    """Note whether all that was refunded of a checkout stands on its orders, as known now."""
    keys = _list_keys(tx, restaurant, checkout_id)
    items = {one.id for one in refunded.items}
    charges = {CHARGE + one.id for one in refunded.charges}
    # An order with a fee of its own answers for all charges.
    is_homeless = not items <= keys or not (CHARGE in keys or charges <= keys)
    tx.execute(
        """UPDATE checkout SET homeless = ?
           WHERE restaurant = ? AND checkout_id = ? AND homeless <> ?""",
        (is_homeless, restaurant, checkout_id, is_homeless),
    )


def _list_keys(tx: Transaction, restaurant: str, checkout_id: str) -> set[str]:
    rows = tx.execute(
        """SELECT money FROM orders INDEXED BY orders_checkout
           WHERE restaurant = ? AND checkout_id = ?""",
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
