"""The deliveries that bring what fell to the POS, or to a person who puts it right there."""

from collections.abc import Iterable
from dataclasses import replace

from bridge.ledger.book import Action, Booked, Move, Open
from bridge.ledger.deliveries import TASK
from bridge.model import (
    DeliveryState,
    ItemsRefunded,
    Operation,
    Order,
    Refund,
    RefundLine,
    Slip,
    SlipKind,
    as_decimal_text,
    differences,
)
from bridge.model.order import WAITING
from bridge.worker.booking.case import DEAD, Case, is_unsent, without_units
from bridge.worker.booking.moments import promise
from bridge.worker.booking.money import find_fallen
from bridge.worker.booking.place import waits_for_sign


def open_refunds(case: Case, place: Booked | None, actions: list[Action]) -> list[Open]:
    """The delivery of what fell, behind what else this event does; none if the POS has nothing."""
    opened = [one for one in actions if isinstance(one, Open) and not one.state.is_end]
    if place is not None and place.state is DeliveryState.REFUSED and not opened:
        return _keep_for_people(case, place)
    standing = _list_standing(case, actions)
    fallen = find_fallen(case.money, case.checkout, standing)
    if not fallen or not _is_in_pos(case, place, [*standing, *opened]):
        return []
    told = case.wanted if opened else _told(case, place, standing)
    return [_open_refund(replace(case, fallen=fallen), len(opened), told)]


def without_differences(slip: Slip, ticket: Order) -> Slip:
    """A refund as it is behind a ticket that leaves out already what it had taken off."""
    refund = slip.refund and _of_ticket(slip.refund.lines, ticket)
    return replace(slip, differences=(), refund=refund)


def _keep_for_people(case: Case, place: Booked) -> list[Open]:
    """The POS refused the order: whoever serves it all the same reads here what fell."""
    tellers = [
        one
        for one in case.book.deliveries
        if one.state is not DeliveryState.VOIDED or one.id > place.id
    ]
    fallen = find_fallen(case.money, case.checkout, tellers)
    if not fallen:
        return []
    refund = _open_refund(replace(case, fallen=fallen), 0, case.wanted)
    cause = "the order itself was not taken"
    voided = DeliveryState.VOIDED
    return [replace(refund, state=voided, timer=None, next_at=None, cause=cause)]


def _list_standing(case: Case, actions: list[Action]) -> list[Booked]:
    """What is not void with these actions done, oldest first."""
    voided = DeliveryState.VOIDED
    moves = [one for one in actions if isinstance(one, Move)]
    dropped = {move.delivery_id for move in moves if move.state is voided}
    deliveries = case.book.deliveries
    return [one for one in deliveries if one.state is not voided and one.id not in dropped]


def _is_in_pos(case: Case, place: Booked | None, told: list[Booked | Open]) -> bool:
    """True if the POS has the order, or will have it without anything more to come."""
    is_placed_now = any(isinstance(one, Open) and one.operation is Operation.PLACE for one in told)
    if is_placed_now or (place is not None and is_unsent(place)):
        waits = is_placed_now or place is None or waits_for_sign(place)
        return bool(case.wanted.lines) and (case.is_released or not waits)
    if place is None or place.state in DEAD:
        return False
    last = [one for one in told if one.state not in DEAD][-1]
    return last.operation is not Operation.CANCEL


def _told(case: Case, place: Booked | None, standing: list[Booked]) -> Order:
    """What the kitchen has when the refund's turn comes; other news bring their own slip."""
    is_refund = isinstance(case.handover.event, ItemsRefunded)
    if not is_refund or place is None or is_unsent(place):
        return case.wanted
    return [one for one in standing if one.state not in DEAD][-1].content


def _open_refund(case: Case, opened: int, told: Order) -> Open:
    refund = _of_ticket(case.fallen, told)
    version = case.book.next_version + opened
    start = Open(
        operation=Operation.REFUND,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(
            kind=SlipKind.REFUND,
            version=version,
            differences=differences(told, without_units(told, _not_to_make(case))),
            # All of it, for a slip shows only what need not be made.
            reason=f"refund of {as_decimal_text(refund.amount_cents)}",
            refund=refund,
        ),
        content=case.wanted,
        promise_at=promise(case, case.received_at),
        next_at=case.now,
        amount_cents=refund.amount_cents,
    )
    if not case.may_be_done_already:
        return start
    # Money is not left to `repeat`: that worker's versions, and so its keys, may have been others.
    cause = "received before this worker served the restaurant: look whether it is booked already"
    return replace(start, state=DeliveryState.HELD, timer=TASK, next_at=None, cause=cause)


def _not_to_make(case: Case) -> set[str]:
    """The units that were refunded whole before they were done."""
    waiting = {
        unit.id for line in case.newest.lines for unit in line.units if unit.status == WAITING
    }
    return {line.id for line in case.fallen if line.is_gone and line.id in waiting}


def _of_ticket(lines: Iterable[RefundLine], ticket: Order) -> Refund:
    units = {unit.id for line in ticket.lines for unit in line.units}
    return Refund(
        lines=tuple(replace(one, on_ticket=one.is_charge or one.id in units) for one in lines)
    )
