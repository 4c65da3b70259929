"""The worker's half: events it has recorded, the state of each order, its deliveries."""

from collections.abc import Iterable
from dataclasses import replace

from bridge import canonical
from bridge.ledger import digest
from bridge.ledger.book import Action, Amendment, Book, Booked, Booking, Fold, Money, Move, Open
from bridge.ledger.transaction import Transaction
from bridge.model import (
    CheckoutFinished,
    DeliveryState,
    Handover,
    Operation,
    Order,
    OrderChanged,
    OrderPlaced,
    Slip,
    SlipKind,
    effect_key,
)
from bridge.model.question import Reason

REPORTS = "reports"
_RELEASED = frozenset({DeliveryState.READY, DeliveryState.UNKNOWN})

# After these words of an attempt it is certain that nothing of it is in the POS.
NOTHING_SENT = ("unreachable", "busy", "operator_needed", "misconfigured", "rejected")

# It is void, and what was decided about it last made it so.
BY_HAND = """
(d.state = 'voided' AND 'void' IS (SELECT x.action FROM decision AS x
    WHERE x.delivery_id = d.id ORDER BY x.id DESC LIMIT 1))
"""

_DELIVERIES = f"""
SELECT d.*, {BY_HAND} AS by_hand, EXISTS (SELECT 1 FROM attempt AS a WHERE a.delivery_id = d.id AND
    (a.outcome IS NULL OR a.outcome NOT IN {NOTHING_SENT})) AS may_be_there
FROM delivery AS d WHERE d.restaurant = ? AND d.order_id = ? ORDER BY d.id
"""  # noqa: S608  constants only


def lane_topic(restaurant: str) -> str:
    return f"lane:{restaurant}"


def board_topic(restaurant: str) -> str:
    return f"board:{restaurant}"


def has_event(tx: Transaction, event_id: str) -> bool:
    row = tx.execute("SELECT 1 FROM inbox WHERE event_id = ?", (event_id,)).fetchone()
    return row is not None


def list_of_event(tx: Transaction, event_id: str) -> list[str]:
    """Ids of the orders that a recorded event concerned."""
    rows = tx.execute(
        "SELECT order_id FROM inbox WHERE event_id = ? AND order_id <> ''", (event_id,)
    )
    return [row["order_id"] for row in rows]


def load_book(tx: Transaction, restaurant: str, order_id: str) -> Book:
    row = tx.execute(
        "SELECT * FROM orders WHERE restaurant = ? AND order_id = ?", (restaurant, order_id)
    ).fetchone()
    if row is None:
        return Book()
    return Book(
        current=canonical.decode(Order, row["current"]),
        committed=bool(row["committed"]),
        cancelled=bool(row["cancelled"]),
        fires_at=row["fires_at"],
        money=canonical.decode(dict[str, Money], row["money"]),
        heard=canonical.decode(tuple[str, ...], row["heard"]),
        deliveries=tuple(
            Booked(
                id=line["id"],
                operation=Operation(line["operation"]),
                version=line["version"],
                state=DeliveryState(line["state"]),
                timer=line["timer"],
                accepted_at=line["accepted_at"],
                content=canonical.decode(Order, line["content"]),
                slip=canonical.decode(Slip, line["slip"]),
                promise_at=line["promise_at"],
                may_be_there=bool(line["may_be_there"]),
                by_hand=bool(line["by_hand"]),
            )
            for line in tx.execute(_DELIVERIES, (restaurant, order_id))
        ),
    )


def apply(
    tx: Transaction, handover: Handover, booking: Booking, now: float, *, report: bool
) -> None:
    """Write event, order and deliveries together; with `report` the ingress is to hear of it."""
    order = booking.current
    note_event(tx, handover, order.id if order else handover.event.order_id, booking.note, now)
    if order is None:
        return
    rebook(tx, handover, order, booking, now)
    if report:
        tx.execute(
            "INSERT OR IGNORE INTO report (ingress, restaurant, order_id) VALUES (?, ?, ?)",
            (handover.ingress, handover.restaurant, order.id),
        )


