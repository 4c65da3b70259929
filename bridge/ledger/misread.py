"""Changes of orders that could not be read: the kitchen has not heard what they say."""

from dataclasses import dataclass

from bridge.ledger.transaction import Transaction

HOOK = "order-change"
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """`order_id` is "" where not even that could be read; `code` says why."""

    restaurant: str
    order_id: str
    correlation_id: str
    code: str


def list_misread(tx: Transaction, since: float) -> list[Misread]:
    """Those received since then, the newest first."""
    rows = tx.execute(
        """SELECT restaurant, order_id, correlation_id, error
           FROM request INDEXED BY request_change_unread
           WHERE hook = 'order-change' AND event IS NULL AND error IS NOT NULL
             AND received_at >= ? ORDER BY received_at DESC LIMIT ?""",
        (since, MOST),
    )
    return [
        Misread(
            restaurant=row["restaurant"],
            order_id=row["order_id"],
            correlation_id=row["correlation_id"],
            code=row["error"].partition(":")[0],
        )
        for row in rows
    ]
