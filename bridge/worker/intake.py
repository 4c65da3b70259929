"""Record handed-over events in the worker's ledger: each once, with what it does to its order."""

from collections.abc import Iterable, Mapping

import structlog

from bridge.ledger import LedgerError, Transaction, orders
from bridge.model import Handover
from bridge.worker.booking import Terms, decide

log = structlog.get_logger()


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
        try:
            with tx.part():
                _book(tx, handover, terms, now, report=report)
        except LedgerError:
            raise
        except Exception as error:
            # A mistake of ours about one order must not keep the others from their kitchens.
            log.exception("event_not_booked", event_id=handover.event_id)
            reason = f"the bridge could not book this ({type(error).__name__}): look at it"
            orders.hold_unbooked(tx, handover, reason, now, report=report)
    return known


def _book(
    tx: Transaction, handover: Handover, terms: Mapping[str, Terms], now: float, *, report: bool
) -> None:
    book = orders.load_book(tx, handover.restaurant, handover.event.order.id)
    booking = decide(book, handover, terms[handover.restaurant], now)
    orders.apply(tx, handover, booking, now, report=report)
