"""Deliveries as people decide about them, and the record of what they decided."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge.ledger.orders import BY_HAND, NOTHING_SENT, sealed, touch
from bridge.ledger.transaction import Transaction
from bridge.model import DeliveryState, Operation, Order, Slip, SlipKind, effect_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One delivery, with all that a decision looks at.

    `is_superseded`: what came later about the order stands for it, voided or not. `by_hand`: a
    person has voided it.
    """

    id: int
    restaurant: str
    order_id: str
    checkout_id: str
    number: str
    correlation_id: str
    operation: Operation
    version: int
    key: str
    state: DeliveryState
    reason: str
    side: str
    cause: str
    timer: str | None
    revision: int
    accepted_at: float
    promise_at: float
    first_try_at: float | None
    pos_ref: str | None
    may_be_there: bool
    is_cancelled: bool
    is_superseded: bool
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which deliveries: those of one order, or all that fit. Held ones, where no state is named.

    `after` is the id of the last one on the page before.
    """

    restaurant: str = ""
    order_id: str = ""
    operation: str = ""
    version: int | None = None
    state: str = ""
    reason: str = ""
    since: float | None = None
    until: float | None = None
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a person asks for. `action`: replay, resolve or void; `who` and `note` are kept.

    `reprint`: a marked copy may be made where nobody can tell. With `dry_run` nothing is done.
    """

    action: str
    wish: Wish
    who: str
    note: str = ""
    pos_ref: str = ""
    reprint: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was done, and what was not, with the reason: JSON-ready. `next`: more are there."""

    moved: list[dict[str, object]]
    refused: list[dict[str, object]]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a decision brings its delivery. `next_at`, `promise_at` None: nothing is timed.

    `answered_for`: the promise that is past, if it goes out all the same.
    """

    action: str
    who: str
    note: str
    state: DeliveryState
    cause: str
    reason: str = ""
    timer: str | None = None
    next_at: float | None = None
    promise_at: float | None = None
    answered_for: float | None = None
    pos_ref: str | None = None


def find(tx: Transaction, wish: Wish, states: Sequence[str], limit: int) -> list[Subject]:
    """In the order in which they came; of one order in the order of their versions."""
    given = {
        "d.restaurant = ?": wish.restaurant,
        "d.order_id = ?": wish.order_id,
        "d.operation = ?": wish.operation,
        "d.version = ?": wish.version,
        "d.reason = ?": wish.reason,
        "d.accepted_at >= ?": wish.since,
        "d.accepted_at < ?": wish.until,
    }
    used = {clause: value for clause, value in given.items() if value not in {None, ""}}
    marks = ", ".join("?" for _ in states)
    rows = tx.execute(
        f"""SELECT d.*, o.number, o.cancelled, {BY_HAND} AS by_hand,
                (SELECT min(started_at) FROM attempt a WHERE a.delivery_id = d.id) AS first_try,
                EXISTS (SELECT 1 FROM attempt AS a WHERE a.delivery_id = d.id AND
                    (a.outcome IS NULL OR a.outcome NOT IN {NOTHING_SENT})) AS may_be_there,
                EXISTS (SELECT 1 FROM delivery AS n WHERE n.restaurant = d.restaurant
                    AND n.order_id = d.order_id AND n.id > d.id
                    AND (n.operation = 'place' OR (d.operation IN ('change', 'cancel')
                        AND n.operation IN ('change', 'cancel')))) AS is_superseded
            FROM delivery AS d JOIN orders AS o USING (restaurant, order_id)
            WHERE d.id > ? AND d.state IN ({marks}) {"".join(f" AND {one}" for one in used)}
            ORDER BY d.id LIMIT ?""",  # noqa: S608  constants and question marks
        (wish.after, *states, *used.values(), limit),
    ).fetchall()
    return [_subject(row) for row in rows]


