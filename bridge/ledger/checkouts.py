"""What is known of a checkout beyond its orders: that it was paid, what was refunded of it."""

from collections.abc import Iterable
from dataclasses import replace

from bridge import canonical
from bridge.ledger import claims, shares
from bridge.ledger.book import UNREAD, Checkout
from bridge.ledger.transaction import Transaction
from bridge.model import CheckoutCancelled, CheckoutFinished, Handover, ItemsRefunded, Remainder

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
        cancelled_at=row["cancelled_at"],
        items=canonical.decode(_Remainders, row["items"]),
        charges=canonical.decode(_Remainders, row["charges"]),
    )


def learn(tx: Transaction, handover: Handover, now: float) -> Checkout:
    """Keep what the event tells, and return all that is known with it."""
    event, restaurant = handover.event, handover.restaurant
    known = load(tx, restaurant, event.checkout_id)
    if isinstance(event, CheckoutFinished):
        known = replace(known, is_finished=True)
    elif isinstance(event, CheckoutCancelled):
        received_at = handover.received_at.timestamp()
        known = replace(known, cancelled_at=max(known.cancelled_at, received_at))
    elif isinstance(event, ItemsRefunded):
        known = replace(
            known,
            items=_least((*known.items, *event.items, *_unread(event))),
            charges=_least((*known.charges, *event.charges)),
        )
    else:
        return known
    tx.execute(
        """INSERT INTO checkout (restaurant, checkout_id, is_finished, cancelled_at, items,
               charges, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
               is_finished = excluded.is_finished, cancelled_at = excluded.cancelled_at,
               items = excluded.items, charges = excluded.charges,
               updated_at = excluded.updated_at""",
        (
            restaurant,
            event.checkout_id,
            known.is_finished,
            known.cancelled_at,
            canonical.encode(known.items).decode(),
            canonical.encode(known.charges).decode(),
            now,
        ),
    )
    return known


def as_seen_by(tx: Transaction, known: Checkout, handover: Handover, order_id: str) -> Checkout:
    """What of it concerns that order, which the event is about.

    A checkout was finished by the newest of its orders, a unit belongs to one of them alone, and
    so do its service charges.
    """
    if known == Checkout():
        return known
    mine, others = claims.list_claims(tx, handover, order_id)
    lost = claims.find_lost(mine, others)
    is_payer = shares.find_payer([mine, *others], known) is mine
    return replace(
        known,
        is_finished=known.is_finished and claims.is_newest(mine, others),
        items=tuple(one for one in known.items if one.id not in lost),
        charges=known.charges if is_payer else (),
        strays=shares.find_strays(mine, others, known),
    )


def list_orders(tx: Transaction, restaurant: str, checkout_id: str) -> list[str]:
    """Ids of its orders in that restaurant, the one that was placed last at the end."""
    rows = tx.execute(
        # Without the word for it SQLite would read all orders of the restaurant.
        """SELECT order_id FROM orders INDEXED BY orders_checkout
           WHERE restaurant = ? AND checkout_id = ? ORDER BY placed_at, order_id""",
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


def _least(remainders: Iterable[Remainder]) -> _Remainders:
    least: dict[str, Remainder] = {}
    for one in remainders:
        known = least.get(one.id, one)
        least[one.id] = Remainder(
            id=one.id,
            price_cents=min(one.price_cents, known.price_cents, key=abs),
            tax_cents=min(one.tax_cents, known.tax_cents, key=abs),
        )
    return tuple(least.values())


def _unread(event: ItemsRefunded) -> _Remainders:
    """What cannot be read is something all the same, which is on no order."""
    if not event.unread:
        return ()
    return (Remainder(id=UNREAD + event.unread, price_cents=0, tax_cents=0),)
