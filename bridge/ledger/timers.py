"""What only time moves: release, hold and void for want of a sign, and what is past its promise."""

from bridge.ledger.deliveries import MAY_BE_THERE, QUESTION_AHEAD
from bridge.ledger.orders import touch
from bridge.ledger.transaction import Transaction
from bridge.model import DeliveryState
from bridge.model.question import Reason

# So many are moved in one step, some milliseconds: whoever else writes must not wait for them all.
STEP = 50
# How long an outcome may stay unknown after the promise while nobody can ask the POS.
LAST_QUESTION = 60.0

_ON_ITS_WAY_AHEAD = """
EXISTS (SELECT 1 FROM delivery AS e
    WHERE e.restaurant = d.restaurant AND e.order_id = d.order_id AND e.id < d.id
      AND e.state IN ('ready', 'sending'))
"""

_IS_FIRST = f"NOT {QUESTION_AHEAD.format('d')} AND NOT {_ON_ITS_WAY_AHEAD}"


def next_moment(tx: Transaction, restaurant: str, now: float) -> float | None:
    """When the clock next has something to do for that restaurant, None if never."""
    # Each alone, for only so the index knows the first of thousands without looking at them.
    row = tx.execute(
        """SELECT min(at) AS at FROM (
               SELECT min(next_at) AS at FROM delivery
                  WHERE lane = :restaurant AND state = 'waiting' AND next_at > :now
               UNION ALL SELECT min(next_at) FROM delivery
                  WHERE lane = :restaurant AND state = 'ready' AND next_at > :now
               UNION ALL SELECT min(next_at) FROM delivery
                  WHERE lane = :restaurant AND state = 'unknown' AND next_at > :now
               UNION ALL SELECT min(promise_at) FROM delivery
                  WHERE lane = :restaurant AND state = 'ready' AND promise_at > :now)""",
        {"restaurant": restaurant, "now": now},
    ).fetchone()
    return None if row["at"] is None else float(row["at"])


def run_timers(tx: Transaction, restaurant: str, now: float) -> int:
    """Move what waited long enough: release at its time, hold or void for want of a sign.

    Returns how many; `STEP` if there may be more.
    """
    rows = tx.execute(
        """SELECT id, order_id, timer FROM delivery
           WHERE lane = ? AND state = 'waiting' AND next_at <= ? LIMIT ?""",
        (restaurant, now, STEP),
    ).fetchall()
    for row in rows:
        state, cause, next_at = _expired(row["timer"], now)
        # What is held for want of a sign keeps its timer: the sign still releases it.
        is_held = state is DeliveryState.HELD
        timer, reason = (row["timer"], Reason.NO_SIGN) if is_held else (None, "")
        tx.execute(
            """UPDATE delivery SET state = ?, cause = ?, reason = ?, timer = ?, next_at = ?,
               released_at = ?, revision = revision + 1, updated_at = ? WHERE id = ?""",
            (state, cause, reason, timer, next_at, next_at, now, row["id"]),
        )
        touch(tx, restaurant, row["order_id"], now)
    return len(rows)


def hold_late(tx: Transaction, restaurant: str, now: float) -> int:
    """What is past its promise is not put out by itself: a person must say so.

    What waits behind its order, or behind an open question of it, belongs to that. An unknown
    outcome gets a last chance to be cleared up. Returns how many; `STEP` if there may be more: then
    nothing may be sent yet.
    """
    rows = tx.execute(
        f"""SELECT id, order_id, state, cause FROM delivery AS d INDEXED BY delivery_promise
             WHERE lane = ?1 AND state = 'ready' AND promise_at <= ?2 AND {_IS_FIRST}
           UNION ALL
           SELECT id, order_id, state, cause FROM delivery AS d INDEXED BY delivery_promise
             WHERE lane = ?1 AND state = 'unknown' AND promise_at <= ?3 AND updated_at <= ?3
             AND {_IS_FIRST}
           LIMIT ?4""",  # noqa: S608  constants only
        (restaurant, now, now - LAST_QUESTION, STEP),
    ).fetchall()
    for row in rows:
        question, reason = "late: print?", Reason.LATE
        if row["state"] == DeliveryState.UNKNOWN:
            question, reason = MAY_BE_THERE, Reason.MAY_BE_THERE
        because = f" ({row['cause']})" if row["cause"] else ""
        tx.execute(
            """UPDATE delivery SET state = 'held', cause = ?, reason = ?, side = '',
               next_at = NULL, revision = revision + 1, updated_at = ? WHERE id = ?""",
            (f"{question}{because}", reason, now, row["id"]),
        )
        touch(tx, restaurant, row["order_id"], now)
    return len(rows)


def _expired(timer: str | None, now: float) -> tuple[DeliveryState, str, float | None]:
    if timer == "void":
        return DeliveryState.VOIDED, "no sign that the guest paid; nothing was sent", None
    if timer == "hold":
        return DeliveryState.HELD, "not confirmed by the platform: print?", None
    return DeliveryState.READY, "", now
