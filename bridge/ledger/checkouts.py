"""What is known of a checkout beyond its orders: that it was paid, what was refunded of it."""

from collections.abc import Iterable
from dataclasses import replace

from bridge import canonical
from bridge.ledger.book import CHARGE, Checkout, Money
from bridge.ledger.transaction import Transaction
from bridge.model import CheckoutFinished, ItemsRefunded, News, Remainder

_Remainders = tuple[Remainder, ...]


def load(tx: Transaction, restaurant: str, checkout_id: str) -> Checkout:
    row = tx.execute(
        "SELECT * FROM checkout WHERE restaurant = ? AND checkout_id = ?",
        (restaurant, checkout_id),
    ).fetchone()
    if row is None:
        return Checkout()
    return Checkout(
        is_finished=bool(row["is_finished"]),
        items=canonical.decode(_Remainders, row["items"]),
        charges=canonical.decode(_Remainders, row["charges"]),
    )


def learn(tx: Transaction, restaurant: str, event: News, now: float) -> Checkout:
    """Keep what the event tells, and return all that is known with it."""
    known = load(tx, restaurant, event.checkout_id)
    if isinstance(event, CheckoutFinished):
        known = replace(known, is_finished=True)
    elif isinstance(event, ItemsRefunded):
        known = replace(
            known,
            items=_least((*known.items, *event.items)),
            charges=_least((*known.charges, *event.charges)),
        )
    else:
        return known
    tx.execute(
        """INSERT INTO checkout VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
               is_finished = excluded.is_finished, items = excluded.items,
               charges = excluded.charges, updated_at = excluded.updated_at""",
        (
            restaurant,
            event.checkout_id,
            known.is_finished,
            canonical.encode(known.items).decode(),
            canonical.encode(known.charges).decode(),
            now,
        ),
    )
    return known


def as_seen_by(
    tx: Transaction, known: Checkout, restaurant: str, checkout_id: str, order_id: str
) -> Checkout:
    """What of it concerns that order.

    A checkout was finished by the newest of its orders, and a service charge goes with one alone.
    """
    if known == Checkout():
        return known
    orders = list_orders(tx, restaurant, checkout_id)
    is_newest = order_id not in orders or order_id == orders[-1]
    taken = _list_charges(tx, restaurant, [one for one in orders if one != order_id])
    return replace(
        known,
        is_finished=known.is_finished and is_newest,
        charges=tuple(one for one in known.charges if CHARGE + one.id not in taken),
    )


def list_orders(tx: Transaction, restaurant: str, checkout_id: str) -> list[str]:
    """Ids of its orders in that restaurant, oldest first."""
    rows = tx.execute(
        """SELECT order_id FROM orders WHERE restaurant = ? AND checkout_id = ?
           ORDER BY accepted_at, order_id""",
        (restaurant, checkout_id),
    )
    return [row["order_id"] for row in rows]


def lacks_signs(tx: Transaction, restaurant: str, before: float) -> bool:
    """True if there were orders before that time, and never a sign that a guest paid."""
    row = tx.execute(
        """SELECT EXISTS (SELECT 1 FROM orders WHERE restaurant = :restaurant
                   AND accepted_at < :before) AND NOT EXISTS (SELECT 1 FROM orders
               WHERE restaurant = :restaurant AND committed) AS lacks""",
        {"restaurant": restaurant, "before": before},
    ).fetchone()
    return bool(row["lacks"])


def _list_charges(tx: Transaction, restaurant: str, order_ids: Iterable[str]) -> set[str]:
    """The keys of those that these orders carry already."""
    found: set[str] = set()
    for order_id in order_ids:
        row = tx.execute(
            "SELECT money FROM orders WHERE restaurant = ? AND order_id = ?",
            (restaurant, order_id),
        ).fetchone()
        found |= canonical.decode(dict[str, Money], row["money"]).keys()
    return found


def _least(remainders: Iterable[Remainder]) -> _Remainders:
    least: dict[str, Remainder] = {}
    for one in remainders:
        known = least.get(one.id, one)
        least[one.id] = Remainder(
            id=one.id,
            price_cents=min(one.price_cents, known.price_cents),
            tax_cents=min(one.tax_cents, known.tax_cents),
        )
    return tuple(least.values())
