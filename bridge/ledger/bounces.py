"""Events that the broker brought back: how often, why, and which are left to a person."""

import sqlite3
from dataclasses import dataclass

from bridge.ledger.requests import OUTBOX
from bridge.ledger.transaction import Transaction
from bridge.model.bounce import Bounce, is_stuck

# So many are named to people.
MOST = 100

# What a person can do about a stuck event, and the stage that it gets.
REPLAY = "replay"
STAGES = {REPLAY: "open", "resolve": "resolved", "void": "voided"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """An event that came back and that no worker has; `is_stuck`: it goes out no more."""

    restaurant: str
    order_id: str
    correlation_id: str
    hook: str
    kind: Bounce
    number: int
    is_stuck: bool


def note_returned(tx: Transaction, seq: int) -> int:
    """No queue took it, though one had just been made: it stays open; returns how often so far."""
    return _count(tx, seq, Bounce.RETURNED)


def note_dead(tx: Transaction, restaurant: str, seq: int, why: str, now: float) -> int:
    """A worker, or the queue, gave up on it: it is late, or stuck; returns how often so far.

    0 for one that is not under way: a worker has it after all.
    """
    row = tx.execute(
        """SELECT 1 FROM request
           WHERE seq = ? AND restaurant = ? AND stage IN ('open', 'published')""",
        (seq, restaurant),
    ).fetchone()
    if row is None:
        return 0
    number = _count(tx, seq, Bounce.DEAD)
    stage = "stuck" if is_stuck(Bounce.DEAD, number) else "published"
    tx.execute(
        "UPDATE request SET stage = ?, sent_at = ?, error = ? WHERE seq = ?",
        (stage, now, f"dead-lettered: {why}", seq),
    )
    return number


def list_bounced(tx: Transaction) -> list[Bounced]:
    """What came back and is still to be brought, by restaurant, oldest first."""
    rows = tx.execute(
        """SELECT restaurant, order_id, correlation_id, hook, bounced, bounces, stage
           FROM request INDEXED BY request_bounced
           WHERE bounced <> '' AND stage IN ('open', 'published', 'stuck')
           ORDER BY restaurant, seq LIMIT ?""",
        (MOST,),
    )
    return [_bounced(row) for row in rows]


def list_stuck(tx: Transaction, restaurant: str, order_id: str) -> list[Bounced]:
    """The events of one order that wait for a person here."""
    rows = tx.execute(
        """SELECT restaurant, order_id, correlation_id, hook, bounced, bounces, stage
           FROM request INDEXED BY request_order
           WHERE restaurant = ? AND order_id = ? AND stage = 'stuck' ORDER BY seq""",
        (restaurant, order_id),
    )
    return [_bounced(row) for row in rows]


def decide(tx: Transaction, restaurant: str, order_id: str, action: str, words: str) -> None:
    """Do to the stuck events of an order what a person says; `words` are kept with the settled."""
    error = None if action == REPLAY else words
    tx.execute(
        """UPDATE request SET stage = ?, error = ?, bounces = 0, bounced = '', copies = copies + 1
           WHERE restaurant = ? AND order_id = ? AND stage = 'stuck'""",
        (STAGES[action], error, restaurant, order_id),
    )
    tx.touch(OUTBOX)


def _count(tx: Transaction, seq: int, kind: Bounce) -> int:
    tx.execute("UPDATE request SET bounces = bounces + 1, bounced = ? WHERE seq = ?", (kind, seq))
    tx.touch(OUTBOX)
    row = tx.execute("SELECT bounces FROM request WHERE seq = ?", (seq,)).fetchone()
    return int(row["bounces"])


def _bounced(row: sqlite3.Row) -> Bounced:
    return Bounced(
        restaurant=row["restaurant"],
        order_id=row["order_id"],
        correlation_id=row["correlation_id"],
        hook=row["hook"],
        kind=Bounce(row["bounced"]),
        number=row["bounces"],
        is_stuck=row["stage"] == "stuck",
    )
