"""Record handed-over events in the worker's ledger: each once, with what it does to its order."""

from collections.abc import Iterable, Mapping

from bridge.ledger import Transaction, orders
from bridge.model import Handover
from bridge.worker.booking import Terms, decide


def take(
    tx: Transaction,
    handovers: Iterable[Handover],
    terms: Mapping[str, Terms],
    now: float,
    *,
    report: bool,
) -> list[Handover]:
    """Book what is new; returns those that this ledger had already. Runs inside one write."""
    known = []
    for handover in handovers:
        if orders.has_event(tx, handover.event_id):
            known.append(handover)
            continue
        order = handover.event.order
        book = orders.load_book(tx, handover.restaurant, order.id)
        booking = decide(book, handover, terms[handover.restaurant], now)
        orders.apply(tx, handover, booking, now, report=report)
    return known
