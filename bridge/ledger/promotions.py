"""Who typed which code in which checkout, and what became of the discount.

A use counts against its guest while it is reserved or committed. In a checkout at most one code
is reserved or released; what was committed stays so.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bridge.ledger.transaction import Transaction

# Seconds. A guest who starts a checkout and never ends it may use the code again after this.
RESERVED_FOR = 2 * 3600.0
# What never counted is of no use to anybody after this.
KEPT_FOR = 30 * 86400.0


class UseState(StrEnum):
    APPLIED = "applied"
    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One code in one checkout; `code` folded, `guest` a digest or "", `at` in seconds."""

    restaurant: str
    checkout_id: str
    code: str
    guest: str = ""
    state: UseState = UseState.APPLIED
    amount_cents: int = 0
    at: float = 0.0


def remember(tx: Transaction, use: Use) -> None:
    """The code that counts for its checkout from now on; what is reserved stays reserved."""
    row = tx.execute(
        """SELECT max(typed_at) AS latest FROM promotion_use
           WHERE restaurant = ? AND checkout_id = ?""",
        (use.restaurant, use.checkout_id),
    ).fetchone()
    # Also where the clock stood still, or went back: which was typed last is what matters.
    typed_at = max(use.at, (row["latest"] or 0.0) + 0.001)
    tx.execute(
        """INSERT INTO promotion_use VALUES (?, ?, ?, ?, 'applied', ?, ?, ?)
           ON CONFLICT DO UPDATE SET typed_at = excluded.typed_at""",
        (*_key(use), use.guest, use.amount_cents, use.at, typed_at),
    )


def reserve(tx: Transaction, use: Use) -> None:
    """Its checkout starts with this code; any other that it had reserved is free again."""
    expire(tx, use.at)
    _set_free(tx, use, but=use.code)
    tx.execute(
        """INSERT INTO promotion_use VALUES (?, ?, ?, ?, 'reserved', ?, ?, ?)
           ON CONFLICT DO UPDATE SET state = 'reserved', guest = excluded.guest,
               amount_cents = excluded.amount_cents, at = excluded.at
           WHERE state <> 'committed'""",
        (*_key(use), use.guest, use.amount_cents, use.at, use.at),
    )


def withdraw(tx: Transaction, use: Use) -> None:
    """Its checkout starts without any code: a finish must not commit one any more."""
    _set_free(tx, use)


def commit(
    tx: Transaction,
    restaurant: str,
    checkout_id: str,
    now: float,
    *,
    once_per_guest: Collection[str] = (),
) -> bool:
    """The checkout was paid with what it had reserved, or had to give back too early.

    False if meanwhile its guest got a code of `once_per_guest` in another checkout: then that
    one counts.
    """
    expire(tx, now)
    row = tx.execute(
        """SELECT code, guest, state FROM promotion_use WHERE restaurant = ? AND checkout_id = ?
           AND state IN ('reserved', 'released')""",
        (restaurant, checkout_id),
    ).fetchone()
    if row is None:
        return True
    if row["guest"] and row["code"] in once_per_guest:
        uses = list_uses(tx, restaurant, row["code"], guest=row["guest"])
        if any(use.checkout_id != checkout_id for use in uses):
            return False
    tx.execute(
        """UPDATE promotion_use SET state = 'committed', at = ?
           WHERE restaurant = ? AND checkout_id = ? AND code = ?""",
        (now, restaurant, checkout_id, row["code"]),
    )
    return True


def release(tx: Transaction, restaurant: str, checkout_id: str, now: float) -> None:
    """An attempt of the checkout failed: its guest may use the code elsewhere."""
    tx.execute(
        """UPDATE promotion_use SET state = 'released', at = ?
           WHERE restaurant = ? AND checkout_id = ? AND state = 'reserved'""",
        (now, restaurant, checkout_id),
    )


def expire(tx: Transaction, now: float) -> int:
    """Release what was reserved for too long; how many there were."""
    cursor = tx.execute(
        """UPDATE promotion_use SET state = 'released', at = ?
           WHERE state = 'reserved' AND at <= ?""",
        (now, now - RESERVED_FOR),
    )
    return cursor.rowcount


def tidy(tx: Transaction, now: float) -> None:
    """`expire`, and forget codes that were typed long ago and never counted."""
    expire(tx, now)
    tx.execute(
        "DELETE FROM promotion_use WHERE typed_at <= ? AND state IN ('applied', 'released')",
        (now - KEPT_FOR,),
    )


def list_recent(tx: Transaction, since: float, most: int) -> list[Use]:
    """What was typed or reserved since, at most so many; each checkout's newest code last."""
    rows = tx.execute(
        """SELECT * FROM promotion_use WHERE typed_at >= ?
           ORDER BY typed_at DESC LIMIT ?""",
        (since, most),
    ).fetchall()
    return [_use(row) for row in reversed(rows)]


def list_uses(
    tx: Transaction, restaurant: str, code: str, *, guest: str = "", checkout_id: str = ""
) -> list[Use]:
    """What counts of a code: reserved or committed, by this guest or in this checkout."""
    # Left alone, SQLite would go through all uses of the restaurant.
    source = "promotion_use INDEXED BY promotion_use_guest" if guest else "promotion_use"
    column, value = ("guest", guest) if guest else ("checkout_id", checkout_id)
    rows = tx.execute(
        f"""SELECT * FROM {source} WHERE restaurant = ? AND code = ? AND {column} = ?
            AND state IN ('reserved', 'committed')""",  # noqa: S608  one of two constants
        (restaurant, code, value),
    )
    return [_use(row) for row in rows]


def _set_free(tx: Transaction, use: Use, *, but: str = "") -> None:
    tx.execute(
        """UPDATE promotion_use SET state = 'applied' WHERE restaurant = ? AND checkout_id = ?
           AND code <> ? AND state IN ('reserved', 'released')""",
        (use.restaurant, use.checkout_id, but),
    )


def _key(use: Use) -> tuple[str, str, str]:
    return use.restaurant, use.checkout_id, use.code


def _use(row: sqlite3.Row) -> Use:
    return Use(
        restaurant=row["restaurant"],
        checkout_id=row["checkout_id"],
        code=row["code"],
        guest=row["guest"],
        state=UseState(row["state"]),
        amount_cents=row["amount_cents"],
        at=row["at"],
    )
