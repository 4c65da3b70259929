"""What waits in the outbox, looked at so often that it must cost next to nothing."""

import sqlite3
from collections.abc import Iterable, Mapping

from bridge.ledger import requests
from bridge.ledger.transaction import Transaction
from bridge.model import Handover

# So many of a restaurant's oldest events are looked at, open ones and published ones.
LOOKED_AT = 32
# So many with a trouble of their own, and none after them that got through, are no matter of the
# events any more; it is looked for among so many calls after them.
TOO_MANY = 3
LOOKED_AFTER = 1000
# For people; a later try may have been better.
SET_ASIDE = "set aside once: it could not be handed over"

# The inner three read little but an index. Of each checkout only the first can be on its way.
_OLDEST = """
SELECT seq, received_at, error IS NOT NULL OR stage = 'stuck' AS is_odd FROM request AS r
WHERE seq IN (
    SELECT seq FROM (SELECT seq FROM request INDEXED BY request_waiting
        WHERE stage = 'open' AND restaurant = :restaurant ORDER BY received_at LIMIT :limit)
    UNION ALL
    SELECT seq FROM (SELECT seq FROM request INDEXED BY request_published
        WHERE stage = 'published' AND restaurant = :restaurant ORDER BY seq LIMIT :limit)
    UNION ALL
    SELECT seq FROM (SELECT seq FROM request INDEXED BY request_bounced
        WHERE bounced <> '' AND stage = 'stuck' AND restaurant = :restaurant
        ORDER BY seq DESC LIMIT :limit))
AND fate IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM request AS e INDEXED BY request_open
    WHERE r.stage = 'open' AND e.stage = 'open' AND e.restaurant = r.restaurant
    AND e.checkout_id = r.checkout_id AND e.seq < r.seq)
"""


def waiting_since(tx: Transaction, restaurants: Iterable[str]) -> dict[str, float]:
    """By restaurant: when the oldest event was received that waits for a worker to have it.

    An event with a trouble of its own does not count, nor what follows it in its checkout: with
    the way to the worker they say nothing of the next order.
    """
    found = {name: _waiting_since(tx, name) for name in restaurants}
    return {name: at for name, at in found.items() if at is not None}


def list_next(
    tx: Transaction,
    ingress: str,
    restaurants: tuple[str, ...],
    *,
    since: float,
    stale: Mapping[str, int],
    limit: int,
) -> list[Handover]:
    """What was received after `since`, then so many older ones of each restaurant as `stale` says.

    None before an earlier one of its checkout.
    """
    found = requests.fresh_handovers(tx, ingress, restaurants, since, limit)
    if not _has_stale(tx, since):
        return found
    known = {event.seq for event in found}
    for name in restaurants:
        number = stale.get(name, 0)
        if number:
            older = requests.stale_handovers(tx, ingress, name, since, number)
            found += [event for event in older if event.seq not in known]
    return found


def mark(tx: Transaction, seq: int, trouble: str) -> None:
    """Note that this event could not be handed over, though the way was free."""
    tx.execute("UPDATE request SET error = ? WHERE seq = ? AND error IS NULL", (trouble, seq))


def _has_stale(tx: Transaction, since: float) -> bool:
    row: sqlite3.Row | None = tx.execute(
        """SELECT received_at FROM request INDEXED BY request_outbox
           WHERE stage = 'open' ORDER BY seq LIMIT 1"""
    ).fetchone()
    return row is not None and row["received_at"] <= since


def _waiting_since(tx: Transaction, restaurant: str) -> float | None:
    rows = tx.execute(_OLDEST, {"restaurant": restaurant, "limit": LOOKED_AT}).fetchall()
    odd = [row["seq"] for row in rows if row["is_odd"]]
    if len(odd) < TOO_MANY or _has_passed(tx, restaurant, max(odd)):
        rows = [row for row in rows if not row["is_odd"]]
    return min((float(row["received_at"]) for row in rows), default=None)


def _has_passed(tx: Transaction, restaurant: str, seq: int) -> bool:
    """True if a worker has something that was received later."""
    row: sqlite3.Row | None = tx.execute(
        """SELECT 1 FROM request WHERE seq BETWEEN ? AND ? AND restaurant = ?
           AND stage = 'recorded' LIMIT 1""",
        (seq + 1, seq + LOOKED_AFTER, restaurant),
    ).fetchone()
    return row is not None
