"""The ingress's part when a worker takes over from one that is gone: bring its events again."""

from bridge.ledger.requests import OUTBOX
from bridge.ledger.transaction import Transaction

# What is older and still open is left to people.
REACH = 14 * 86400.0

# All of a checkout goes again, or the new worker would know half of it.
_UNFINISHED = """
SELECT seq FROM request AS r INDEXED BY request_received
WHERE received_at >= :since AND restaurant = :restaurant AND stage = 'recorded'
AND EXISTS (SELECT 1 FROM request AS o WHERE o.restaurant = r.restaurant
    AND o.checkout_id = r.checkout_id AND o.order_id <> '' AND o.stage = 'recorded'
    AND o.received_at >= :since
    AND NOT EXISTS (SELECT 1 FROM standing AS s
        WHERE s.restaurant = o.restaurant AND s.order_id = o.order_id
        AND s.state IN ('done', 'refused', 'voided', 'archived')))
"""


def succeed(tx: Transaction, restaurant: str, taken_over_at: float, now: float) -> int | None:
    """Publish again what was recorded and not finished: how many events; None if that was done.

    A worker that has one of them answers with its state; one that has not takes it as perhaps done.
    """
    name = f"taken_over:{restaurant}"
    known = tx.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    if known is not None and float(known["value"]) >= taken_over_at:
        return None
    tx.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (name, repr(taken_over_at)),
    )
    cursor = tx.execute(
        f"UPDATE request SET stage = 'published', sent_at = 0 WHERE seq IN ({_UNFINISHED})",  # noqa: S608  a constant
        {"since": now - REACH, "restaurant": restaurant},
    )
    tx.touch(OUTBOX)
    return cursor.rowcount
