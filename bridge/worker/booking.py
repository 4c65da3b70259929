"""What an event does to an order's deliveries. Pure: book and event in, a Booking out.

placed, nothing live          -> a place delivery, ready or waiting for a sign
placed again                  -> nothing, or the release of one that waits
a sign that the guest paid    -> the release of one that waits, or is held for want of it
changed, never heard of       -> a place delivery if it was paid for us, else archived
changed, not sent yet         -> folded into the delivery that waits
changed, sent                 -> a change delivery behind it
nothing left on the order     -> voided, or a cancel behind what was sent
"""

from dataclasses import dataclass, replace

from bridge.ledger.book import Action, Book, Booked, Booking, Fold, Move, Open
from bridge.model import (
    DeliveryState,
    Event,
    Fate,
    Handover,
    Operation,
    Order,
    OrderPlaced,
    Slip,
    SlipKind,
    differences,
)

SIGN_WAIT = 120.0  # a written 2XX without a commit sign under on_commit
GHOST_WAIT = 900.0  # an answer that never went out, without any sign

LEAST_TIME = 300.0  # to be tried, from the moment an order is fired

_UNSENT = frozenset({DeliveryState.WAITING, DeliveryState.READY})
_DEAD = frozenset({DeliveryState.VOIDED, DeliveryState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A restaurant's rules, in seconds; `since`: from when on this worker serves it."""

    on_commit: bool = False
    preparation: float = 900.0
    give_up_after: float = 1800.0
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One booking: everything the rules look at."""

    book: Book
    handover: Handover
    terms: Terms
    now: float
    order: Order  # the newest state known after this event
    committed: bool


def decide(book: Book, handover: Handover, terms: Terms, now: float) -> Booking:
    """What to write for this event."""
    placed = isinstance(handover.event, OrderPlaced)
    case = _Case(
        book=book,
        handover=handover,
        terms=terms,
        now=now,
        order=_newest(book, handover.event),
        committed=book.committed or not placed,
    )
    place = book.place
    if place is None or place.state in _DEAD:
        return _open_place(case) if placed else _open_by_change(case, place)
    return _update(case, place)


def _newest(book: Book, event: Event) -> Order:
    """By the platform's own times; where they do not tell, a change follows what was placed."""
    order, current = event.order, book.current
    if current is None or order.is_newer_than(current):
        return order
    if order == current or current.is_newer_than(order):
        return current
    is_live = book.place is not None and book.place.state not in _DEAD
    return current if isinstance(event, OrderPlaced) and is_live else order


def _open_place(case: _Case) -> Booking:
    again = case.book.place is not None
    if _is_overtaken(case):
        note = "nothing on it is waiting to be made any more"
        return _booking(case, note, *([] if again else [_dead_place(case, note)]))
    note = "placed again after it had come to nothing" if again else "placed"
    return _booking(case, note, _place(case))


def _is_overtaken(case: _Case) -> bool:
    """Nothing is on it, or later news came before it and said that nothing is left to do."""
    current = case.book.current
    is_older = current is not None and current.is_newer_than(case.handover.event.order)
    return not case.order.lines or (is_older and not case.order.is_waiting())


def _dead_place(case: _Case, cause: str) -> Open:
    start = _place(case)
    return replace(start, state=DeliveryState.VOIDED, timer=None, next_at=None, cause=cause)


def _open_by_change(case: _Case, place: Booked | None) -> Booking:
    """A change proves payment: what was voided or never heard of is made after all."""
    if place is not None and place.state is DeliveryState.REFUSED:
        return _booking(case, "changed after the POS had refused it: nothing to do")
    if not case.order.is_waiting():
        return _booking(case, "archived: nothing on it is waiting to be made")
    if place is not None:
        return _booking(case, "a sign after the void: fired again", _place(case, "REFIRED"))
    if _is_older_than_service(case):
        return _booking(case, "archived: older than this bridge's service of the restaurant")
    return _booking(case, "placed by an order-change: the injection was never heard", _place(case))


def _update(case: _Case, place: Booked) -> Booking:
    """The order has a live place delivery."""
    actions: list[Action] = []
    if _is_released_now(case, place):
        actions.append(_release(case, place))
    elif _is_written_after_all(case, place):
        actions.append(_expect_sign(case, place))
    news, note = _carry_news(case, place)
    if not isinstance(case.handover.event, OrderPlaced):
        note = f"{note}; a sign that the guest paid" if actions else note
    return _booking(case, note, *actions, *news)


def _carry_news(case: _Case, place: Booked) -> tuple[list[Action], str]:
    current = case.book.current
    if current is None or case.order is current:
        is_stale = current is not None and current.is_newer_than(case.handover.event.order)
        return [], "stale: dropped" if is_stale else "known already"
    if place.state in _UNSENT or _lacks_sign(place):
        return _fold_into_place(case, place)
    return _queue_behind(case)


def _fold_into_place(case: _Case, place: Booked) -> tuple[list[Action], str]:
    """What was queued behind it while it was being sent is in the newest order, too."""
    behind = [_drop(d, "part of the ticket itself by now") for d in _unsent(case) if d != place]
    if not case.order.lines:
        cause = "nothing is left on the order"
        return [*behind, _drop(place, cause)], cause
    fold = Fold(
        delivery_id=place.id,
        content=case.order,
        slip=place.slip,
        promise_at=_promise(case, place.accepted_at),
    )
    return [*behind, fold], "folded into the ticket"


def _queue_behind(case: _Case) -> tuple[list[Action], str]:
    waiting = _unsent(case)
    found = differences(_last_sent(case).content, case.order)
    if waiting:
        older = [_drop(d, "replaced by a later change") for d in waiting[:-1]]
        actions, note = _fold_into_change(case, waiting[-1], changed=bool(found))
        return [*older, *actions], note
    if not found:
        return [], "status only: nothing for the kitchen"
    return [_follow(case, case.book.next_version)], "queued behind the ticket"


def _fold_into_change(case: _Case, change: Booked, *, changed: bool) -> tuple[list[Action], str]:
    if not changed:
        cause = "the change was taken back"
        return [_drop(change, cause)], cause
    follow = _follow(case, change.version)
    if follow.operation is change.operation:
        fold = Fold(delivery_id=change.id, content=case.order, slip=follow.slip)
        return [fold], "folded into the change"
    cause = "replaced by a later change"
    return [_drop(change, cause), _follow(case, case.book.next_version)], cause


def _follow(case: _Case, version: int) -> Open:
    """The delivery that brings the newest state behind what was sent."""
    cancel = not case.order.lines
    slip = Slip(
        kind=SlipKind.VOID if cancel else SlipKind.CHANGE,
        version=version,
        differences=differences(_last_sent(case).content, case.order),
        reason="nothing is left on the order" if cancel else "",
    )
    follow = Open(
        operation=Operation.CANCEL if cancel else Operation.CHANGE,
        version=version,
        state=DeliveryState.READY,
        slip=slip,
        content=case.order,
        promise_at=_promise(case, _received(case)),
        next_at=case.now,
    )
    return _doubted(follow) if _may_be_done_already(case) else follow


def _unsent(case: _Case) -> list[Booked]:
    return [d for d in case.book.deliveries if d.state in _UNSENT]


def _last_sent(case: _Case) -> Booked:
    """What the kitchen was told last, or is being told, or may have been told."""
    return [d for d in case.book.deliveries if d.state not in _UNSENT | _DEAD][-1]


def _drop(delivery: Booked, cause: str) -> Move:
    return Move(delivery_id=delivery.id, state=DeliveryState.VOIDED, cause=cause)


def _place(case: _Case, reason: str = "") -> Open:
    version = case.book.next_version
    start = Open(
        operation=Operation.PLACE,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(kind=SlipKind.PLACE, version=version, reason=reason),
        content=case.order,
        promise_at=_promise(case, _received(case)),
        next_at=case.now,
    )
    if not _is_released(case):
        return _wait_for_sign(case, start)
    fires_at = _fires_at(case)
    if fires_at > case.now:
        return replace(start, state=DeliveryState.WAITING, timer="release", next_at=fires_at)
    return _doubted(start) if _may_be_done_already(case) else start


def _doubted(start: Open) -> Open:
    """Another worker's ledger, lost since, may have known more: `repeat` decides."""
    cause = "received before this worker served the restaurant: may be done already"
    return replace(start, state=DeliveryState.UNKNOWN, cause=cause)


def _wait_for_sign(case: _Case, start: Open) -> Open:
    gone = case.handover.fate is Fate.GONE
    return replace(
        start,
        state=DeliveryState.WAITING,
        timer="void" if gone else "hold",
        next_at=_received(case) + (GHOST_WAIT if gone else SIGN_WAIT),
        cause="waits for a sign that the guest paid",
    )


def _expect_sign(case: _Case, place: Booked) -> Move:
    """A 2XX was written after all: from now on the clock holds the order, it does not void it."""
    return Move(
        delivery_id=place.id,
        state=DeliveryState.WAITING,
        timer="hold",
        next_at=_received(case) + SIGN_WAIT,
        cause="waits for a sign that the guest paid",
    )


def _is_written_after_all(case: _Case, place: Booked) -> bool:
    is_waiting = place.state is DeliveryState.WAITING and place.timer == "void"
    return is_waiting and case.handover.fate is not Fate.GONE


def _release(case: _Case, place: Booked) -> Move:
    fires_at = _fires_at(case)
    state, timer = DeliveryState.READY, None
    if fires_at > case.now:
        state, timer = DeliveryState.WAITING, "release"
    elif _may_be_done_already(case):
        state = DeliveryState.UNKNOWN
    return Move(delivery_id=place.id, state=state, timer=timer, next_at=max(fires_at, case.now))


def _lacks_sign(place: Booked) -> bool:
    """Held by the clock alone: nothing was sent, and the sign answers the question."""
    return place.state is DeliveryState.HELD and place.timer == "hold"


def _is_released_now(case: _Case, place: Booked) -> bool:
    """True if this event ends the wait, or gives the order a new time to be fired."""
    if place.state is DeliveryState.READY:
        return case.order is not case.book.current and _fires_at(case) > case.now
    if place.state is not DeliveryState.WAITING and not _lacks_sign(place):
        return False
    if place.timer == "release":
        return case.order is not case.book.current
    return _is_released(case)


def _is_released(case: _Case) -> bool:
    if case.committed:
        return True
    return not case.terms.on_commit and case.handover.fate is not Fate.GONE


def _received(case: _Case) -> float:
    return case.handover.received_at.timestamp()


def _fires_at(case: _Case) -> float:
    due = case.order.due_at
    return due.timestamp() - case.terms.preparation if due else case.now


def _promise(case: _Case, accepted_at: float) -> float:
    """Due time or a while after it came in, and never without time to be tried in."""
    give_up_after = case.terms.give_up_after
    plain = accepted_at + give_up_after
    due = case.order.due_at
    if due is None:
        return plain
    return max(plain, due.timestamp(), _fires_at(case) + min(LEAST_TIME, give_up_after))


def _may_be_done_already(case: _Case) -> bool:
    return case.handover.copy > 1 and _received(case) < case.terms.since


def _is_older_than_service(case: _Case) -> bool:
    placed_at = case.order.placed_at
    return placed_at is not None and placed_at.timestamp() < case.terms.since


def _booking(case: _Case, note: str, *actions: Action) -> Booking:
    return Booking(note=note, current=case.order, committed=case.committed, actions=actions)
