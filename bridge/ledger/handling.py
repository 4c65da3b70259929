"""Which deliveries an adapter has in its hands, so that one that kills the process can be found."""

from dataclasses import dataclass

from bridge.ledger.orders import NOTHING_SENT, touch
from bridge.ledger.transaction import Transaction
from bridge.model.question import Reason

_SUSPECTS = f"""
SELECT d.id, d.restaurant, d.order_id, d.correlation_id, h.unclean_ends,
    EXISTS (SELECT 1 FROM attempt AS a WHERE a.delivery_id = d.id AND
        (a.outcome IS NULL OR a.outcome NOT IN {NOTHING_SENT})) AS may_be_there
FROM handling AS h JOIN delivery AS d ON d.id = h.delivery_id
WHERE d.lane IS NOT NULL ORDER BY d.id
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One that was being handled when the process died; `may_be_there`: perhaps in the POS."""

    id: int
    restaurant: str
    order_id: str
    correlation_id: str
    unclean_ends: int
    may_be_there: bool


def begin(tx: Transaction, delivery_id: int, revision: int) -> bool:
    """From now on it is under way; False if it changed meanwhile: then it is not."""
    cursor = tx.execute(
        """INSERT INTO handling (delivery_id, is_under_way)
           SELECT id, 1 FROM delivery
               WHERE id = ? AND revision = ? AND state IN ('ready', 'unknown')
           ON CONFLICT DO UPDATE SET is_under_way = 1""",
        (delivery_id, revision),
    )
    return cursor.rowcount > 0


def finish(tx: Transaction, delivery_id: int) -> None:
    """It came to an outcome, whatever that is: it kills nobody."""
    tx.execute("DELETE FROM handling WHERE delivery_id = ?", (delivery_id,))


def let_go(tx: Transaction, delivery_id: int) -> None:
    """Nothing came of it, and the process lives."""
    tx.execute("UPDATE handling SET is_under_way = 0 WHERE delivery_id = ?", (delivery_id,))
    tx.execute("DELETE FROM handling WHERE delivery_id = ? AND unclean_ends = 0", (delivery_id,))


def count_ends(tx: Transaction) -> list[Suspect]:
    """At start: what was under way has seen one more unclean end; returns all that saw any."""
    tx.execute(
        """UPDATE handling SET is_under_way = 0, unclean_ends = unclean_ends + 1
           WHERE is_under_way"""
    )
    tx.execute(
        """DELETE FROM handling WHERE NOT EXISTS (SELECT 1 FROM delivery AS d
           WHERE d.id = delivery_id AND d.unsettled IS NOT NULL)"""
    )
    return [
        Suspect(**{**dict(row), "may_be_there": bool(row["may_be_there"])})
        for row in tx.execute(_SUSPECTS).fetchall()
    ]


def quarantine(tx: Transaction, suspect: Suspect, cause: str, now: float) -> None:
    """Hold it for a person. The count stays: should it be replayed, once more is enough."""
    tx.execute(
        """UPDATE delivery SET state = 'held', cause = ?, reason = ?, side = '', timer = NULL,
               next_at = NULL, revision = revision + 1, updated_at = ? WHERE id = ?""",
        (cause, Reason.QUARANTINED, now, suspect.id),
    )
    touch(tx, suspect.restaurant, suspect.order_id, now)