def carry_out(tx: Transaction, subject: Subject, outcome: Outcome, now: float) -> bool:
    """Move the delivery and note who decided; False if it changed meanwhile: look again."""
    cursor = tx.execute(
        """UPDATE delivery SET state = ?, cause = ?, reason = ?, side = '', timer = ?,
               next_at = ?, released_at = coalesce(?, released_at),
               promise_at = coalesce(?, promise_at), answered_for = coalesce(?, answered_for),
               pos_ref = coalesce(?, pos_ref), revision = revision + 1, updated_at = ?
           WHERE id = ? AND revision = ?""",
        (
            outcome.state,
            outcome.cause,
            outcome.reason,
            outcome.timer,
            outcome.next_at,
            outcome.next_at,
            outcome.promise_at,
            outcome.answered_for,
            outcome.pos_ref,
            now,
            subject.id,
            subject.revision,
        ),
    )
    if not cursor.rowcount:
        return False
    note(tx, subject, outcome, now)
    touch(tx, subject.restaurant, subject.order_id, now)
    return True


def note(tx: Transaction, subject: Subject, outcome: Outcome, now: float) -> None:
    """Keep who decided what."""
    tx.execute(
        """INSERT INTO decision (at, who, action, delivery_id, before, after, note)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            now,
            outcome.who,
            outcome.action,
            subject.id,
            subject.state,
            outcome.state,
            outcome.note,
        ),
    )


def open_reprint(
    tx: Transaction, subject: Subject, content: Order, reason: str, now: float, until: float
) -> int:
    """A marked copy of the ticket with that content, under a key of its own; its version."""
    row = tx.execute(
        "SELECT max(version) AS version FROM delivery WHERE restaurant = ? AND order_id = ?",
        (subject.restaurant, subject.order_id),
    ).fetchone()
    version = int(row["version"]) + 1
    slip = Slip(kind=SlipKind.REPRINT, version=version, reason=reason)
    tx.execute(
        """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
               correlation_id, state, cause, next_at, content, slip, digest, accepted_at,
               released_at, promise_at, updated_at)
           SELECT restaurant, order_id, checkout_id, operation, ?, ?, correlation_id, 'ready', '',
               ?, ?, ?, ?, accepted_at, ?, ?, ? FROM delivery WHERE id = ?""",
        (
            version,
            effect_key(subject.restaurant, subject.order_id, subject.operation, version),
            now,
            *sealed(content, slip),
            now,
            until,
            now,
            subject.id,
        ),
    )
    touch(tx, subject.restaurant, subject.order_id, now)
    return version


def list_decisions(tx: Transaction, restaurant: str, order_id: str) -> list[dict[str, Any]]:
    """What people decided about an order, oldest first, JSON-ready."""
    rows = tx.execute(
        """SELECT x.*, d.operation, d.version FROM decision AS x
           JOIN delivery AS d ON d.id = x.delivery_id
           WHERE d.restaurant = ? AND d.order_id = ? ORDER BY x.id""",
        (restaurant, order_id),
    )
    return [
        {name: row[name] for name in row.keys() if name not in {"id", "delivery_id"}}  # noqa: SIM118
        for row in rows
    ]


def _subject(row: sqlite3.Row) -> Subject:
    return Subject(
        id=row["id"],
        restaurant=row["restaurant"],
        order_id=row["order_id"],
        checkout_id=row["checkout_id"],
        number=row["number"],
        correlation_id=row["correlation_id"],
        operation=Operation(row["operation"]),
        version=row["version"],
        key=row["key"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        side=row["side"],
        cause=row["cause"],
        timer=row["timer"],
        revision=row["revision"],
        accepted_at=row["accepted_at"],
        promise_at=row["promise_at"],
        first_try_at=row["first_try"],
        pos_ref=row["pos_ref"],
        may_be_there=bool(row["may_be_there"]),
        is_cancelled=bool(row["cancelled"]),
        is_superseded=bool(row["is_superseded"]),
        by_hand=bool(row["by_hand"]),
    )
