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
# So much longer, from a cancel on, if nobody can say which of several attempts failed: by then a
# payment that goes on has come to its end.
MAY_GO_ON_FOR = 600.0
# What never counted is of no use to anybody after this.
KEPT_FOR = 30 * 86400.0


_BY_CHECKOUT = """
SELECT * FROM promotion_use WHERE restaurant = :restaurant AND code = :code
    AND checkout_id = :checkout_id AND state IN ('reserved', 'committed')"""
# Left alone, SQLite would go through all uses of the restaurant.
_BY_GUEST = "UNION".join(
    f"""
SELECT * FROM promotion_use INDEXED BY promotion_use_{column} WHERE restaurant = :restaurant
    AND code = :code AND {column} = :guest AND state IN ('reserved', 'committed')"""  # noqa: S608
    for column in ("guest", "email", "phone")
)


class UseState(StrEnum):
    APPLIED = "applied"
    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One code in one checkout; `code` folded, `at` in seconds.

    `guest`, `email`, `phone`: digests of what is known of who it is, or "".
    """

    restaurant: str
    checkout_id: str
    code: str
    guest: str = ""
    state: UseState = UseState.APPLIED
    amount_cents: int = 0
    at: float = 0.0
    email: str = ""
    phone: str = ""

    @property
    def identities(self) -> tuple[str, ...]:
        """Any of them tells the guest."""
        return tuple(filter(None, dict.fromkeys((self.guest, self.email, self.phone))))


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
        """INSERT INTO promotion_use VALUES (?, ?, ?, ?, 'applied', ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET typed_at = excluded.typed_at""",
        (*_key(use), use.guest, use.amount_cents, use.at, typed_at, use.email, use.phone),
    )


def reserve(tx: Transaction, use: Use) -> None:
    """Its checkout starts with this code; any other that it had reserved is free again."""
    expire(tx, use.at)
    _set_free(tx, use, but=use.code)
    tx.execute(
        """INSERT INTO promotion_use VALUES (?, ?, ?, ?, 'reserved', ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET state = 'reserved', guest = excluded.guest,
               email = excluded.email, phone = excluded.phone,
               amount_cents = excluded.amount_cents, at = excluded.at
           WHERE state <> 'committed'""",
        (*_key(use), use.guest, use.amount_cents, use.at, use.at, use.email, use.phone),
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
        """SELECT * FROM promotion_use WHERE restaurant = ? AND checkout_id = ?
           AND state IN ('reserved', 'released')""",
        (restaurant, checkout_id),
    ).fetchone()
    if row is None:
        return True
    found = _use(row)
    if found.code in once_per_guest and _counts_elsewhere(tx, found):
        return False
    tx.execute(
        """UPDATE promotion_use SET state = 'committed', at = ?
           WHERE restaurant = ? AND checkout_id = ? AND code = ?""",
        (now, restaurant, checkout_id, found.code),
    )
    return True


def release(tx: Transaction, restaurant: str, checkout_id: str, now: float) -> None:
    """An attempt of the checkout failed: its guest may use the code elsewhere."""
    tx.execute(
        """UPDATE promotion_use SET state = 'released', at = ?
           WHERE restaurant = ? AND checkout_id = ? AND state = 'reserved'""",
        (now, restaurant, checkout_id),
    )


def hurry(tx: Transaction, restaurant: str, checkout_id: str, now: float) -> None:
    """One of several attempts failed, perhaps not the last one: what it reserved ends soon."""
    tx.execute(
        """UPDATE promotion_use SET at = min(at, ?)
           WHERE restaurant = ? AND checkout_id = ? AND state = 'reserved'""",
        (hurried(now), restaurant, checkout_id),
    )


def hurried(now: float) -> float:
    """Since when a reservation counts that is to end soon."""
    return now - RESERVED_FOR + MAY_GO_ON_FOR


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
    """What counts of a code: reserved or committed, by this guest or in this checkout.

    `guest`: any of the digests by which one is known.
    """
    values = {"restaurant": restaurant, "code": code, "guest": guest, "checkout_id": checkout_id}
    rows = tx.execute(_BY_GUEST if guest else _BY_CHECKOUT, values)
    return [_use(row) for row in rows]


def _counts_elsewhere(tx: Transaction, use: Use) -> bool:
    return any(
        other.checkout_id != use.checkout_id
        for identity in use.identities
        for other in list_uses(tx, use.restaurant, use.code, guest=identity)
    )


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
        email=row["email"],
        phone=row["phone"],
    )
