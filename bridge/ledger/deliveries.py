"""What a lane reads and writes: work that is ready, intent, attempt, outcome."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from bridge import canonical
from bridge.ledger.orders import touch
from bridge.ledger.writer import Transaction
from bridge.model import Acceptance, DeliveryState, Operation, Order, Slip, Ticket

# Ahead in the same checkout: what is on its way, and of the same order whatever is undecided.
_AHEAD = """
EXISTS (SELECT 1 FROM delivery AS e
    WHERE e.restaurant = d.restaurant AND e.checkout_id = d.checkout_id AND e.id < d.id
      AND (e.state IN ('ready', 'sending')
           OR (e.order_id = d.order_id AND e.state IN ('waiting', 'unknown', 'held'))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A delivery as the lane needs it. `tries` counts attempts so far."""

    id: int
    restaurant: str
    order_id: str
    checkout_id: str
    operation: Operation
    version: int
    key: str
    state: DeliveryState
    revision: int
    accepted_at: float
    promise_at: float
    tries: int
    last_try_at: float | None
    first_try_at: float | None
    pos_ref: str | None
    order: Order
    slip: Slip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where a delivery goes next. `outcome` is the attempt's word, `cause` is for people."""

    state: DeliveryState
    outcome: str
    cause: str = ""
    next_at: float | None = None


def list_work(tx: Transaction, restaurant: str, now: float, limit: int) -> list[Work]:
    """Ready or to be resolved by now, oldest first, nothing before its predecessor."""
    rows = tx.execute(
        f"""SELECT d.*, (SELECT count(*) FROM attempt a WHERE a.delivery_id = d.id) AS tries,
                (SELECT max(started_at) FROM attempt a WHERE a.delivery_id = d.id) AS last_try,
                (SELECT min(started_at) FROM attempt a WHERE a.delivery_id = d.id) AS first_try,
                (SELECT p.pos_ref FROM delivery p WHERE p.restaurant = d.restaurant
                   AND p.order_id = d.order_id AND p.operation = 'place' AND p.state = 'done'
                   ORDER BY p.id DESC LIMIT 1) AS place_ref
            FROM delivery AS d
            WHERE d.restaurant = ? AND d.next_at <= ?
              AND (d.state = 'unknown' OR (d.state = 'ready' AND NOT {_AHEAD}))
            ORDER BY d.id LIMIT ?""",  # noqa: S608  a constant
        (restaurant, now, limit),
    )
    return [_work(row) for row in rows]


def next_moment(tx: Transaction, restaurant: str, now: float) -> float | None:
    """When the clock next has something to do for that restaurant, None if never."""
    row = tx.execute(
        """SELECT min(next_at) AS at FROM delivery WHERE restaurant = ? AND next_at > ?
           AND state IN ('waiting', 'ready', 'unknown')""",
        (restaurant, now),
    ).fetchone()
    return None if row["at"] is None else float(row["at"])


def begin(tx: Transaction, work: Work, ticket: Ticket, adapter: str, now: float) -> int | None:
    """Commit the intent and open an attempt; None if the delivery changed meanwhile."""
    cursor = tx.execute(
        """UPDATE delivery SET state = 'sending', cause = '', adapter = ?, ticket = ?,
               ticket_type = ?, preview = ?, revision = revision + 1, updated_at = ?
           WHERE id = ? AND revision = ? AND state IN ('ready', 'unknown')""",
        (
            adapter,
            ticket.body,
            ticket.content_type,
            ticket.preview,
            now,
            work.id,
            work.revision,
        ),
    )
    if cursor.rowcount == 0:
        return None
    cursor = tx.execute(
        "INSERT INTO attempt (delivery_id, started_at) VALUES (?, ?)", (work.id, now)
    )
    touch(tx, work.restaurant, work.order_id, now)
    return int(cursor.lastrowid or 0)


def finish(
    tx: Transaction,
    work: Work,
    verdict: Verdict,
    now: float,
    *,
    attempt: int | None = None,
    acceptance: Acceptance | None = None,
) -> None:
    """Write what became of it, and of what stood behind it."""
    pos_ref = acceptance.pos_ref if acceptance else None
    tx.execute(
        """UPDATE delivery SET state = ?, cause = ?, next_at = ?, timer = NULL,
               pos_ref = coalesce(?, pos_ref), revision = revision + 1, updated_at = ?
           WHERE id = ?""",
        (verdict.state, verdict.cause, verdict.next_at, pos_ref, now, work.id),
    )
    if attempt is not None:
        tx.execute(
            "UPDATE attempt SET ended_at = ?, outcome = ?, detail = ?, pos_ref = ? WHERE id = ?",
            (now, verdict.outcome, verdict.cause, pos_ref, attempt),
        )
    if work.operation is Operation.PLACE:
        _void_followers(tx, work, verdict.state, now)
    touch(tx, work.restaurant, work.order_id, now)


def run_timers(tx: Transaction, restaurant: str, now: float) -> int:
    """Move what waited long enough: release at its time, hold or void for want of a sign."""
    rows = tx.execute(
        """SELECT id, order_id, timer FROM delivery
           WHERE restaurant = ? AND state = 'waiting' AND next_at <= ?""",
        (restaurant, now),
    ).fetchall()
    for row in rows:
        state, cause, next_at = _expired(row["timer"], now)
        tx.execute(
            """UPDATE delivery SET state = ?, cause = ?, timer = NULL, next_at = ?,
               released_at = ?, revision = revision + 1, updated_at = ? WHERE id = ?""",
            (state, cause, next_at, next_at, now, row["id"]),
        )
        touch(tx, restaurant, row["order_id"], now)
    return len(rows)


def hold_late(tx: Transaction, restaurant: str, now: float) -> int:
    """What is past its promise is not put out by itself: a person must say so."""
    rows = tx.execute(
        """SELECT id, order_id, cause FROM delivery
           WHERE restaurant = ? AND state = 'ready' AND promise_at < ?""",
        (restaurant, now),
    ).fetchall()
    for row in rows:
        because = f" ({row['cause']})" if row["cause"] else ""
        tx.execute(
            """UPDATE delivery SET state = 'held', cause = ?, next_at = NULL,
               revision = revision + 1, updated_at = ? WHERE id = ?""",
            (f"late: print?{because}", now, row["id"]),
        )
        touch(tx, restaurant, row["order_id"], now)
    return len(rows)


def recover(tx: Transaction, now: float) -> int:
    """At start: what was being sent when the process died may or may not have arrived."""
    rows = tx.execute(
        "SELECT id, restaurant, order_id FROM delivery WHERE state = 'sending'"
    ).fetchall()
    for row in rows:
        tx.execute(
            """UPDATE delivery SET state = 'unknown', next_at = ?, revision = revision + 1,
               cause = 'the bridge stopped while this was being sent', updated_at = ?
               WHERE id = ?""",
            (now, now, row["id"]),
        )
        tx.execute(
            """UPDATE attempt SET ended_at = ?, outcome = 'interrupted'
               WHERE delivery_id = ? AND ended_at IS NULL""",
            (now, row["id"]),
        )
        touch(tx, row["restaurant"], row["order_id"], now)
    return len(rows)


def oldest_due(tx: Transaction, restaurant: str) -> float | None:
    """Since when the oldest released, due, unfinished order waits; None if none does."""
    row = tx.execute(
        """SELECT min(released_at) AS at FROM delivery
           WHERE restaurant = ? AND state IN ('ready', 'sending', 'unknown')
             AND operation = 'place'""",
        (restaurant,),
    ).fetchone()
    return None if row["at"] is None else float(row["at"])


def count_states(tx: Transaction) -> Iterable[tuple[str, str, int]]:
    """(restaurant, state, number) of what is not finished, for metrics."""
    rows = tx.execute(
        """SELECT restaurant, state, count(*) AS number FROM delivery
           WHERE state IN ('waiting', 'ready', 'sending', 'unknown', 'held')
           GROUP BY restaurant, state"""
    )
    return [(row["restaurant"], row["state"], row["number"]) for row in rows]


def _void_followers(tx: Transaction, work: Work, state: DeliveryState, now: float) -> None:
    if state not in {DeliveryState.REFUSED, DeliveryState.VOIDED}:
        return
    tx.execute(
        """UPDATE delivery SET state = 'voided', cause = 'the order itself was not taken',
               next_at = NULL, timer = NULL, revision = revision + 1, updated_at = ?
           WHERE restaurant = ? AND order_id = ? AND id > ? AND operation <> 'place'
             AND state IN ('waiting', 'ready')""",
        (now, work.restaurant, work.order_id, work.id),
    )


def _expired(timer: str | None, now: float) -> tuple[DeliveryState, str, float | None]:
    if timer == "void":
        return DeliveryState.VOIDED, "no sign that the guest paid; nothing was sent", None
    if timer == "hold":
        return DeliveryState.HELD, "not confirmed by the platform: print?", None
    return DeliveryState.READY, "", now


def _work(row: sqlite3.Row) -> Work:
    return Work(
        id=row["id"],
        restaurant=row["restaurant"],
        order_id=row["order_id"],
        checkout_id=row["checkout_id"],
        operation=Operation(row["operation"]),
        version=row["version"],
        key=row["key"],
        state=DeliveryState(row["state"]),
        revision=row["revision"],
        accepted_at=row["accepted_at"],
        promise_at=row["promise_at"],
        tries=row["tries"],
        last_try_at=row["last_try"],
        first_try_at=row["first_try"],
        pos_ref=row["place_ref"],
        order=canonical.decode(Order, row["content"]),
        slip=canonical.decode(Slip, row["slip"]),
    )
