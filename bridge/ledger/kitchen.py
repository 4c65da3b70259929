"""The kitchen board's tickets: finished deliveries of the board adapter, one entry per order."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge.ledger.orders import board_topic
from bridge.ledger.transaction import Transaction
from bridge.model import Operation
from bridge.model.order import WAITING

DAY = 24 * 3600.0


def list_tickets(tx: Transaction, restaurant: str, now: float) -> list[dict[str, Any]]:
    """Oldest first; the newest slip of each order, with the time its first one was accepted.

    state: open | bumped | void. progress: how far the order is by the platform's own board.
    """
    rows = tx.execute(
        """SELECT d.*, b.version AS bumped_version, b.bumped_at, o.current, o.money, c.items,
               (SELECT min(f.accepted_at) FROM delivery f WHERE f.restaurant = d.restaurant
                  AND f.order_id = d.order_id AND f.state = 'done') AS first_at,
               max(d.id)
           FROM delivery AS d LEFT JOIN bump AS b
             ON b.restaurant = d.restaurant AND b.order_id = d.order_id
             JOIN orders AS o ON o.restaurant = d.restaurant AND o.order_id = d.order_id
             LEFT JOIN checkout AS c
               ON c.restaurant = o.restaurant AND c.checkout_id = o.checkout_id
           WHERE d.restaurant = ? AND d.adapter = 'board' AND d.state = 'done'
             AND d.updated_at > ?
           GROUP BY d.order_id ORDER BY first_at, d.id""",
        (restaurant, now - DAY),
    )
    return [_ticket(row) for row in rows]


def bump(tx: Transaction, restaurant: str, order_id: str, version: int, now: float) -> None:
    """The kitchen is done with that version; a later change opens the ticket again."""
    tx.execute(
        """INSERT INTO bump VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET version = excluded.version, bumped_at = excluded.bumped_at""",
        (restaurant, order_id, version, now),
    )
    tx.touch(board_topic(restaurant))


def recall(tx: Transaction, restaurant: str, order_id: str) -> bool:
    """Put it back; False if it was not bumped."""
    cursor = tx.execute(
        "DELETE FROM bump WHERE restaurant = ? AND order_id = ?", (restaurant, order_id)
    )
    tx.touch(board_topic(restaurant))
    return cursor.rowcount > 0


def newest_version(tx: Transaction, restaurant: str, order_id: str) -> int | None:
    """The version that the board shows of an order; None if it shows none."""
    row = tx.execute(
        """SELECT max(version) AS version FROM delivery WHERE restaurant = ? AND order_id = ?
           AND adapter = 'board' AND state = 'done'""",
        (restaurant, order_id),
    ).fetchone()
    return None if row["version"] is None else int(row["version"])


def _ticket(row: sqlite3.Row) -> dict[str, Any]:
    bumped = row["bumped_version"] is not None and row["bumped_version"] >= row["version"]
    ticket = orjson.loads(row["ticket"])
    is_void = row["operation"] == Operation.CANCEL or not ticket["lines"]
    state = "void" if is_void else "open"
    return {
        **ticket,
        "order_id": row["order_id"],
        "version": row["version"],
        "state": "bumped" if bumped else state,
        "accepted_at": _time(row["first_at"]),
        "updated_at": _time(row["updated_at"]),
        "bumped_at": _time(row["bumped_at"]) if bumped else None,
        "progress": _progress(orjson.loads(row["current"]), _list_refunded(row)),
    }


def _list_refunded(row: sqlite3.Row) -> set[str]:
    """The units that were refunded whole: the ticket leaves them out, or its slip does."""
    paid = orjson.loads(row["money"])
    emptied = {one["id"] for one in orjson.loads(row["items"] or "[]") if one["price_cents"] <= 0}
    return {unit_id for unit_id in emptied & paid.keys() if paid[unit_id]["price_cents"] > 0}


def _progress(order: dict[str, Any], refunded: set[str]) -> dict[str, Any]:
    """Status alone makes no ticket, so this is where a cook sees it."""
    units = [unit for line in order["lines"] for unit in line["units"]]
    statuses = [unit["status"] for unit in units if unit["id"] not in refunded]
    return {
        "units": len(statuses),
        "waiting": statuses.count(WAITING),
        "closed": order["closed_at"] is not None,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
