"""The life of an order as JSON: what came, what was answered, what became of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge.ledger import requests
from bridge.ledger.decisions import list_decisions
from bridge.ledger.transaction import Transaction
from bridge.model import DeliveryState, Operation
from bridge.model.question import question_of

# Heard of, and nothing to do about it.
ARCHIVED = "archived"
# Only ever answered with a no: the guest could not pay, and there is nothing to cook.
BLOCKED = "blocked"

# Orders looked at for one page: everything else, checkouts too, waits while a page is read.
SCAN = 500

# What an order in one of the open states must have; of the others a page is soon full.
_OPEN_STATES = frozenset(state.value for state in DeliveryState if not state.is_end)
_MAY_BE = """
(EXISTS (SELECT 1 FROM delivery AS d WHERE d.restaurant = found.restaurant
    AND d.order_id = found.order_id AND d.state = :state)
 OR EXISTS (SELECT 1 FROM standing AS s WHERE s.restaurant = found.restaurant
    AND s.order_id = found.order_id AND s.state = :state)
 OR (:state = 'waiting' AND EXISTS (SELECT 1 FROM request AS r
    WHERE r.restaurant = found.restaurant AND r.order_id = found.order_id
      AND r.stage IN ('open', 'published')))
 OR (:state = 'held' AND EXISTS (SELECT 1 FROM request AS r
    WHERE r.restaurant = found.restaurant AND r.order_id = found.order_id
      AND r.stage IN ('damaged', 'stuck'))))
"""

_RECENT = """
SELECT restaurant, order_id, received_at AS at FROM request
    WHERE order_id <> '' AND received_at >= :since
UNION ALL SELECT restaurant, correlation_id, received_at FROM request
    WHERE order_id = '' AND error IS NOT NULL AND received_at >= :since
UNION ALL SELECT restaurant, order_id, accepted_at FROM orders WHERE accepted_at >= :since
"""
_UNSETTLED = """
SELECT restaurant, order_id, accepted_at AS at FROM delivery WHERE unsettled IS NOT NULL
UNION ALL SELECT restaurant, order_id, received_at FROM request INDEXED BY request_outbox
    WHERE stage = 'open' AND order_id <> ''
UNION ALL SELECT restaurant, order_id, received_at FROM request INDEXED BY request_published
    WHERE stage = 'published' AND order_id <> ''
UNION ALL SELECT restaurant, order_id, received_at FROM request INDEXED BY request_bounced
    WHERE bounced <> '' AND stage = 'stuck' AND order_id <> ''
UNION ALL SELECT restaurant, order_id, updated_at FROM standing
    WHERE state NOT IN ('done', 'refused', 'voided', 'archived')
"""

# Stages of events that a person has settled, because no worker would have them.
_BY_HAND = frozenset({"resolved", "voided"})
_URGENT = (DeliveryState.HELD, DeliveryState.UNKNOWN, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Filters of a list of orders; `before` is the cursor of the page before.

    `open` takes what is not settled, however old it is.
    """

    restaurant: str = ""
    state: str = ""
    since: float = 0.0
    before: float | None = None
    limit: int = 100
    open: bool = False


def find_decisive(deliveries: Sequence[Any]) -> Any | None:
    """The one whose state is the order's, of rows or documents, oldest first; None without any.

    A change or cancel that was refused is what people must see, until a later one is done; a
    refund that was refused, for good.
    """
    for state in _URGENT:
        if urgent := [one for one in deliveries if one["state"] == state]:
            return urgent[0]
    places = [one for one in deliveries if one["operation"] == Operation.PLACE]
    if places and places[-1]["state"] != DeliveryState.DONE:
        return places[-1]
    if pending := [one for one in deliveries if not DeliveryState(one["state"]).is_end]:
        return pending[0]
    told = [one for one in deliveries if one["state"] != DeliveryState.VOIDED]
    return _find_unpaid(told) or (told[-1] if told else None)


def _find_unpaid(told: Sequence[Any]) -> Any | None:
    """A refund that the POS refused: nothing later makes up for it, unless all was taken back."""
    for one in reversed(told):
        if one["operation"] == Operation.CANCEL and one["state"] == DeliveryState.DONE:
            return None
        if one["operation"] == Operation.REFUND and one["state"] == DeliveryState.REFUSED:
            return one
    return None


