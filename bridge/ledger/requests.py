"""The ingress's half: each call with its answer, what became of the answer, and the outbox."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge import canonical
from bridge.ledger import digest, soundness
from bridge.ledger.transaction import Transaction
from bridge.model import Answer, Event, Fate, Handover, News, Operation

OUTBOX = "outbox"

# Of a call, whatever its answer's code: only the start of a checkout is told if it may go on. A
# price check changes nothing and is shown with no order.
IS_PRICE_CHECK = """(hook = 'promo' AND status = 200
    AND instr(answer, CAST('"allow_checkout":' AS BLOB)) = 0)"""

_COLUMNS = f"{soundness.REQUEST_COLUMNS}, copies, CAST(fate AS BLOB) AS fate"

_INSERT = """
INSERT INTO request (received_at, endpoint, hook, restaurant, order_id, checkout_id,
    correlation_id, content_type, body, event, error, status, code, answer, answer_type,
    evidence, repeat_of, stage, digest)
VALUES (:received_at, :endpoint, :hook, :restaurant, :order_id, :checkout_id,
    :correlation_id, :content_type, :body, :event, :error, :status, :code, :answer, :answer_type,
    :evidence, :repeat_of, :stage, :digest)
"""

# A 2XX to an injection still stands unless it never went out, or its order came to nothing.
_ACCEPTED = """
SELECT coalesce(repeat_of, seq) AS seq, status, code, answer, answer_type, stage FROM request
WHERE restaurant = ? AND order_id = ? AND hook = 'order-injection'
  AND status BETWEEN 200 AND 299 AND (fate IS NULL OR fate <> 'late')
ORDER BY request.seq DESC LIMIT 1
"""

# Of an answer that was not said nothing can have been heard, whatever was thought of it meanwhile.
_WITHDRAW = """
UPDATE request INDEXED BY request_received SET
    fate = CASE hook WHEN 'order-injection' THEN 'late' ELSE 'gone' END,
    stage = CASE hook WHEN 'order-injection' THEN NULL ELSE stage END
WHERE correlation_id = ? AND received_at = ? AND stage = 'open' AND fate IS NOT 'written'
"""
_HANDED_OVER = """
SELECT 1 FROM request INDEXED BY request_received
WHERE correlation_id = ? AND received_at = ? AND hook = 'order-injection'
  AND stage IN ('published', 'recorded')
"""

# What stands behind no order that is being made or was.
_CAME_TO_NOTHING = frozenset({"voided", "refused"})
_NOTHING = frozenset({None, "archived", *_CAME_TO_NOTHING})

# A ticket that was taken back again counts as voided.
_PLACE_STATE = """
SELECT CASE operation WHEN 'cancel' THEN 'voided' ELSE state END AS state FROM delivery
WHERE restaurant = ? AND order_id = ? AND (operation = 'place'
   OR (operation = 'cancel' AND state NOT IN ('voided', 'refused')))