def rebook(tx: Transaction, handover: Handover, order: Order, booking: Booking, now: float) -> None:
    """Write order and deliveries, with or without an event of the platform behind it."""
    _put_order(tx, handover, order, booking, now)
    for action in booking.actions:
        _act(tx, handover, action, now)
    _tell(tx, handover.restaurant, order.id)


def amend(
    tx: Transaction, restaurant: str, order_id: str, actions: Iterable[Amendment], now: float
) -> None:
    """What follows for the order's deliveries without any event."""
    for action in actions:
        _amend(tx, action, now)
        touch(tx, restaurant, order_id, now)


def note_event(tx: Transaction, handover: Handover, order_id: str, note: str, now: float) -> None:
    """The event is recorded, whatever it does; without an order under the id ''."""
    tx.execute(
        "INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            handover.event_id,
            handover.ingress,
            handover.seq,
            handover.restaurant,
            order_id,
            handover.fate,
            now,
            note,
        ),
    )


def hold_unbooked(
    tx: Transaction, handover: Handover, order: Order, reason: str, now: float, *, report: bool
) -> None:
    """An event that could not be booked: kept, and held for a person, so that others go on."""
    row = tx.execute(
        """SELECT max(version) AS version FROM delivery WHERE restaurant = ? AND order_id = ?""",
        (handover.restaurant, order.id),
    ).fetchone()
    version = (row["version"] or 0) + 1
    is_first = version == 1
    question = Open(
        operation=Operation.PLACE if is_first else Operation.CHANGE,
        version=version,
        state=DeliveryState.HELD,
        slip=Slip(kind=SlipKind.PLACE if is_first else SlipKind.CHANGE, version=version),
        content=order,
        promise_at=now,
        cause=reason,
        reason=Reason.UNBOOKED,
    )
    known = load_facts(tx, handover.restaurant, order.id)
    # Our mistake is no sign that the guest paid, though the event may be one.
    committed = known.committed or isinstance(handover.event, OrderChanged | CheckoutFinished)
    booking = replace(known, note=reason, current=order, committed=committed, actions=(question,))
    apply(tx, handover, booking, now, report=report)


def load_current(tx: Transaction, restaurant: str, order_id: str) -> Order:
    """The newest state of an order that is known."""
    row = tx.execute(
        "SELECT current FROM orders WHERE restaurant = ? AND order_id = ?", (restaurant, order_id)
    ).fetchone()
    return canonical.decode(Order, row["current"])


def load_facts(tx: Transaction, restaurant: str, order_id: str) -> Booking:
    """What is known of an order beside its content, as a booking that would change nothing."""
    row = tx.execute(
        """SELECT committed, cancelled, fires_at, money FROM orders
           WHERE restaurant = ? AND order_id = ?""",
        (restaurant, order_id),
    ).fetchone()
    if row is None:
        return Booking(note="")
    return Booking(
        note="",
        committed=bool(row["committed"]),
        cancelled=bool(row["cancelled"]),
        fires_at=row["fires_at"],
        money=canonical.decode(dict[str, Money], row["money"]),
    )


def touch(
    tx: Transaction, restaurant: str, order_id: str, now: float, *, lane: bool = True
) -> None:
    """Something about the order's deliveries changed: a new revision, and all who watch hear.

    Without `lane` for what the lane itself does: it goes on by itself.
    """
    tx.execute(
        """UPDATE orders SET revision = revision + 1, updated_at = ?
           WHERE restaurant = ? AND order_id = ?""",
        (now, restaurant, order_id),
    )
    _tell(tx, restaurant, order_id, lane=lane)


def _tell(tx: Transaction, restaurant: str, order_id: str, *, lane: bool = True) -> None:
    tx.execute(
        "UPDATE report SET open = 1 WHERE restaurant = ? AND order_id = ? AND NOT open",
        (restaurant, order_id),
    )
    if lane:
        tx.touch(lane_topic(restaurant))
    tx.touch(board_topic(restaurant))
    tx.touch(REPORTS)