def worker_document(tx: Transaction, restaurant: str, order_id: str) -> dict[str, Any] | None:
    """What the worker knows of an order; None if it has no such order."""
    row = tx.execute(
        "SELECT * FROM orders WHERE restaurant = ? AND order_id = ?", (restaurant, order_id)
    ).fetchone()
    if row is None:
        return None
    lines = tx.execute(
        "SELECT * FROM delivery WHERE restaurant = ? AND order_id = ? ORDER BY id",
        (restaurant, order_id),
    ).fetchall()
    notes = tx.execute(
        """SELECT event_id, recorded_at, fate, note FROM inbox
           WHERE restaurant = ? AND order_id = ? ORDER BY recorded_at""",
        (restaurant, order_id),
    )
    decisive = find_decisive(lines)
    return {
        "order_id": order_id,
        "restaurant": restaurant,
        "checkout_id": row["checkout_id"],
        "order_number": row["number"],
        "state": _state_of(decisive),
        "revision": row["revision"],
        "accepted_at": _time(row["accepted_at"]),
        "updated_at": _time(row["updated_at"]),
        "inbox": [
            {
                "event_id": note["event_id"],
                "at": _time(note["recorded_at"]),
                "fate": note["fate"],
                "note": note["note"],
            }
            for note in notes
        ],
        "deliveries": [_delivery(tx, line) for line in lines],
        "decisions": [_decision(one) for one in list_decisions(tx, restaurant, order_id)],
    }


def _decision(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "at": _time(one["at"])}


def find_order(tx: Transaction, restaurant: str, order_id: str) -> dict[str, Any] | None:
    """Everything this ledger holds of one order of one restaurant; None if nothing.

    A call whose order could not be read goes by its correlation id.
    """
    requests = _requests(tx, restaurant, order_id)
    known = worker_document(tx, restaurant, order_id) or _standing(tx, restaurant, order_id)
    if not requests and known is None:
        return None
    document = known or {
        "order_id": order_id,
        "restaurant": restaurant,
        "checkout_id": requests[-1]["checkout_id"],
        "state": _state_of_requests(requests),
        "deliveries": [],
    }
    if any(row["order_id"] for row in requests) or known is not None:
        beside = _requests_of_checkout(tx, restaurant, document.get("checkout_id", ""))
        requests = sorted([*requests, *beside], key=lambda row: row["seq"])
    return {
        **document,
        "events": [_event(row) for row in requests],
        "answers": [_answer(row) for row in requests],
    }


def find_restaurants(tx: Transaction, order_id: str) -> list[str]:
    """The restaurants in which that order, or that call, is known; usually one."""
    rows = tx.execute(
        """SELECT restaurant FROM request WHERE order_id = :id
           UNION SELECT restaurant FROM request WHERE correlation_id = :id AND order_id = ''
           UNION SELECT restaurant FROM orders WHERE order_id = :id ORDER BY 1""",
        {"id": order_id},
    )
    return [row["restaurant"] for row in rows]


def find_bodies(tx: Transaction, restaurant: str, order_id: str) -> list[dict[str, Any]]:
    """The raw bodies as they came, for `show --raw`."""
    rows = _requests(tx, restaurant, order_id)
    return [
        {
            "seq": row["seq"],
            "hook": row["hook"],
            "at": _time(row["received_at"]),
            "content_type": row["content_type"],
            "body": bytes(row["body"]).decode("utf-8", errors="backslashreplace"),
        }
        for row in rows
    ]


def list_orders(tx: Transaction, page: Page) -> dict[str, Any]:
    """Newest first: {"orders": [...], "next": cursor or None}; a page may be short of its limit."""
    found: list[dict[str, Any]] = []
    rows = _candidates(tx, page)
    before = page.before
    for row in rows:
        if len(found) == page.limit:
            return {"orders": found, "next": str(before)}
        before = row["at"]
        summary = _summary(tx, row)
        if page.state in {"", summary["state"]}:
            found.append(summary)
    return {"orders": found, "next": str(before) if len(rows) == SCAN else None}


def _requests(tx: Transaction, restaurant: str, order_id: str) -> list[sqlite3.Row]:
    return tx.execute(
        """SELECT * FROM request INDEXED BY request_order
               WHERE restaurant = :restaurant AND order_id = :id AND :id <> ''
           UNION ALL SELECT * FROM request INDEXED BY request_unreadable
               WHERE order_id = '' AND correlation_id = :id AND restaurant = :restaurant
           ORDER BY seq""",
        {"restaurant": restaurant, "id": order_id},
    ).fetchall()


def _requests_of_checkout(tx: Transaction, restaurant: str, checkout_id: str) -> list[sqlite3.Row]:
    """What was told of the checkout as a whole. Price checks are many and change nothing."""
    return tx.execute(
        f"""SELECT * FROM request INDEXED BY request_checkout
           WHERE restaurant = ? AND checkout_id = ? AND checkout_id <> '' AND order_id = ''
             AND NOT {requests.IS_PRICE_CHECK} ORDER BY seq""",  # noqa: S608  a constant
        (restaurant, checkout_id),
    ).fetchall()


