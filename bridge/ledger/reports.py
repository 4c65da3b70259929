"""Outcomes on their way from the worker's ledger to the ingress's, and what arrives there."""

from collections.abc import Collection
from typing import Any

import orjson

from bridge.ledger.history import worker_document
from bridge.ledger.transaction import Transaction
from bridge.model import Confirmed, Outcome

STANDING = "standing"


def list_due(
    tx: Transaction,
    worker: str,
    now: float,
    *,
    repeat_after: float,
    limit: int = 64,
    gone: Collection[str] = (),
) -> list[tuple[str, Outcome]]:
    """(ingress, outcome) of what is not confirmed: new revisions at once, sent ones again later.

    Nothing for ingresses that are `gone`.
    """
    marks = ",".join("?" * len(gone))
    rows = tx.execute(
        f"""SELECT r.ingress, r.restaurant, r.order_id, o.revision
           FROM report AS r JOIN orders AS o
             ON o.restaurant = r.restaurant AND o.order_id = r.order_id
           WHERE r.open AND o.revision > r.confirmed AND (o.revision > r.sent OR r.sent_at < ?)
             AND r.ingress NOT IN ({marks})
           ORDER BY o.revision > r.sent DESC, o.updated_at LIMIT ?""",  # noqa: S608  only marks
        (now - repeat_after, *gone, limit),
    ).fetchall()
    return [
        (row["ingress"], _outcome(tx, worker, row["restaurant"], row["order_id"])) for row in rows
    ]


def find_outcome(tx: Transaction, worker: str, restaurant: str, order_id: str) -> Outcome | None:
    """The order's state as a message; None if this worker has no such order."""
    row = tx.execute(
        "SELECT 1 FROM orders WHERE restaurant = ? AND order_id = ?", (restaurant, order_id)
    ).fetchone()
    return None if row is None else _outcome(tx, worker, restaurant, order_id)


def sent(tx: Transaction, ingress: str, outcome: Outcome, now: float) -> None:
    tx.execute(
        """UPDATE report SET sent = max(sent, ?), sent_at = ?
           WHERE ingress = ? AND restaurant = ? AND order_id = ?""",
        (outcome.revision, now, ingress, outcome.restaurant, outcome.order_id),
    )


def confirmed(tx: Transaction, message: Confirmed) -> None:
    for order_id, revision in message.revisions:
        tx.execute(
            """UPDATE report SET confirmed = max(confirmed, :revision),
                   open = EXISTS (SELECT 1 FROM orders AS o WHERE o.restaurant = report.restaurant
                       AND o.order_id = report.order_id
                       AND o.revision > max(report.confirmed, :revision))
               WHERE ingress = :ingress AND restaurant = :restaurant AND order_id = :order_id""",
            {
                "revision": revision,
                "ingress": message.ingress,
                "restaurant": message.restaurant,
                "order_id": order_id,
            },
        )


def ask_again(tx: Transaction, ingress: str, restaurant: str, order_id: str) -> None:
    """The ingress asked by publishing again: answer with the state, confirmed or not."""
    tx.execute(
        """INSERT INTO report (ingress, restaurant, order_id) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET sent = -1, confirmed = -1, open = 1""",
        (ingress, restaurant, order_id),
    )


def keep(tx: Transaction, outcome: Outcome, now: float) -> None:
    """At the ingress: keep the newest revision; an older one changes nothing."""
    tx.execute(
        """INSERT INTO standing (restaurant, order_id, worker, revision, state, document,
               updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET worker = excluded.worker, revision = excluded.revision,
               state = excluded.state, document = excluded.document,
               updated_at = excluded.updated_at
           WHERE excluded.revision > standing.revision OR excluded.worker <> standing.worker""",
        (
            outcome.restaurant,
            outcome.order_id,
            outcome.worker,
            outcome.revision,
            str(outcome.document.get("state", "")),
            orjson.dumps(outcome.document).decode(),
            now,
        ),
    )
    tx.touch(STANDING)


def _outcome(tx: Transaction, worker: str, restaurant: str, order_id: str) -> Outcome:
    document: dict[str, Any] = worker_document(tx, restaurant, order_id) or {}
    return Outcome(
        worker=worker,
        restaurant=restaurant,
        order_id=order_id,
        revision=int(document.get("revision", 0)),
        document=document,
    )
