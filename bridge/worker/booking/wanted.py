"""The order as the kitchen should have it, by all that is known and without any new event."""

from dataclasses import replace

from bridge.ledger.book import Book, Checkout
from bridge.model import Order
from bridge.worker.booking.case import without_units
from bridge.worker.booking.money import count_money, find_gone


def wanted_of(book: Book, checkout: Checkout) -> Order:
    """Without refunded dishes; empty if it was cancelled. Raises ValueError for an unknown one."""
    newest = book.current
    if newest is None:
        raise ValueError("the order is not known")
    if book.cancelled:
        return replace(newest, lines=())
    return without_units(newest, find_gone(count_money(book, newest, checkout), checkout, newest))
