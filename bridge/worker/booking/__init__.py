"""What an event does to an order's deliveries. Pure: book and event in, a Booking out.

placed, nothing live          -> a place delivery, ready or waiting for a sign
placed again                  -> nothing, or the release of one that waits
a sign that the guest paid    -> the release of one that waits, or is held for want of it
changed, never heard of       -> a place delivery if it was paid for us, else archived
changed, not sent yet         -> folded into the delivery that waits
changed, sent                 -> a change delivery behind it
nothing left, or cancelled    -> voided, or a cancel behind what was sent
wanted after all              -> fired again, marked
refunded                      -> out of what was not sent yet; the money behind what was
"""

from collections.abc import Mapping
from dataclasses import replace

from bridge.ledger.book import Action, Book, Booked, Booking, Checkout, Fold, Money, Open
from bridge.model import (
    CheckoutCancelled,
    DeliveryState,
    Fate,
    Handover,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
    as_decimal_text,
)
from bridge.model.order import WAITING
from bridge.worker.booking.case import (
    DEAD,
    Case,
    Terms,
    is_before_cancel,
    is_standing,
    is_unsent,
    without_units,
)
from bridge.worker.booking.folding import CANCELLED, fold_followers
from bridge.worker.booking.moments import fires_at
from bridge.worker.booking.money import count_money, find_fallen, find_gone, is_named, keep
from bridge.worker.booking.newest import find_newest
from bridge.worker.booking.news import fold_into_place, queue_behind
from bridge.worker.booking.place import (
    GHOST_WAIT,
    REFIRED,
    SIGN_WAIT,
    open_dead,
    open_place,
    release,
)
from bridge.worker.booking.refunds import answer_tasks, open_refunds

__all__ = ["GHOST_WAIT", "SIGN_WAIT", "Terms", "catch_up", "decide", "fold_followers"]

OVER = "nothing on it is waiting to be made any more"

_UNKNOWN = Checkout()
_Told = tuple[list[Action], str]


def decide(
    book: Book, handover: Handover, terms: Terms, now: float, checkout: Checkout = _UNKNOWN
) -> Booking:
    """What to write for this event about this order."""
    case = _make_case(book, handover, terms, now, checkout)
    place = book.place
    if place is None or place.state in DEAD:
        actions, note = _revive(case, place)
    else:
        actions, note = _update(case, place)
    actions = [*actions, *answer_tasks(case)]
    refunds = open_refunds(case, place, actions)
    return Booking(
        note=_with_refunds(note, refunds),
        current=case.newest,
        committed=case.committed,
        cancelled=case.cancelled,
        fires_at=case.fires_at,
        heard=case.heard,
        money=keep(case.money, [*_list_standing(book), *_list_opened(actions), *refunds]),
        actions=(*actions, *refunds),
    )


def catch_up(
    book: Book, handover: Handover, terms: Terms, now: float, checkout: Checkout
) -> Booking:
    """What the POS is owed beside a ticket that a person has sent on its way again.

    What stood behind it was not to be told any more; `handover` tells the order as it is known.
    """
    case, place = _make_case(book, handover, terms, now, checkout), book.place
    is_fixed = place is not None and not is_unsent(place)
    queued = queue_behind(case)[0] if is_fixed else []
    # What waits there already takes all of it along.
    news: list[Action] = [one for one in queued if not isinstance(one, Fold)]
    refunds = open_refunds(case, place, news)
    return Booking(
        note="",
        current=case.newest,
        committed=book.committed,
        cancelled=book.cancelled,
        fires_at=book.fires_at,
        heard=book.heard,
        money=keep(case.money, [*_list_standing(book), *_list_opened(news), *refunds]),
        actions=(*news, *refunds),
    )


def _make_case(
    book: Book, handover: Handover, terms: Terms, now: float, checkout: Checkout
) -> Case:
    newest, heard = find_newest(book, handover)
    money = count_money(book, newest, checkout)
    is_sign = _is_sign(handover, checkout, money)
    committed = book.committed or is_sign
    cancelled = not committed and _is_cancelled(book, handover, checkout)
    gone = find_gone(money, checkout, newest)
    return Case(
        book=book,
        handover=handover,
        checkout=checkout,
        terms=terms,
        now=now,
        newest=newest,
        heard=heard,
        wanted=replace(newest, lines=()) if cancelled else without_units(newest, gone),
        is_sign=is_sign,
        committed=committed,
        cancelled=cancelled,
        fires_at=fires_at(book, newest, terms),
        money=money,
        fallen=find_fallen(money, checkout, _list_standing(book)),
    )


def _list_opened(actions: list[Action]) -> list[Open]:
    return [one for one in actions if isinstance(one, Open)]


def _list_standing(book: Book) -> list[Booked]:
    return [one for one in book.deliveries if is_standing(one)]


def _is_sign(handover: Handover, checkout: Checkout, money: Mapping[str, Money]) -> bool:
    """True if the guest paid for this order: it was changed, finished, or refunded by name."""
    is_change = isinstance(handover.event, OrderChanged)
    return is_change or checkout.is_finished or is_named(money, checkout)


