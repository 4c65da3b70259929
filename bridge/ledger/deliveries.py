"""What a lane reads and writes: work that is ready, intent, attempt, outcome."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from bridge import canonical
from bridge.ledger import digest, handling, soundness
from bridge.ledger.orders import touch
from bridge.ledger.transaction import Transaction
from bridge.model import Acceptance, DeliveryState, Operation, Order, Slip, Ticket
from bridge.model.question import Reason, reason_of

# Written later than now: the clock was set back, and times of before mean nothing.
_CLOCK_SLACK = 1.0

# A task for the operator: nothing of it is sent, so what comes after it need not wait.
TASK = "task"
OPERATOR_TASK = "operator_task"

_NOT_TAKEN = frozenset({DeliveryState.REFUSED, DeliveryState.VOIDED})

MAY_BE_THERE = "may already be in the POS: look there before it is sent again"

# Ahead in the same order: whatever is not finished, except a task for the operator.
QUESTION_AHEAD = """
EXISTS (SELECT 1 FROM delivery AS q
    WHERE q.restaurant = {0}.restaurant AND q.order_id = {0}.order_id AND q.id < {0}.id
      AND (q.state IN ('waiting', 'unknown') OR (q.state = 'held' AND q.timer IS NOT 'task')))
"""

# Ahead in the same checkout: what is on its way, unless it waits behind a question itself.
_AHEAD = f"""
({QUESTION_AHEAD.format("d")}
 OR EXISTS (SELECT 1 FROM delivery AS e
    WHERE e.restaurant = d.restaurant AND e.order_id = d.order_id AND e.id < d.id
      AND e.state IN ('ready', 'sending'))
 OR EXISTS (SELECT 1 FROM delivery AS e
    WHERE e.restaurant = d.restaurant AND e.checkout_id = d.checkout_id AND e.id < d.id
      AND e.state IN ('ready', 'sending') AND NOT {QUESTION_AHEAD.format("e")}))
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A delivery as the lane needs it. `tries` counts attempts so far.

    `last_try_at`: when the last attempt ended, `first_try_at`: when the first began.
    `unclean_ends`: how often in a row the process died while this was handled.
    `answered_for`: the promise that was past when a person let it go out.
    """

    id: int
    restaurant: str
    order_id: str
    checkout_id: str
    operation: Operation
    version: int
    key: str
    correlation_id: str
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
    unclean_ends: int = 0
    answered_for: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where a delivery goes next. `outcome` is the attempt's word, `cause` is for people.

    `side`: who can mend it, where that is not the one whom the outcome says.
    """

    state: DeliveryState
    outcome: str
    cause: str = ""
    next_at: float | None = None
    side: str = ""


def list_work(
    tx: Transaction, restaurant: str, now: float, limit: int, *, answered_first: bool = False
) -> list[Work]:
    """Ready or to be resolved by now, nothing before its predecessor.

    Oldest first; and in turns with them what was past its promise before a person let it go out,
    the freshest promise first: those guests are the likeliest to wait still, and neither the new
    orders nor they stand behind all of the others.
    """
    values = (restaurant, now, now + _CLOCK_SLACK, limit)
    usual = _list_rows(tx, "d.answered_for IS NULL", "d.id", values)
    answered = _list_rows(tx, "d.answered_for IS NOT NULL", "d.answered_for DESC, d.id", values)
    turns = (answered, usual) if answered_first else (usual, answered)
    rows = [row for pair in zip_longest(*turns) for row in pair if row is not None]
    found = [(row, _work(row)) for row in rows[:limit]]
    for row, work in found:
        if work is None:
            _hold_unreadable(tx, row, now)
    return [work for _row, work in found if work is not None]


def _list_rows(
    tx: Transaction, condition: str, order: str, values: tuple[object, ...]
) -> list[sqlite3.Row]:
    return tx.execute(
        f"""SELECT d.*, (SELECT count(*) FROM attempt a WHERE a.delivery_id = d.id) AS tries,
                (SELECT max(coalesce(ended_at, started_at)) FROM attempt a
                   WHERE a.delivery_id = d.id) AS last_try,
                (SELECT min(started_at) FROM attempt a WHERE a.delivery_id = d.id) AS first_try,
                (SELECT p.pos_ref FROM delivery p WHERE p.restaurant = d.restaurant
                   AND p.order_id = d.order_id AND p.operation = 'place' AND p.state = 'done'
                   ORDER BY p.id DESC LIMIT 1) AS place_ref,
                 (SELECT h.unclean_ends FROM handling h WHERE h.delivery_id = d.id) AS ends
            FROM delivery AS d INDEXED BY delivery_lane
            WHERE d.lane = ? AND {condition} AND d.state IN ('ready', 'unknown')
              AND (d.next_at <= ? OR d.updated_at > ?) AND NOT {_AHEAD}
            ORDER BY {order} LIMIT ?""",  # noqa: S608  constants
        values,
    ).fetchall()


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
    touch(tx, work.restaurant, work.order_id, now, lane=False)
    return int(cursor.lastrowid or 0)