def _put_order(
    tx: Transaction, handover: Handover, order: Order, booking: Booking, now: float
) -> None:
    received_at = handover.received_at.timestamp()
    tx.execute(
        """INSERT INTO orders (restaurant, order_id, checkout_id, number, current, committed,
               cancelled, fires_at, money, heard, placed_at, accepted_at, updated_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET current = excluded.current, number = excluded.number,
               committed = excluded.committed, cancelled = excluded.cancelled,
               fires_at = excluded.fires_at, money = excluded.money, heard = excluded.heard,
               revision = revision + 1, updated_at = excluded.updated_at,
               placed_at = CASE WHEN ? THEN max(placed_at, excluded.placed_at)
                                ELSE placed_at END""",
        (
            handover.restaurant,
            order.id,
            order.checkout_id,
            order.number,
            _text(order),
            booking.committed,
            booking.cancelled,
            booking.fires_at,
            canonical.encode(booking.money).decode(),
            canonical.encode(booking.heard).decode(),
            received_at,
            received_at,
            now,
            isinstance(handover.event, OrderPlaced),
        ),
    )


def _act(tx: Transaction, handover: Handover, action: Action, now: float) -> None:
    match action:
        case Open():
            delivery_id = _open(tx, handover, action, now)
            _note_doubt(tx, handover, action, delivery_id, now)
        case Move():
            _amend(tx, action, now)
            _note_doubt(tx, handover, action, action.delivery_id, now)
        case Fold():
            _amend(tx, action, now)


def _amend(tx: Transaction, action: Amendment, now: float) -> None:
    match action:
        case Fold():
            tx.execute(
                """UPDATE delivery SET content = ?, slip = ?, digest = ?, revision = revision + 1,
                   promise_at = coalesce(?, promise_at), updated_at = ? WHERE id = ?""",
                (
                    *sealed(action.content, action.slip),
                    action.promise_at,
                    now,
                    action.delivery_id,
                ),
            )
        case Move():
            tx.execute(
                """UPDATE delivery SET state = ?, next_at = ?, timer = ?, cause = ?, reason = ?,
                   released_at = ?, revision = revision + 1, updated_at = ? WHERE id = ?""",
                (
                    action.state,
                    action.next_at,
                    action.timer,
                    action.cause,
                    action.reason,
                    now if action.state in _RELEASED else None,
                    now,
                    action.delivery_id,
                ),
            )


def _open(tx: Transaction, handover: Handover, action: Open, now: float) -> int:
    order = action.content
    cursor = tx.execute(
        """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
               correlation_id, state, cause, reason, timer, next_at, content, slip, digest,
               accepted_at, released_at, promise_at, amount_cents, updated_at)
           SELECT o.restaurant, o.order_id, o.checkout_id,
               ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
           FROM orders AS o WHERE o.restaurant = ? AND o.order_id = ?""",
        (
            action.operation,
            action.version,
            effect_key(handover.restaurant, order.id, action.operation, action.version),
            handover.correlation_id,
            action.state,
            action.cause,
            action.reason,
            action.timer,
            action.next_at,
            *sealed(order, action.slip),
            handover.received_at.timestamp(),
            now if action.state in _RELEASED else None,
            action.promise_at,
            action.amount_cents,
            now,
            # Its checkout is the one it was first heard of with, whatever a later event says.
            handover.restaurant,
            order.id,
        ),
    )
    return int(cursor.lastrowid or 0)


def _note_doubt(
    tx: Transaction, handover: Handover, action: Open | Move, delivery_id: int, now: float
) -> None:
    """What another worker may have sent counts as tried, or a void would not be told."""
    if action.state is not DeliveryState.UNKNOWN:
        return
    tx.execute(
        """INSERT INTO attempt (delivery_id, started_at, ended_at, outcome, detail)
           VALUES (?, ?, ?, 'unknown', ?)""",
        (delivery_id, handover.received_at.timestamp(), now, action.cause),
    )


def sealed(content: Order, slip: Slip) -> tuple[str, str, int]:
    """Content, slip, and the checksum of both."""
    row = {"content": _text(content), "slip": _text(slip)}
    return row["content"], row["slip"], digest.digest(row, digest.DELIVERY)


def _text(value: Order | Slip) -> str:
    return canonical.encode(value).decode()
