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
    least = min(LEAST_TIME, give_up_after)
    return postpone(accepted_at + give_up_after, case.newest, case.fires_at, least)


def postpone(promised: float, order: Order, fires_at: float, least: float = LEAST_TIME) -> float:
    """What was promised, or later where due time or firing time ask for it."""
    due = order.due_at.timestamp() if order.due_at else AT_ONCE
    return max(promised, due, fires_at + least if fires_at else AT_ONCE)


def _first(order: Order, terms: Terms) -> float:
    if order.due_at is not None:
        return order.due_at.timestamp() - terms.preparation
    return order.snoozed_until.timestamp() if order.snoozed_until else AT_ONCE
