"""What waits behind a ticket goes into it, as long as nothing of it is in the POS."""

from collections.abc import Callable

from bridge.ledger.book import Amendment, Book, Booked, Fold, Move
from bridge.model import DeliveryState, Operation, Order, SlipKind
from bridge.worker.booking.case import DEAD, is_change, is_unsent
from bridge.worker.booking.moments import postpone
from bridge.worker.booking.refunds import without_differences

CANCELLED = "the checkout was cancelled"
EMPTY = "nothing is left on the order"


def fold(
    book: Book, place: Booked, wanted: Order, cause: str, promise: Callable[[Booked], float]
) -> list[Amendment]:
    """Put that on the ticket; `cause` says why, if nothing is left to be put on it.

    Behind a copy that is not sent then, what takes back the first ticket stays.
    """
    behind = [one for one in _list_behind(book, place) if is_unsent(one)]
    if not wanted.lines:
        dropped = [one for one in behind if not (is_copy(place) and is_cancel(one))]
        return [drop(one, cause) for one in (*dropped, place)]
    return [
        *(_fold_follower(one, wanted, promise(one)) for one in behind),
        Fold(delivery_id=place.id, content=wanted, slip=place.slip, promise_at=promise(place)),
    ]


def fold_followers(book: Book, now: float) -> list[Amendment]:
    """What was queued while the ticket was being sent, which has not gone out after all."""
    place, current = book.place, book.current
    if place is None or current is None or not is_unsent(place):
        return []
    behind = _list_behind(book, place)
    is_later = book.fires_at > now
    is_in_doubt = any(one.state is DeliveryState.UNKNOWN for one in behind)
    if is_in_doubt or not (behind or is_later):
        return []
    # Whatever is queued carries the whole order as it is wanted by then.
    wanted = behind[-1].content if behind else place.content
    cause = CANCELLED if book.cancelled else EMPTY
    folded = fold(
        book, place, wanted, cause, lambda one: postpone(one.promise_at, current, book.fires_at)
    )
    if not (is_later and wanted.lines):
        return folded
    waiting = DeliveryState.WAITING
    wait = Move(delivery_id=place.id, state=waiting, timer="release", next_at=book.fires_at)
    return [*folded, wait]


def is_copy(place: Booked) -> bool:
    """True if another ticket may be in the kitchen already, which this one stands for."""
    return place.slip.kind is SlipKind.REPRINT


def is_cancel(delivery: Booked) -> bool:
    return delivery.operation is Operation.CANCEL


def drop(delivery: Booked, cause: str) -> Move:
    return Move(delivery_id=delivery.id, state=DeliveryState.VOIDED, cause=cause)


def _list_behind(book: Book, place: Booked) -> list[Booked]:
    return [one for one in book.deliveries if one.id > place.id and one.state not in DEAD]


def _fold_follower(delivery: Booked, wanted: Order, promise_at: float) -> Amendment:
    if is_change(delivery):
        return drop(delivery, "part of the ticket itself by now")
    return Fold(
        delivery_id=delivery.id,
        content=wanted,
        slip=without_differences(delivery.slip, wanted),
        promise_at=promise_at,
    )
