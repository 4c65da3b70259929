"""Which state of an order counts: the newest by the platform's own times, each heard once."""

import hashlib

from bridge import canonical
from bridge.ledger.book import Book
from bridge.model import DeliveryState, Fate, Handover, Order, OrderChanged, OrderPlaced
from bridge.worker.booking.case import DEAD

_Heard = tuple[str, ...]


def find_newest(book: Book, handover: Handover) -> tuple[Order, _Heard]:
    """The newest state with this event, and the digests of all that was heard with its time.

    Where times do not tell, a change follows what was placed, and a copy of what was heard before
    is none.
    """
    event, current = handover.event, book.current
    if not isinstance(event, OrderPlaced | OrderChanged):
        if current is None:
            raise ValueError("an event of a checkout is booked only on orders that are known")
        return current, book.heard
    order = event.order
    if current is None:
        return order, _digests(order)
    if _is_old(book, handover, order, current):
        return current, book.heard
    before = () if order.is_newer_than(current) else book.heard
    return order, (*before, *_digests(order))


def _is_old(book: Book, handover: Handover, order: Order, current: Order) -> bool:
    """True if the event is no news of the order's content."""
    if order == current or current.is_newer_than(order) or _is_ghost(book, handover):
        return True
    if order.is_newer_than(current):
        return False
    is_live = book.place is not None and book.place.state not in DEAD
    is_repeat = isinstance(handover.event, OrderPlaced) and is_live
    return is_repeat or not set(book.heard).isdisjoint(_digests(order))


def _is_ghost(book: Book, handover: Handover) -> bool:
    """True for an injection without an answer, of an order that was paid for or that has its yes.

    The platform has the answer to that one, and knows nothing of this one.
    """
    if not isinstance(handover.event, OrderPlaced) or handover.fate is not Fate.GONE:
        return False
    place = book.place
    if book.committed or place is None:
        return book.committed
    is_unanswered = place.state is DeliveryState.WAITING and place.timer == "void"
    return place.state not in DEAD and not is_unanswered and not book.cancelled


def _digests(order: Order) -> _Heard:
    """Of an order without a time there is no telling a copy from one that was changed back."""
    if order.modified_at is None:
        return ()
    return (hashlib.blake2b(canonical.encode(order), digest_size=8).hexdigest(),)