def _is_cancelled(book: Book, handover: Handover, checkout: Checkout) -> bool:
    """A cancel counts for what came before it; a later injection that got its yes takes it back."""
    place = book.place
    if place is None or place.state in DEAD:
        return False
    match handover.event:
        case CheckoutCancelled():
            is_before = place.accepted_at <= handover.received_at.timestamp()
            return book.cancelled or is_before
        case OrderPlaced():
            is_no_answer = handover.fate is Fate.GONE or is_before_cancel(handover, checkout)
            return book.cancelled and is_no_answer
        case _:
            return book.cancelled


def _revive(case: Case, place: Booked | None) -> _Told:
    """There is no live place delivery: this event may open one."""
    match case.handover.event:
        case OrderPlaced():
            return _open_place(case)
        # News of what people want no more; an injection after that got a yes of its own.
        case _ if place is not None and place.by_hand:
            return [], "archived: voided by hand"
        case OrderChanged() if place is None:
            return _open_by_change(case)
        case CheckoutCancelled():
            return [], "cancelled: nothing was being made"
        case _ if not case.is_sign:
            return [], "archived: not about this order"
        case _:
            return _open_by_sign(case, place)


def _open_by_sign(case: Case, place: Booked | None) -> _Told:
    """What was voided is made after all; what the POS refused stays with people."""
    if place is None:
        return [], "archived: nothing was being made"
    if place.state is DeliveryState.REFUSED:
        return [], "the POS had refused it: nothing to do"
    # Whatever its items are called by now: it was never made.
    if not case.wanted.lines or _is_over(case):
        return [], "archived: nothing on it is to be made any more"
    return [open_place(case, REFIRED)], "a sign after the void: fired again"


def _is_over(case: Case) -> bool:
    """It was closed and nothing came after that.

    By its first sign it is made even so, for some are closed as soon as they are paid; and what is
    added to a closed order is to be made like anything else.
    """
    is_closed = case.newest.closed_at is not None and case.book.committed
    return is_closed and not _has_grown(case)


def _has_grown(case: Case) -> bool:
    """Since it was closed, a unit came that waits to be made."""
    current = case.book.current
    if current is None or current.closed_at is None:
        return False
    known = {unit.id for line in current.lines for unit in line.units}
    return any(
        unit.status == WAITING and unit.id not in known
        for line in case.wanted.lines
        for unit in line.units
    )


def _open_place(case: Case) -> _Told:
    is_again = case.book.place is not None
    if why := _why_not_made(case):
        return ([] if is_again else [open_dead(case, why)]), why
    return [open_place(case)], "placed again after it had come to nothing" if is_again else "placed"


def _why_not_made(case: Case) -> str:
    """Why an injection comes to nothing; empty if it is to be made."""
    if not case.committed and is_before_cancel(case.handover, case.checkout):
        return CANCELLED
    return OVER if not case.wanted.lines or _is_overtaken(case) else ""


def _is_overtaken(case: Case) -> bool:
    """Later news said that nothing is left to do on what had come to nothing before.

    What never came to anything is made, closed or not: where nobody tells the platform what
    becomes of an order, it is closed as soon as it is paid.
    """
    event, current = case.handover.event, case.book.current
    if case.book.place is None or current is None or not isinstance(event, OrderPlaced):
        return False
    return current.is_newer_than(event.order) and not case.wanted.is_waiting()


def _open_by_change(case: Case) -> _Told:
    """A change proves payment: what was never heard of is made after all."""
    if not case.wanted.is_waiting():
        return [], "archived: nothing on it is waiting to be made"
    placed_at = case.newest.placed_at
    if placed_at is not None and placed_at.timestamp() < case.terms.since:
        return [], "archived: older than this bridge's service of the restaurant"
    return [open_place(case)], "placed by an order-change: the injection was never heard"


def _update(case: Case, place: Booked) -> _Told:
    """The order has a live place delivery."""
    released = release(case, place) if not case.cancelled else None
    actions: list[Action] = [released] if released else []
    news, note = _carry_news(case, place)
    if actions and not isinstance(case.handover.event, OrderPlaced):
        note = f"{note}; a sign that the guest paid"
    return [*actions, *news], note


def _carry_news(case: Case, place: Booked) -> _Told:
    if not case.is_news:
        return [], _no_news(case)
    if is_unsent(place):
        return fold_into_place(case, place)
    is_refund = isinstance(case.handover.event, ItemsRefunded)
    # A refund brings a slip of its own; but what was taken back must be given back first.
    return ([], "") if is_refund and not case.book.cancelled else queue_behind(case)


def _no_news(case: Case) -> str:
    event, current = case.handover.event, case.book.current
    if isinstance(event, CheckoutCancelled) and not case.cancelled:
        return "archived: the guest had paid before, or ordered after this cancel"
    if isinstance(event, OrderPlaced | OrderChanged) and current is not None:
        return "stale: dropped" if current.is_newer_than(event.order) else "known already"
    return "known already"


def _with_refunds(note: str, refunds: list[Open]) -> str:
    amounts = [as_decimal_text(one.amount_cents or 0) for one in refunds]
    return "; ".join(filter(None, (note, *(f"refunded: {amount}" for amount in amounts))))
