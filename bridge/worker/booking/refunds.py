"""From what the platform says is left of each item to what fell, exactly to the cent.

The platform tells a state, never a delta, and states may change places on their way: an amount
can only fall, so of each item the least ever heard counts.
"""

from dataclasses import replace

from bridge.ledger.book import Action, Book, Booked, Checkout, Money, Open
from bridge.model import (
    DeliveryState,
    ItemsRefunded,
    Operation,
    Order,
    Refund,
    RefundLine,
    Remainder,
    Slip,
    SlipKind,
    differences,
)
from bridge.model.order import WAITING
from bridge.worker.booking.case import Case, is_unsent, without_units
from bridge.worker.booking.moments import promise
from bridge.worker.booking.news import last_told
from bridge.worker.booking.place import doubted

_CHARGE = "charge:"


def count_money(
    book: Book, newest: Order, checkout: Checkout
) -> tuple[dict[str, Money], tuple[RefundLine, ...]]:
    """What is left of each unit and charge of the order now, and what fell since it was counted."""
    left = {**_units(newest), **_charges(newest, checkout), **book.money}
    heard = {one.id: one for one in checkout.items}
    heard |= {_CHARGE + one.id: one for one in checkout.charges}
    fallen = []
    for key in left.keys() & heard.keys():
        if line := _fall(key, left[key], heard[key]):
            left[key] = _lower(left[key], line)
            fallen.append((key, line))
    order = list(left)
    fallen.sort(key=lambda each: order.index(each[0]))
    return left, tuple(line for _key, line in fallen)


def open_refunds(case: Case, place: Booked | None, actions: list[Action]) -> list[Open]:
    """The delivery of what fell, behind what else this event does; none if the POS has nothing."""
    opened = [action for action in actions if isinstance(action, Open)]
    if not case.fallen or not _is_in_pos(case, place, opened):
        return []
    version = case.book.next_version + len(opened)
    return [_open_refund(case, place, version, is_placed_now=bool(opened))]


def _is_in_pos(case: Case, place: Booked | None, opened: list[Open]) -> bool:
    """True if the POS has the order, will have it, or refused it so that a person has."""
    if any(one.operation is Operation.PLACE and not one.state.is_end for one in opened):
        return True
    if place is None or place.state is DeliveryState.VOIDED:
        return False
    if place.state is DeliveryState.REFUSED:
        return True
    if is_unsent(place):
        return bool(case.wanted.lines)
    return last_told(case).operation is not Operation.CANCEL


def _open_refund(case: Case, place: Booked | None, version: int, *, is_placed_now: bool) -> Open:
    is_sent = place is not None and not is_placed_now and not is_unsent(place)
    told = _told(case) if is_sent else case.wanted
    refund = Refund(lines=tuple(_on_ticket(line, told) for line in case.fallen))
    start = Open(
        operation=Operation.REFUND,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(
            kind=SlipKind.REFUND,
            version=version,
            differences=differences(told, without_units(told, _not_to_make(case))),
            refund=refund,
        ),
        content=case.wanted,
        promise_at=promise(case, case.received_at),
        next_at=case.now,
        amount_cents=refund.amount_cents,
    )
    if place is not None and place.state is DeliveryState.REFUSED and not is_placed_now:
        cause = "the order itself was not taken"
        return replace(start, state=DeliveryState.VOIDED, next_at=None, cause=cause)
    return doubted(start) if case.may_be_done_already else start


def _told(case: Case) -> Order:
    """What the kitchen has when the refund's turn comes; other news bring their own slip."""
    is_refund = isinstance(case.handover.event, ItemsRefunded)
    return case.live[-1].content if is_refund and case.live else case.wanted


def _not_to_make(case: Case) -> set[str]:
    """The units that were refunded whole before they were done."""
    waiting = {
        unit.id for line in case.newest.lines for unit in line.units if unit.status == WAITING
    }
    return {line.id for line in case.fallen if line.is_gone and line.id in waiting}


def _on_ticket(line: RefundLine, told: Order) -> RefundLine:
    units = {unit.id for one in told.lines for unit in one.units}
    return replace(line, on_ticket=line.is_charge or line.id in units)


def _units(order: Order) -> dict[str, Money]:
    return {
        unit.id: Money(name=line.name, price_cents=unit.price_cents, tax_cents=unit.tax_cents)
        for line in order.lines
        for unit in line.units
    }


def _charges(order: Order, checkout: Checkout) -> dict[str, Money]:
    """What the charges were. The platform tells that only of a single one, as the order's fee."""
    if not checkout.carries_charges:
        return {}
    is_single = len(checkout.charges) == 1
    return {
        _CHARGE + one.id: Money(
            name="service charge",
            price_cents=max(one.price_cents, order.totals.fee_cents if is_single else 0),
            tax_cents=one.tax_cents,
        )
        for one in checkout.charges
    }


def _fall(key: str, left: Money, heard: Remainder) -> RefundLine | None:
    price = max(0, left.price_cents - heard.price_cents)
    tax = max(0, left.tax_cents - heard.tax_cents)
    if not price and not tax:
        return None
    return RefundLine(
        id=key.removeprefix(_CHARGE),
        name=left.name,
        price_cents=price,
        tax_cents=tax,
        is_gone=price > 0 and price == left.price_cents,
        is_charge=key.startswith(_CHARGE),
    )


def _lower(left: Money, line: RefundLine) -> Money:
    return Money(
        name=left.name,
        price_cents=left.price_cents - line.price_cents,
        tax_cents=left.tax_cents - line.tax_cents,
        is_gone=left.is_gone or line.is_gone,
    )