ORDER BY id DESC LIMIT 1
"""


# Where to look for open events, and in which order.
_ALL = ("request_outbox", "seq > :seq", "seq")
_STALE = ("request_waiting", "received_at <= :since", "received_at, seq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One authenticated call as it came in; `event` None when it could not be decoded."""

    received_at: float
    endpoint: str
    hook: str
    correlation_id: str
    content_type: str
    body: bytes
    restaurant: str = ""
    order_id: str = ""
    checkout_id: str = ""
    event: Event | None = None
    error: str | None = None
    evidence: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the ledger holds of a call. `answer` is the first one when this is a repeat.

    `is_known`: its order was there before.
    """

    seq: int
    answer: Answer
    is_repeat: bool
    is_known: bool = False


def record(tx: Transaction, request: Request, answer: Answer, *, hand_over: bool) -> Recorded:
    """Write call and answer; the one write that a 2XX waits for.

    With `hand_over` the event goes to the worker once the answer's fate is known.
    """
    seq = _insert(tx, request, answer, repeat_of=None, stage="open" if hand_over else None)
    return Recorded(seq=seq, answer=answer, is_repeat=False)


def record_injection(
    tx: Transaction, request: Request, verdict: Answer, welcome: Answer
) -> Recorded:
    """As `record`, but a 2XX that this order already has is repeated, byte for byte.

    An order that an order-change has brought in already gets `welcome`, whatever the verdict.
    """
    first = find_accepted(tx, request.restaurant, request.order_id)
    if first is None:
        known = is_known(tx, request.restaurant, request.order_id)
        answer = welcome if known else verdict
        recorded = record(tx, request, answer, hand_over=answer.is_yes)
        return replace(recorded, is_known=known)
    seq_of_first, answer = first
    seq = _insert(tx, request, answer, repeat_of=seq_of_first, stage="open")
    return Recorded(seq=seq, answer=answer, is_repeat=True, is_known=True)


def find_accepted(tx: Transaction, restaurant: str, order_id: str) -> tuple[int, Answer] | None:
    """The standing 2XX of an injection; None for one that was voided or refused since."""
    row = tx.execute(_ACCEPTED, (restaurant, order_id)).fetchone()
    state = _known_state(tx, restaurant, order_id)
    if row is None:
        return None
    # A yes that no worker has booked yet is newer than what it is known to have come to.
    is_booked = row["stage"] not in {"open", "published", "stuck"}
    if state in _CAME_TO_NOTHING and is_booked:
        return None
    answer = Answer(
        status=row["status"],
        code=row["code"],
        body=row["answer"],
        content_type=row["answer_type"],
    )
    return row["seq"], answer


def is_known(tx: Transaction, restaurant: str, order_id: str) -> bool:
    """True if a live delivery exists, whoever created it."""
    return _known_state(tx, restaurant, order_id) not in _NOTHING


def settle(tx: Transaction, seq: int, fate: Fate) -> None:
    """Note what became of a 2XX, once."""
    tx.execute("UPDATE request SET fate = ? WHERE seq = ? AND fate IS NULL", (fate, seq))
    tx.touch(OUTBOX)


def withdraw(tx: Transaction, correlation_id: str, received_at: float) -> bool:
    """A 2XX that the call may have here was never said: of an injection nothing is handed over.

    Any other call told what is so, whatever was answered. False if it is too late: a worker has it.
    """
    call = correlation_id, received_at
    tx.execute(_WITHDRAW, call)
    tx.touch(OUTBOX)
    return tx.execute(_HANDED_OVER, call).fetchone() is None


def settle_after_crash(tx: Transaction) -> int:
    """At start: a 2XX without a fate may or may not have reached the platform.

    What was ready to be published may have gone out just before the end: the next is a copy.
    """
    tx.execute("UPDATE request SET copies = copies + 1 WHERE stage = 'open' AND fate IS NOT NULL")
    cursor = tx.execute(
        "UPDATE request SET fate = ? WHERE stage = 'open' AND fate IS NULL", (Fate.UNSURE,)
    )
    tx.touch(OUTBOX)
    return cursor.rowcount


def settle_forgotten(tx: Transaction, before: float) -> int:
    """A 2XX from before that time whose fate nobody has told: it counts as unsure."""
    cursor = tx.execute(
        """UPDATE request INDEXED BY request_outbox SET fate = ?
           WHERE stage = 'open' AND fate IS NULL AND received_at < ?""",
        (Fate.UNSURE, before),
    )
    return cursor.rowcount


def next_handovers(
    tx: Transaction, ingress: str, restaurants: tuple[str, ...], limit: int
) -> list[Handover]:
    """Open events whose fate is known, in order: none before an earlier one of its checkout."""
    return _list_next(tx, ingress, restaurants, _ALL, {"seq": 0, "limit": limit})


def fresh_handovers(
    tx: Transaction, ingress: str, restaurants: tuple[str, ...], since: float, limit: int
) -> list[Handover]:
    """As `next_handovers`, of what was received later than that."""
    row = tx.execute(
        """SELECT seq FROM request INDEXED BY request_received
           WHERE received_at <= ? ORDER BY received_at DESC LIMIT 1""",
        (since,),
    ).fetchone()
    seq = row["seq"] if row else 0
    return _list_next(tx, ingress, restaurants, _ALL, {"seq": seq, "limit": limit})


def stale_handovers(
    tx: Transaction, ingress: str, restaurant: str, since: float, limit: int
) -> list[Handover]:
    """As `next_handovers`, of what one restaurant's events have waited for since then."""
    return _list_next(tx, ingress, (restaurant,), _STALE, {"since": since, "limit": limit})


def published(tx: Transaction, seq: int, now: float) -> None:
    """The broker has confirmed it. A worker may have been faster: never go back."""
    tx.execute(
        """UPDATE request SET stage = 'published', copies = copies + 1, sent_at = ?,
               bounces = CASE bounced WHEN 'returned' THEN 0 ELSE bounces END,
               bounced = CASE bounced WHEN 'returned' THEN '' ELSE bounced END
           WHERE seq = ? AND stage IN ('open', 'published')""",
        (now, seq),
    )
    tx.touch(OUTBOX)


def tried(tx: Transaction, seq: int) -> None:
    """A publish whose outcome is unknown may have arrived: the next one is another copy."""
    tx.execute("UPDATE request SET copies = copies + 1 WHERE seq = ?", (seq,))


def recorded(tx: Transaction, restaurant: str, seqs: tuple[int, ...], now: float) -> None:
    """A worker has these events in its own ledger."""
    tx.execute(
        """UPDATE request NOT INDEXED SET stage = 'recorded', recorded_at = ?, bounced = ''
           WHERE seq IN (SELECT value FROM json_each(?)) AND restaurant = ?
           AND stage IS NOT NULL""",
        (now, canonical.encode(seqs).decode(), restaurant),
    )
    tx.touch(OUTBOX)


def late(tx: Transaction, before: float, restaurants: list[str], ingress: str) -> list[Handover]:
    """Published before that time, `recorded` still missing, a worker heard alive."""
    marks = ",".join("?" * len(restaurants))
    # The inner one reads nothing but an index: of many, few are read whole.
    rows = tx.execute(
        f"""SELECT {_COLUMNS} FROM request WHERE seq IN (
                SELECT seq FROM request INDEXED BY request_published
                WHERE stage = 'published' AND sent_at < ? AND restaurant IN ({marks})
                ORDER BY seq LIMIT 64) ORDER BY seq""",  # noqa: S608  only marks
        (before, *restaurants),
    )
    return _readable(tx, rows.fetchall(), ingress)