def finish(
    tx: Transaction,
    work: Work,
    verdict: Verdict,
    now: float,
    *,
    attempt: int | None = None,
    acceptance: Acceptance | None = None,
) -> bool:
    """Write what became of it, and of what stood behind it.

    False if somebody else has decided about the delivery meanwhile: that decision stands.
    """
    pos_ref = acceptance.pos_ref if acceptance else None
    handling.finish(tx, work.id)
    is_mine = _move(tx, work, verdict, now, pos_ref, is_tried=attempt is not None)
    if attempt is not None:
        tx.execute(
            "UPDATE attempt SET ended_at = ?, outcome = ?, detail = ?, pos_ref = ? WHERE id = ?",
            (now, verdict.outcome, verdict.cause, pos_ref, attempt),
        )
    if is_mine and work.operation is Operation.PLACE and verdict.state in _NOT_TAKEN:
        void_followers(tx, work.restaurant, work.order_id, work.id, now)
    touch(tx, work.restaurant, work.order_id, now, lane=False)
    return is_mine


def _move(
    tx: Transaction,
    work: Work,
    verdict: Verdict,
    now: float,
    pos_ref: str | None,
    *,
    is_tried: bool,
) -> bool:
    """False if it changed meanwhile."""
    is_mine = "state = 'sending'" if is_tried else "revision = :revision"
    cursor = tx.execute(
        f"""UPDATE delivery SET state = :state, cause = :cause, next_at = :next_at,
               timer = :timer, reason = :reason, side = :side,
               pos_ref = coalesce(:pos_ref, pos_ref), revision = revision + 1,
               updated_at = :now WHERE id = :id AND {is_mine}""",  # noqa: S608  two constants
        {
            "state": verdict.state,
            "cause": verdict.cause,
            "next_at": verdict.next_at,
            "timer": TASK if verdict.outcome == OPERATOR_TASK else None,
            "reason": reason_of(verdict.state, verdict.outcome),
            "side": verdict.side,
            "pos_ref": pos_ref,
            "now": now,
            "id": work.id,
            "revision": work.revision,
        },
    )
    return cursor.rowcount > 0


def oldest_due(tx: Transaction, restaurant: str) -> float | None:
    """Since when the oldest released, due, unfinished order waits; None if none does."""
    row = tx.execute(
        """SELECT min(released_at) AS at FROM delivery
           WHERE lane = ? AND state IN ('ready', 'sending', 'unknown')
             AND operation = 'place'""",
        (restaurant,),
    ).fetchone()
    return None if row["at"] is None else float(row["at"])


def count_states(tx: Transaction) -> Iterable[tuple[str, str, int]]:
    """(restaurant, state, number) of what is not finished, for metrics."""
    rows = tx.execute(
        """SELECT restaurant, unsettled AS state, count(*) AS number FROM delivery
           WHERE unsettled IS NOT NULL GROUP BY unsettled, restaurant"""
    )
    return [(row["restaurant"], row["state"], row["number"]) for row in rows]


def void_followers(
    tx: Transaction, restaurant: str, order_id: str, place_id: int, now: float
) -> None:
    """What waits behind a ticket that is not to be made is not to be told either."""
    tx.execute(
        """UPDATE delivery SET state = 'voided', cause = 'the order itself was not taken',
               next_at = NULL, timer = NULL, revision = revision + 1, updated_at = ?
           WHERE restaurant = ? AND order_id = ? AND id > ? AND operation <> 'place'
             AND state IN ('waiting', 'ready')""",
        (now, restaurant, order_id, place_id),
    )


def _hold_unreadable(tx: Transaction, row: sqlite3.Row, now: float) -> None:
    """One order that is damaged, or of another version, must not stop the others."""
    if digest.is_sound(row, digest.DELIVERY):
        soundness.hold(tx, row, Reason.UNREADABLE, "this version cannot read the stored order", now)
    else:
        soundness.hold(tx, row, Reason.DAMAGED, soundness.CHANGED, now)


def _work(row: sqlite3.Row) -> Work | None:
    if not digest.is_sound(row, digest.DELIVERY):
        return None
    try:
        order, slip = canonical.decode(Order, row["content"]), canonical.decode(Slip, row["slip"])
    except canonical.CanonicalError:
        return None
    return Work(
        id=row["id"],
        restaurant=row["restaurant"],
        order_id=row["order_id"],
        checkout_id=row["checkout_id"],
        operation=Operation(row["operation"]),
        version=row["version"],
        key=row["key"],
        correlation_id=row["correlation_id"],
        state=DeliveryState(row["state"]),
        revision=row["revision"],
        accepted_at=row["accepted_at"],
        promise_at=row["promise_at"],
        tries=row["tries"],
        last_try_at=row["last_try"],
        first_try_at=row["first_try"],
        pos_ref=row["place_ref"],
        order=order,
        slip=slip,
        unclean_ends=row["ends"] or 0,
        answered_for=row["answered_for"],
    )
