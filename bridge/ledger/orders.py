"""The worker's half: events it has recorded, the state of each order, its deliveries."""

from bridge import canonical
from bridge.ledger.book import Action, Book, Booked, Booking, Fold, Move, Open
from bridge.ledger.writer import Transaction
from bridge.model import DeliveryState, Handover, Operation, Order, Slip, effect_key

REPORTS = "reports"


def lane_topic(restaurant: str) -> str:
    return f"lane:{restaurant}"


def board_topic(restaurant: str) -> str:
    return f"board:{restaurant}"


def has_event(tx: Transaction, event_id: str) -> bool:
    row = tx.execute("SELECT 1 FROM inbox WHERE event_id = ?", (event_id,)).fetchone()
    return row is not None


def load_book(tx: Transaction, restaurant: str, order_id: str) -> Book:
    row = tx.execute(
        "SELECT current, committed FROM orders WHERE restaurant = ? AND order_id = ?",
        (restaurant, order_id),
    ).fetchone()
    if row is None:
        return Book()
    return Book(
        current=canonical.decode(Order, row["current"]),
        committed=bool(row["committed"]),
        deliveries=tuple(
            Booked(
                id=line["id"],
                operation=Operation(line["operation"]),
                version=line["version"],
                state=DeliveryState(line["state"]),
                timer=line["timer"],
                content=canonical.decode(Order, line["content"]),
            )
            for line in tx.execute(
                "SELECT * FROM delivery WHERE restaurant = ? AND order_id = ? ORDER BY id",
                (restaurant, order_id),
            )
        ),
    )


def apply(
    tx: Transaction, handover: Handover, booking: Booking, now: float, *, report: bool
) -> None:
    """Write event, order and deliveries together; with `report` the ingress is to hear of it."""
    order = handover.event.order
    tx.execute(
        "INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            handover.event_id,
            handover.ingress,
            handover.seq,
            handover.restaurant,
            order.id,
            handover.fate,
            now,
            booking.note,
        ),
    )
    if booking.current is None:
        return
    _put_order(tx, handover, booking, now)
    for action in booking.actions:
        _act(tx, handover, action, now)
    if report:
        tx.execute(
            "INSERT OR IGNORE INTO report (ingress, restaurant, order_id) VALUES (?, ?, ?)",
            (handover.ingress, handover.restaurant, order.id),
        )
    touch(tx, handover.restaurant, order.id, now)


def touch(tx: Transaction, restaurant: str, order_id: str, now: float) -> None:
    """Something about the order's deliveries changed: a new revision, and all who watch hear."""
    tx.execute(
        """UPDATE orders SET revision = revision + 1, updated_at = ?
           WHERE restaurant = ? AND order_id = ?""",
        (now, restaurant, order_id),
    )
    tx.touch(lane_topic(restaurant))
    tx.touch(board_topic(restaurant))
    tx.touch(REPORTS)


def serve(tx: Transaction, restaurant: str, now: float) -> float:
    """Since when this ledger serves the restaurant; from now on if it never did."""
    tx.execute("INSERT OR IGNORE INTO service VALUES (?, ?)", (restaurant, now))
    row = tx.execute("SELECT since FROM service WHERE restaurant = ?", (restaurant,)).fetchone()
    return float(row["since"])


def _put_order(tx: Transaction, handover: Handover, booking: Booking, now: float) -> None:
    order = booking.current
    if order is None:
        return
    tx.execute(
        """INSERT INTO orders (restaurant, order_id, checkout_id, number, current, committed,
               accepted_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET current = excluded.current, number = excluded.number,
               committed = excluded.committed""",
        (
            handover.restaurant,
            order.id,
            order.checkout_id,
            order.number,
            _text(order),
            booking.committed,
            handover.received_at.timestamp(),
            now,
        ),
    )


def _act(tx: Transaction, handover: Handover, action: Action, now: float) -> None:
    match action:
        case Open():
            _open(tx, handover, action, now)
        case Fold():
            tx.execute(
                """UPDATE delivery SET content = ?, slip = ?, revision = revision + 1,
                   updated_at = ? WHERE id = ?""",
                (_text(action.content), _text(action.slip), now, action.delivery_id),
            )
        case Move():
            tx.execute(
                """UPDATE delivery SET state = ?, next_at = ?, timer = ?, cause = ?,
                   released_at = ?, revision = revision + 1, updated_at = ? WHERE id = ?""",
                (
                    action.state,
                    action.next_at,
                    action.timer,
                    action.cause,
                    now if action.state is DeliveryState.READY else None,
                    now,
                    action.delivery_id,
                ),
            )


def _open(tx: Transaction, handover: Handover, action: Open, now: float) -> None:
    order = action.content
    tx.execute(
        """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
               state, cause, timer, next_at, content, slip, accepted_at, released_at,
               promise_at, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            handover.restaurant,
            order.id,
            order.checkout_id,
            action.operation,
            action.version,
            effect_key(handover.restaurant, order.id, action.operation, action.version),
            action.state,
            action.cause,
            action.timer,
            action.next_at,
            _text(order),
            _text(action.slip),
            handover.received_at.timestamp(),
            now if action.state in {DeliveryState.READY, DeliveryState.UNKNOWN} else None,
            action.promise_at,
            now,
        ),
    )


def _text(value: Order | Slip) -> str:
    return canonical.encode(value).decode()
