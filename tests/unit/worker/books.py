"""What is known of an order, made up for a fact about booking."""

from dataclasses import replace

from bridge.ledger.book import Book, Booked
from bridge.model import DeliveryState, Operation, Slip, SlipKind
from bridge.worker.booking import Terms, decide
from bridge.worker.booking.moments import fires_at
from tests.engine import START, an_order

NOW = START + 1
PROMPT = Terms(since=START - 86400)
ON_COMMIT = replace(PROMPT, on_commit=True)
ORDER = an_order()
LIVE = [state for state in DeliveryState if state not in {"voided", "refused"}]
SENT = [DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.DONE, DeliveryState.HELD]


def booked(state, *, content=ORDER, operation=Operation.PLACE, version=1, timer=None, **more):
    slip = more.get("slip", Slip(kind=SlipKind(more.get("kind", "place")), version=version))
    return Booked(
        id=version,
        operation=operation,
        version=version,
        state=state,
        timer=timer,
        accepted_at=START,
        content=content,
        slip=slip,
        may_be_there=more.get("may_be_there", state == "held" and timer is None),
    )


def a_book(*deliveries, current=ORDER, committed=False, terms=PROMPT, **more):
    return Book(
        current=current,
        committed=committed,
        deliveries=deliveries,
        fires_at=fires_at(Book(), current, terms),
        **more,
    )


def a_change(state, content, version=2):
    return booked(
        state, content=content, operation=Operation.CHANGE, version=version, kind="change"
    )


def booking(book, event, terms=PROMPT, now=NOW):
    return decide(book, event, terms, now)


def only(found, kind):
    (action,) = found.actions
    assert isinstance(action, kind)
    return action
