"""What was being sent when the bridge, or one try of it, ended without an outcome: unknown."""

import sqlite3
from collections.abc import Collection

from bridge.ledger.orders import touch
from bridge.ledger.transaction import Transaction


def recover(tx: Transaction, now: float) -> int:
    """At start: what was being sent when the process died may or may not have arrived."""
    rows = tx.execute("SELECT * FROM delivery WHERE unsettled = 'sending'").fetchall()
    return _doubt(tx, rows, "the bridge stopped while this was being sent", now)


def recover_lost(tx: Transaction, restaurant: str, running: Collection[int], now: float) -> int:
    """What is being sent, but by nobody: the attempt ended without an outcome."""
    rows = tx.execute(
        "SELECT * FROM delivery WHERE lane = ? AND state = 'sending'", (restaurant,)
    ).fetchall()
    lost = [row for row in rows if row["id"] not in running]
    return _doubt(tx, lost, "the bridge lost track while this was being sent", now)


def _doubt(tx: Transaction, rows: list[sqlite3.Row], cause: str, now: float) -> int:
    for row in rows:
        tx.execute(
            """UPDATE delivery SET state = 'unknown', next_at = ?, revision = revision + 1,
               cause = ?, updated_at = ? WHERE id = ?""",
            (now, cause, now, row["id"]),
        )
        tx.execute(
            """UPDATE attempt SET ended_at = ?, outcome = 'interrupted'
               WHERE delivery_id = ? AND ended_at IS NULL""",
            (now, row["id"]),
        )
        touch(tx, row["restaurant"], row["order_id"], now)
    return len(rows)