def _state_of(decisive: sqlite3.Row | None) -> str:
    """A ticket that was taken back is as void as one that never went out."""
    if decisive is None:
        return ARCHIVED
    is_taken_back = decisive["operation"] == Operation.CANCEL
    if is_taken_back and decisive["state"] == DeliveryState.DONE:
        return DeliveryState.VOIDED
    return str(decisive["state"])


def _candidates(tx: Transaction, page: Page) -> list[sqlite3.Row]:
    may_be = _MAY_BE if page.state in _OPEN_STATES else "1"
    return tx.execute(
        f"""SELECT restaurant, order_id, min(at) AS at FROM (
               {_UNSETTLED if page.open else _RECENT}) AS found
           WHERE (:restaurant = '' OR restaurant = :restaurant) AND {may_be}
           GROUP BY restaurant, order_id
           HAVING :before IS NULL OR min(at) < :before
           ORDER BY min(at) DESC LIMIT :limit""",  # noqa: S608  a constant
        {
            "since": page.since,
            "restaurant": page.restaurant,
            "state": page.state,
            "before": page.before,
            "limit": SCAN,
        },
    ).fetchall()


def _summary(tx: Transaction, row: sqlite3.Row) -> dict[str, Any]:
    document = find_order(tx, row["restaurant"], row["order_id"]) or {}
    return {
        "order_id": row["order_id"],
        "restaurant": row["restaurant"],
        "order_number": document.get("order_number", ""),
        "state": document.get("state", ""),
        "cause": _cause(document),
        "at": _time(row["at"]),
    }


def _cause(document: dict[str, Any]) -> str:
    """Why its state is what it is; of a change or cancel with that word, for the ticket stands."""
    if document.get("state") == BLOCKED:
        answer = document["answers"][-1]
        return f"answered {answer['status']}: {answer['code']}"
    decisive = find_decisive(document.get("deliveries", ()))
    if decisive is None or not decisive["cause"]:
        return ""
    cause, operation = str(decisive["cause"]), decisive["operation"]
    return cause if operation == Operation.PLACE else f"{operation}: {cause}"


def _standing(tx: Transaction, restaurant: str, order_id: str) -> dict[str, Any] | None:
    row = tx.execute(
        "SELECT document FROM standing WHERE restaurant = ? AND order_id = ?",
        (restaurant, order_id),
    ).fetchone()
    return None if row is None else dict(orjson.loads(row["document"]))


def _state_of_requests(requests: list[sqlite3.Row]) -> str:
    stages = {row["stage"] for row in requests} - {None}
    if stages == {"damaged"} or "stuck" in stages:
        return DeliveryState.HELD
    if stages and stages <= _BY_HAND:
        return DeliveryState.DONE if "resolved" in stages else DeliveryState.VOIDED
    if stages:
        # A worker elsewhere has it, or will; what became of it there was not told yet.
        return DeliveryState.WAITING
    if all(row["fate"] == "late" for row in requests):
        return DeliveryState.VOIDED
    if any(200 <= row["status"] < 300 for row in requests):  # noqa: PLR2004  the class 2XX
        return ARCHIVED
    return BLOCKED


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "at": _time(row["received_at"]),
        "hook": row["hook"],
        "endpoint": row["endpoint"],
        "correlation_id": row["correlation_id"],
        "error": row["error"],
        "stage": row["stage"],
        "bounced": row["bounced"],
        "bounces": row["bounces"],
        "recorded_at": _time(row["recorded_at"]),
    }


def _answer(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "status": row["status"],
        "code": row["code"],
        "fate": row["fate"],
        "repeat_of": row["repeat_of"],
        "evidence": orjson.loads(row["evidence"]) if row["evidence"] else None,
    }


def _delivery(tx: Transaction, row: sqlite3.Row) -> dict[str, Any]:
    attempts = tx.execute("SELECT * FROM attempt WHERE delivery_id = ? ORDER BY id", (row["id"],))
    side, next_step = question_of(row["reason"], row["side"])
    return {
        "operation": row["operation"],
        "version": row["version"],
        "state": row["state"],
        "cause": row["cause"],
        "reason": row["reason"],
        "side": side,
        "next_step": next_step,
        "key": row["key"],
        "correlation_id": row["correlation_id"],
        "amount_cents": row["amount_cents"],
        "adapter": row["adapter"],
        "pos_ref": row["pos_ref"],
        "ticket": row["preview"],
        "timer": row["timer"],
        "next_at": _time(row["next_at"]),
        "promise_at": _time(row["promise_at"]),
        "updated_at": _time(row["updated_at"]),
        "attempts": [
            {
                "at": _time(attempt["started_at"]),
                "ended_at": _time(attempt["ended_at"]),
                "outcome": attempt["outcome"],
                "detail": attempt["detail"],
                "pos_ref": attempt["pos_ref"],
            }
            for attempt in attempts
        ],
    }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
