"""The ticket itself: when it is opened, released, or waits for a sign that the guest paid."""

from dataclasses import replace

from bridge.ledger.book import Booked, Move, Open
from bridge.model import DeliveryState, Fate, Operation, Slip, SlipKind
from bridge.worker.booking.case import Case
from bridge.worker.booking.moments import promise

SIGN_WAIT = 120.0  # a written 2XX without a commit sign under on_commit
GHOST_WAIT = 900.0  # an answer that never went out, without any sign

REFIRED = "REFIRED"

_CAUSE = "waits for a sign that the guest paid"


def open_place(case: Case, reason: str = "") -> Open:
    """A place delivery: ready, or waiting for its sign or its time."""
    version = case.book.next_version
    reason = reason or (REFIRED if _was_told(case) else "")
    start = Open(
        operation=Operation.PLACE,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(kind=SlipKind.PLACE, version=version, reason=reason),
        content=case.wanted,
        promise_at=promise(case, case.received_at),
        next_at=case.now,
    )
    if not case.is_released:
        return _wait_for_sign(case, start)
    if case.fires_at > case.now:
        return replace(start, state=DeliveryState.WAITING, timer="release", next_at=case.fires_at)
    return doubted(start) if case.may_be_done_already else start


def _was_told(case: Case) -> bool:
    """True if a ticket of this order may lie in the kitchen already, voided or not."""
    places = [one for one in case.book.deliveries if one.operation is Operation.PLACE]
    return any(one.may_be_there for one in places)


def open_dead(case: Case, cause: str) -> Open:
    """One that is over before it began, so that people see why nothing was made."""
    start = open_place(case)
    return replace(start, state=DeliveryState.VOIDED, timer=None, next_at=None, cause=cause)


def doubted(start: Open) -> Open:
    """Another worker's ledger, lost since, may have known more: `repeat` decides."""
    cause = "received before this worker served the restaurant: may be done already"
    return replace(start, state=DeliveryState.UNKNOWN, cause=cause)


def release(case: Case, place: Booked) -> Move | None:
    """What this event does to the wait of a place delivery; None if nothing."""
    if _is_released_now(case, place):
        return _release(case, place)
    return _expect_sign(case, place) if _is_written_after_all(case, place) else None


def lacks_sign(place: Booked) -> bool:
    """Held by the clock alone: nothing was sent, and the sign answers the question."""
    return place.state is DeliveryState.HELD and place.timer == "hold"


def waits_for_sign(place: Booked) -> bool:
    """True if nothing of it is sent unless a sign comes."""
    is_waiting = place.state is DeliveryState.WAITING and place.timer in {"hold", "void"}
    return is_waiting or lacks_sign(place)


def _is_released_now(case: Case, place: Booked) -> bool:
    """True if this event ends the wait, or gives the order a new time to be fired."""
    if place.state is DeliveryState.READY:
        return case.fires_at > case.now
    if place.state is not DeliveryState.WAITING and not lacks_sign(place):
        return False
    is_moved = case.fires_at != case.book.fires_at
    return is_moved if place.timer == "release" else case.is_released


def _release(case: Case, place: Booked) -> Move:
    state, timer = DeliveryState.READY, None
    if case.fires_at > case.now:
        state, timer = DeliveryState.WAITING, "release"
    elif case.may_be_done_already:
        state = DeliveryState.UNKNOWN
    next_at = max(case.fires_at, case.now)
    return Move(delivery_id=place.id, state=state, timer=timer, next_at=next_at)


def _wait_for_sign(case: Case, start: Open) -> Open:
    gone = case.handover.fate is Fate.GONE
    return replace(
        start,
        state=DeliveryState.WAITING,
        timer="void" if gone else "hold",
        next_at=case.received_at + (GHOST_WAIT if gone else SIGN_WAIT),
        cause=_CAUSE,
    )


def _is_written_after_all(case: Case, place: Booked) -> bool:
    is_waiting = place.state is DeliveryState.WAITING and place.timer == "void"
    return is_waiting and case.is_answered


def _expect_sign(case: Case, place: Booked) -> Move:
    """A 2XX was written after all: from now on the clock holds the order, it does not void it."""
    return Move(
        delivery_id=place.id,
        state=DeliveryState.WAITING,
        timer="hold",
        next_at=case.received_at + SIGN_WAIT,
        cause=_CAUSE,
    )