def backlog(tx: Transaction) -> dict[str, float | int]:
    """How many events wait for a worker, and since when the oldest does (0 if none)."""
    row = tx.execute(
        """SELECT count(*) AS number, coalesce(min(received_at), 0) AS oldest FROM (
               SELECT received_at FROM request INDEXED BY request_outbox
                   WHERE stage = 'open' AND fate IS NOT NULL
               UNION ALL SELECT received_at FROM request INDEXED BY request_published
                   WHERE stage = 'published')"""
    ).fetchone()
    return {"events": row["number"], "oldest": row["oldest"]}


def _list_next(
    tx: Transaction,
    ingress: str,
    restaurants: tuple[str, ...],
    where: tuple[str, str, str],
    values: dict[str, float],
) -> list[Handover]:
    index, condition, order = where
    names = {f"name{number}": name for number, name in enumerate(restaurants)}
    rows = tx.execute(
        f"""SELECT {_COLUMNS} FROM request AS r INDEXED BY {index}
           WHERE stage = 'open' AND fate IS NOT NULL AND {condition}
           AND restaurant IN ({", ".join(f":{name}" for name in names)})
           AND NOT EXISTS (SELECT 1 FROM request AS e INDEXED BY request_open
               WHERE e.stage = 'open' AND e.restaurant = r.restaurant
               AND e.checkout_id = r.checkout_id AND e.seq < r.seq)
           ORDER BY {order} LIMIT :limit""",  # noqa: S608  constants, and marks
        {**values, **names},
    )
    return _readable(tx, rows.fetchall(), ingress)


def _insert(
    tx: Transaction, request: Request, answer: Answer, *, repeat_of: int | None, stage: str | None
) -> int:
    row = {
        "received_at": request.received_at,
        "endpoint": request.endpoint,
        "hook": request.hook,
        "restaurant": request.restaurant,
        "order_id": request.order_id,
        "checkout_id": request.checkout_id,
        "correlation_id": request.correlation_id,
        "content_type": request.content_type,
        "body": request.body,
        "event": canonical.encode(request.event).decode() if request.event else None,
        "error": request.error,
        "status": answer.status,
        "code": answer.code,
        "answer": answer.body,
        "answer_type": answer.content_type,
        "evidence": orjson.dumps(request.evidence).decode() if request.evidence else None,
        "repeat_of": repeat_of,
        "stage": stage,
    }
    checked = {**row, "digest": digest.digest(row, digest.REQUEST)}
    return int(tx.execute(_INSERT, checked).lastrowid or 0)


def _known_state(tx: Transaction, restaurant: str, order_id: str) -> str | None:
    """The newest ticket's: a change that the POS refused later takes nothing from it."""
    row = tx.execute(_PLACE_STATE, (restaurant, order_id)).fetchone()
    if row is not None:
        return str(row["state"])
    row = tx.execute(
        "SELECT state, document FROM standing WHERE restaurant = ? AND order_id = ?",
        (restaurant, order_id),
    ).fetchone()
    if row is None:
        return None
    deliveries = orjson.loads(row["document"]).get("deliveries", ())
    states = [state for one in deliveries if (state := _state_of_ticket(one))]
    return states[-1] if states else str(row["state"])


def _state_of_ticket(delivery: dict[str, Any]) -> str | None:
    """As `_PLACE_STATE`: None for what is neither a ticket nor its end."""
    operation, state = delivery["operation"], str(delivery["state"])
    if operation == Operation.PLACE:
        return state
    is_taken_back = operation == Operation.CANCEL and state not in _CAME_TO_NOTHING
    return "voided" if is_taken_back else None


def _readable(tx: Transaction, rows: list[sqlite3.Row], ingress: str) -> list[Handover]:
    """What is damaged, or of another version, is set aside with an alert: the others go on."""
    found = []
    for row in rows:
        why = soundness.CHANGED
        if digest.is_sound(row, digest.REQUEST):
            try:
                found.append(_handover(row, ingress))
                continue
            except canonical.CanonicalError as error:
                why = str(error)
            except (ValueError, TypeError, AttributeError):
                pass  # no version writes such a thing: it was changed
        soundness.set_aside(tx, row, why)
        tx.touch(OUTBOX)
    return found


def _handover(row: sqlite3.Row, ingress: str) -> Handover:
    return Handover(
        event_id=f"{ingress}:{row['seq']}",
        ingress=ingress,
        seq=row["seq"],
        restaurant=row["restaurant"].decode(),
        correlation_id=row["correlation_id"].decode(),
        received_at=datetime.fromtimestamp(row["received_at"], UTC),
        fate=Fate(row["fate"].decode()),
        copy=row["copies"] + 1,
        event=canonical.decode(News, row["event"]),  # type: ignore[arg-type]
    )
