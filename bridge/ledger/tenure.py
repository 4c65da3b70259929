"""Since when this ledger's worker serves a restaurant, and since when nobody else did."""

from bridge.ledger.transaction import Transaction


def serve(tx: Transaction, restaurant: str, now: float) -> float:
    """Since when this ledger serves the restaurant; from now on if it never did."""
    tx.execute("INSERT OR IGNORE INTO service (restaurant, since) VALUES (?, ?)", (restaurant, now))
    row = tx.execute("SELECT since FROM service WHERE restaurant = ?", (restaurant,)).fetchone()
    return float(row["since"])


def take(tx: Transaction, restaurant: str, won_at: float) -> float:
    """Note that this worker has the lock since `won_at`; returns since when no other one served.

    That is earlier, if it had the lock before and never heard of another one since: a restart
    alone changes nothing.
    """
    tx.execute(
        """INSERT INTO service (restaurant, since, taken_at) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET taken_at = coalesce(taken_at, excluded.taken_at)""",
        (restaurant, won_at, won_at),
    )
    row = tx.execute("SELECT taken_at FROM service WHERE restaurant = ?", (restaurant,)).fetchone()
    return float(row["taken_at"])


def leave(tx: Transaction, restaurant: str) -> None:
    """Another worker serves it: of what happens until the next `take` this ledger knows nothing."""
    tx.execute("UPDATE service SET taken_at = NULL WHERE restaurant = ?", (restaurant,))


def take_over(tx: Transaction, restaurant: str, now: float) -> None:
    """A person says that the worker before is gone: of all before now it may have done more."""
    tx.execute(
        "UPDATE service SET taken_at = ?, taken_over_at = ? WHERE restaurant = ?",
        (now, now, restaurant),
    )


def list_taken_over(tx: Transaction) -> dict[str, float]:
    """By restaurant that was taken over by a person's word: when that was."""
    rows = tx.execute(
        "SELECT restaurant, taken_over_at FROM service WHERE taken_over_at IS NOT NULL"
    )
    return {row["restaurant"]: row["taken_over_at"] for row in rows}
