"""The restaurants that a person has stopped, until a person lets them go on."""

from bridge.ledger.transaction import Transaction


def put(tx: Transaction, restaurant: str, reason: str, who: str, now: float) -> None:
    """The newest reason counts."""
    tx.execute(
        "INSERT OR REPLACE INTO pause (restaurant, at, who, reason) VALUES (?, ?, ?, ?)",
        (restaurant, now, who, reason),
    )


def remove(tx: Transaction, restaurant: str) -> None:
    tx.execute("DELETE FROM pause WHERE restaurant = ?", (restaurant,))


def load(tx: Transaction) -> dict[str, str]:
    """Why, by restaurant."""
    rows = tx.execute("SELECT restaurant, reason FROM pause")
    return {row["restaurant"]: row["reason"] for row in rows}
