"""Record handed-over events in the worker's ledger: each once, with what it does to its orders."""

from collections.abc import Iterable, Mapping

import structlog

from bridge.ledger import LedgerError, Transaction, checkouts, orders, unplaced
from bridge.ledger.book import Checkout
from bridge.model import CheckoutFinished, Handover, ItemsRefunded, OrderChanged, OrderPlaced
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
    handovers = list(handovers)
    try:
        with tx.part():
            return [one for one in handovers if not _take(tx, one, terms, now, report=report)]
    except LedgerError:
        raise
    except Exception:  # noqa: BLE001  told below, of the one that it is about
        return [one for one in handovers if not _take_alone(tx, one, terms, now, report=report)]


def _take(
    tx: Transaction, handover: Handover, terms: Mapping[str, Terms], now: float, *, report: bool
) -> bool:
    """False if it is known."""
    if orders.has_event(tx, handover.event_id):
        return False
    _book(tx, handover, terms[handover.restaurant], now, report=report)
    return True


def _take_alone(
    tx: Transaction, handover: Handover, terms: Mapping[str, Terms], now: float, *, report: bool
) -> bool:
    """A mistake of ours about one order must not keep the others from their kitchens."""
    try:
        with tx.part():
            return _take(tx, handover, terms, now, report=report)
    except LedgerError:
        raise
    except Exception as error:
        log.exception("event_not_booked", event_id=handover.event_id)
        reason = f"the bridge could not book this ({type(error).__name__}): look at it"
        _hold(tx, handover, reason, now, report=report)
        return True


def _book(tx: Transaction, handover: Handover, terms: Terms, now: float, *, report: bool) -> None:
    restaurant = handover.restaurant
    checkout = checkouts.learn(tx, handover, now)
    concerned = _list_concerned(tx, handover)
    for order_id in concerned:
        book = orders.load_book(tx, restaurant, order_id)
        seen = checkouts.as_seen_by(tx, checkout, handover, order_id)
        booking = decide(book, handover, terms, now, seen)
        orders.apply(tx, handover, booking, now, report=report)
    if not concerned:
        orders.note_event(tx, handover, "", _note_alone(handover, checkout), now)
    if checkout.items or checkout.charges:
        unplaced.look_for_home(tx, restaurant, handover.event.checkout_id, checkout)


def _list_concerned(tx: Transaction, handover: Handover) -> list[str]:
    """Ids of the orders that the event is about, oldest first."""
    event = handover.event
    if isinstance(event, OrderPlaced | OrderChanged):
        return [event.order_id]
    found = checkouts.list_orders(tx, handover.restaurant, event.checkout_id)
    # A checkout has one order in a restaurant that counts: attempts before it came to nothing.
    return found[-1:] if isinstance(event, CheckoutFinished) else found


def _note_alone(handover: Handover, checkout: Checkout) -> str:
    if isinstance(handover.event, ItemsRefunded):
        # Nobody would look for it under an order that the bridge has never heard of.
        log.warning(
            "refund_without_order",
            restaurant=handover.restaurant,
            checkout_id=handover.event.checkout_id,
            correlation_id=handover.correlation_id,
            items=len(checkout.items),
        )
    return "no order of this checkout is known here yet"


def _hold(tx: Transaction, handover: Handover, reason: str, now: float, *, report: bool) -> None:
    event = handover.event
    if isinstance(event, OrderPlaced | OrderChanged):
        orders.hold_unbooked(tx, handover, event.order, reason, now, report=report)
        return
    concerned = _list_concerned(tx, handover)
    for order_id in concerned:
        current = orders.load_current(tx, handover.restaurant, order_id)
        orders.hold_unbooked(tx, handover, current, reason, now, report=report)
    if not concerned:
        orders.note_event(tx, handover, "", reason, now)
