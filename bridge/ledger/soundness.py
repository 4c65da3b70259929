"""Rows that cannot be trusted or read: to the side file, then out of the way, with an alert."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from bridge.ledger import digest, side_file
from bridge.ledger.digest import Row
from bridge.ledger.disease import diagnose
from bridge.ledger.orders import touch
from bridge.ledger.transaction import LedgerError, Transaction
from bridge.model.question import Reason

CHANGED = "the disk has changed what was stored"
_MAY_BE_THERE = "; it was being sent, so look into the POS first"
_HINT = f"what is left of it is in {side_file.SIDE_FILE} beside the ledger; enter it by hand"
# Of a stranger's message, which may be of any length.
LONGEST_MESSAGE = 65536

# Text comes as bytes: damaged bytes may be no text any more.
REQUEST_COLUMNS = "seq, stage, digest, received_at, body, status, answer, repeat_of, " + ", ".join(
    f"CAST({name} AS BLOB) AS {name}" for name in digest.REQUEST_TEXTS
)
_REQUESTS = f"""
SELECT {REQUEST_COLUMNS} FROM request WHERE stage IN ('open', 'published', 'stuck')
"""  # noqa: S608  constants
_DELIVERIES = """
SELECT id, state, digest, operation, version, CAST(restaurant AS BLOB) AS restaurant,
    CAST(order_id AS BLOB) AS order_id, CAST(correlation_id AS BLOB) AS correlation_id,
    CAST(content AS BLOB) AS content, CAST(slip AS BLOB) AS slip
FROM delivery WHERE unsettled IS NOT NULL AND reason <> 'damaged'
"""

log = structlog.get_logger()


def sift(connection: sqlite3.Connection, now: float) -> None:
    """At start: set aside whatever is still to be acted upon and is not as it was stored."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        tx = Transaction(connection)
        for row in list(_damaged(tx, _REQUESTS, digest.REQUEST)):
            set_aside(tx, row, CHANGED)
        for row in list(_damaged(tx, _DELIVERIES, digest.DELIVERY)):
            hold(tx, row, Reason.DAMAGED, CHANGED, now)
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def set_aside(tx: Transaction, row: Row, why: str) -> None:
    """A call of which no event can be made: nothing of it is handed over."""
    _keep(tx, "request", row["seq"], row, why)
    tx.execute(
        "UPDATE request SET stage = 'damaged', error = ? WHERE seq = ?",
        (f"cannot be handed over: {why}", row["seq"]),
    )


def hold(tx: Transaction, row: Row, reason: Reason, why: str, now: float) -> None:
    """A delivery that cannot be brought to the POS as it is: a person must decide."""
    _keep(tx, "delivery", row["id"], row, why)
    is_tried = row["state"] in {"sending", "unknown"}
    tx.execute(
        """UPDATE delivery SET state = 'held', reason = ?, side = '', timer = NULL, next_at = NULL,
               cause = ?, revision = revision + 1, updated_at = ? WHERE id = ?""",
        (reason, why + (_MAY_BE_THERE if is_tried else ""), now, row["id"]),
    )
    tx.execute(
        """UPDATE attempt SET ended_at = ?, outcome = 'interrupted'
           WHERE delivery_id = ? AND ended_at IS NULL""",
        (now, row["id"]),
    )
    touch(tx, _text(row["restaurant"]), _text(row["order_id"]), now)


def put_aside(tx: Transaction, queue: str, body: bytes, why: str) -> None:
    """A message of which nobody knows what to do with it, with the reason."""
    if tx.directory is not None:
        _append(tx.directory, {"queue": queue, "why": why, "body": body[:LONGEST_MESSAGE]})


def _damaged(tx: Transaction, query: str, names: tuple[str, ...]) -> Iterator[Row]:
    for row in tx.execute(query):
        if not digest.is_sound(row, names):
            yield row


def _keep(tx: Transaction, table: str, number: int, row: Row, why: str) -> None:
    """In the side file, on the disk, before the row is touched."""
    names = {name: _text(row[name]) for name in ("restaurant", "order_id", "correlation_id")}
    log.error("row_damaged", table=table, row=number, reason=why, hint=_HINT, **names)
    directory = tx.directory
    if directory is None:
        return
    _append(directory, {"table": table, "why": why, "row": dict(row)})


def _append(directory: Path, facts: dict[str, Any]) -> None:
    try:
        side_file.keep(directory, facts)
    except OSError as error:
        raise LedgerError(
            f"{side_file.SIDE_FILE} cannot be written: {error}", diagnose(error)
        ) from error


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
