"""When an order is to be fired, and until when it is tried."""

from bridge.ledger.book import Book
from bridge.model import Order
from bridge.worker.booking.case import Case, Terms

LEAST_TIME = 300.0  # to be tried, from the moment an order is fired
AT_ONCE = 0.0


def fires_at(book: Book, newest: Order, terms: Terms) -> float:
    """Due minus preparation; a snooze counts from when somebody moves it.

    A new due time goes before a snooze: the platform moves its own snooze along with it.
    """
    before = book.current
    if before is None or newest.due_at != before.due_at:
        return _first(newest, terms)
    if newest.snoozed_until != before.snoozed_until:
        return newest.snoozed_until.timestamp() if newest.snoozed_until else AT_ONCE
    return book.fires_at


def promise(case: Case, accepted_at: float) -> float:
    """Due time or a while after it came in, and never without time to be tried in."""
    give_up_after = case.terms.give_up_after
    due = case.newest.due_at.timestamp() if case.newest.due_at else AT_ONCE
    fired = case.fires_at + min(LEAST_TIME, give_up_after) if case.fires_at else AT_ONCE
    return max(accepted_at + give_up_after, due, fired)


def _first(order: Order, terms: Terms) -> float:
    if order.due_at is not None:
        return order.due_at.timestamp() - terms.preparation
    return order.snoozed_until.timestamp() if order.snoozed_until else AT_ONCE
