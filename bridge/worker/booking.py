"""What an event does to an order's deliveries. Pure: book and event in, a Booking out.

placed, nothing live          -> a place delivery, ready or waiting for a sign
placed again                  -> nothing, or the release of one that waits
changed, never heard of       -> a place delivery if it was paid for us, else archived
changed, not sent yet         -> folded into the delivery that waits
changed, sent                 -> a change delivery behind it
nothing left on the order     -> voided, or a cancel behind what was sent
"""

from dataclasses import dataclass, replace

from bridge.ledger.book import Action, Book, Booked, Booking, Fold, Move, Open
from bridge.model import (
    DeliveryState,
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
    order = handover.event.order
    placed = isinstance(handover.event, OrderPlaced)
    newest = order if book.current is None or order.is_newer_than(book.current) else book.current
    case = _Case(
        book=book,
        handover=handover,
        terms=terms,
        now=now,
        order=newest,
        committed=book.committed or not placed,
    )
    place = book.place
    if place is None or place.state in _DEAD:
        return _open_place(case) if placed else _open_by_change(case, place)
    return _update(case, place)


def _open_place(case: _Case) -> Booking:
    again = case.book.place is not None
    note = "placed again after it had come to nothing" if again else "placed"
    return _booking(case, note, _place(case))


def _open_by_change(case: _Case, place: Booked | None) -> Booking:
    """A change proves payment: what was voided or never heard of is made after all."""
    if place is not None and place.state is DeliveryState.REFUSED:
        return _booking(case, "changed after the POS had refused it: nothing to do")
    if not case.order.is_waiting():
        return _archive(case, "archived: nothing on it is waiting to be made")
    if place is not None:
        return _booking(case, "a sign after the void: fired again", _place(case, "REFIRED"))
    if _is_older_than_service(case):
        return _archive(case, "archived: older than this bridge's service of the restaurant")
    return _booking(case, "placed by an order-change: the injection was never heard", _place(case))


def _update(case: _Case, place: Booked) -> Booking:
    """The order has a live place delivery."""
    actions: list[Action] = []
    if _is_released_now(case, place):
        actions.append(_release(case, place))
    news, note = _carry_news(case, place)
    if not isinstance(case.handover.event, OrderPlaced):
        note = f"{note}; a sign that the guest paid" if actions else note
    return _booking(case, note, *actions, *news)


def _carry_news(case: _Case, place: Booked) -> tuple[list[Action], str]:
    current = case.book.current
    if current is None or case.order is current:
        is_stale = current is not None and current.is_newer_than(case.handover.event.order)
        return [], "stale: dropped" if is_stale else "known already"
    if place.state in _UNSENT:
        return _fold_into_place(case, place)
    return _queue_behind(case)


def _fold_into_place(case: _Case, place: Booked) -> tuple[list[Action], str]:
    if not case.order.lines:
        cause = "nothing is left on the order"
        return [Move(delivery_id=place.id, state=DeliveryState.VOIDED, cause=cause)], cause
    slip = Slip(kind=SlipKind.PLACE, version=place.version)
    return [Fold(delivery_id=place.id, content=case.order, slip=slip)], "folded into the ticket"


def _queue_behind(case: _Case) -> tuple[list[Action], str]:
    sent = [d for d in case.book.deliveries if d.state not in _UNSENT | _DEAD]
    waiting = [d for d in case.book.deliveries if d.state in _UNSENT]
    found = differences(sent[-1].content, case.order)
    if waiting:
        return _fold_into_change(case, waiting[-1], changed=bool(found))
    if not found:
        return [], "status only: nothing for the kitchen"
    return [_follow(case, case.book.next_version)], "queued behind the ticket"


def _fold_into_change(case: _Case, change: Booked, *, changed: bool) -> tuple[list[Action], str]:
    if not changed:
        cause = "the change was taken back"
        return [Move(delivery_id=change.id, state=DeliveryState.VOIDED, cause=cause)], cause
    follow = _follow(case, change.version)
    if follow.operation is change.operation:
        fold = Fold(delivery_id=change.id, content=case.order, slip=follow.slip)
        return [fold], "folded into the change"
    cause = "replaced by a later change"
    move = Move(delivery_id=change.id, state=DeliveryState.VOIDED, cause=cause)
    return [move, _follow(case, case.book.next_version)], cause


def _follow(case: _Case, version: int) -> Open:
    """The delivery that brings the newest state behind what was sent."""
    sent = [d for d in case.book.deliveries if d.state not in _UNSENT | _DEAD]
    found = differences(sent[-1].content, case.order)
    cancel = not case.order.lines
    slip = Slip(
        kind=SlipKind.VOID if cancel else SlipKind.CHANGE,
        version=version,
        differences=found,
        reason="nothing is left on the order" if cancel else "",
    )
    return Open(
        operation=Operation.CANCEL if cancel else Operation.CHANGE,
        version=version,
        state=DeliveryState.READY,
        slip=slip,
        content=case.order,
        promise_at=case.now + case.terms.give_up_after,
        next_at=case.now,
    )


def _place(case: _Case, reason: str = "") -> Open:
    version = case.book.next_version
    start = Open(
        operation=Operation.PLACE,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(kind=SlipKind.PLACE, version=version, reason=reason),
        content=case.order,
        promise_at=_promise(case),
        next_at=case.now,
    )
    if _may_be_done_already(case):
        cause = "received before this worker served the restaurant: may be done already"
        return replace(start, state=DeliveryState.UNKNOWN, cause=cause)
    if not _is_released(case):
        return _wait_for_sign(case, start)
    fires_at = _fires_at(case)
    if fires_at > case.now:
        return replace(start, state=DeliveryState.WAITING, timer="release", next_at=fires_at)
    return start


def _wait_for_sign(case: _Case, start: Open) -> Open:
    received = case.handover.received_at.timestamp()
    gone = case.handover.fate is Fate.GONE
    return replace(
        start,
        state=DeliveryState.WAITING,
        timer="void" if gone else "hold",
        next_at=received + (GHOST_WAIT if gone else SIGN_WAIT),
        cause="waits for a sign that the guest paid",
    )


def _release(case: _Case, place: Booked) -> Move:
    fires_at = _fires_at(case)
    if fires_at > case.now:
        state, timer = DeliveryState.WAITING, "release"
    else:
        state, timer = DeliveryState.READY, None
    return Move(delivery_id=place.id, state=state, timer=timer, next_at=max(fires_at, case.now))


def _is_released_now(case: _Case, place: Booked) -> bool:
    """True if this event ends the wait, or gives the order a new time to be fired."""
    if place.state is DeliveryState.READY:
        return case.order is not case.book.current and _fires_at(case) > case.now
    if place.state is not DeliveryState.WAITING:
        return False
    if place.timer == "release":
        return case.order is not case.book.current
    return _is_released(case)


def _is_released(case: _Case) -> bool:
    if case.committed:
        return True
    return not case.terms.on_commit and case.handover.fate is not Fate.GONE


def _fires_at(case: _Case) -> float:
    due = case.order.due_at
    return due.timestamp() - case.terms.preparation if due else case.now


def _promise(case: _Case) -> float:
    """Never earlier than the plain promise: a due time just ahead must not hold a ticket."""
    plain = case.handover.received_at.timestamp() + case.terms.give_up_after
    due = case.order.due_at
    return max(plain, due.timestamp()) if due else plain


def _may_be_done_already(case: _Case) -> bool:
    received = case.handover.received_at.timestamp()
    return case.handover.copy > 1 and received < case.terms.since


def _is_older_than_service(case: _Case) -> bool:
    placed_at = case.order.placed_at
    return placed_at is not None and placed_at.timestamp() < case.terms.since


def _booking(case: _Case, note: str, *actions: Action) -> Booking:
    return Booking(note=note, current=case.order, committed=case.committed, actions=actions)


def _archive(case: _Case, note: str) -> Booking:
    if case.book.current is None:
        return Booking(note=note)
    return _booking(case, note)
