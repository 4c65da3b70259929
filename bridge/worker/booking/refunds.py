"""The deliveries that bring what fell to the POS, or to a person who puts it right there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bridge.ledger.book import Action, Booked, Move, Open
from bridge.ledger.deliveries import TASK
from bridge.model import (
    DeliveryState,
    Difference,
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
from bridge.model.question import Reason
from bridge.worker.booking.case import DEAD, UNSENT, Case, is_standing, is_unsent, without_units
from bridge.worker.booking.moments import promise
from bridge.worker.booking.money import AMOUNT_UNKNOWN, LOOK, find_fallen, find_gone, key_of
from bridge.worker.booking.place import waits_for_sign

ANSWERED = "an order tells of it by now"
_NOT_SEEN_TO = frozenset({*UNSENT, DeliveryState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one delivery tells of a refund, with what it tells the kitchen."""

    refund: Refund
    changes: tuple[Difference, ...] = ()


def open_refunds(case: Case, place: Booked | None, actions: list[Action]) -> list[Open]:
    """What brings the fallen behind what else this event does; nothing if the POS has nothing."""
    opened = [one for one in actions if isinstance(one, Open) and not one.state.is_end]
    if place is not None and place.state is DeliveryState.REFUSED and not opened:
        return _keep_for_people(case, place)
    standing = _list_standing(case, actions)
    fallen = find_fallen(case.money, case.checkout, standing)
    if not fallen or not _is_in_pos(case, place, [*standing, *opened]):
        return []
    told = case.wanted if opened else _told(case, place, standing)
    version = case.book.next_version + len(opened)
    parts = _divide(case, fallen, told)
    return [_open_refund(case, part, version + number) for number, part in enumerate(parts)]


def answer_tasks(case: Case) -> list[Move]:
    """What nobody could tell, and an order tells by now: its refund is told as any other."""
    doubted = {key for key, one in case.money.items() if not one.is_known}
    return [
        Move(delivery_id=one.id, state=DeliveryState.VOIDED, cause=ANSWERED)
        for one in case.live
        if one.state in _NOT_SEEN_TO and _is_answered(one.slip.refund, doubted)
    ]


def _is_answered(refund: Refund | None, doubted: set[str]) -> bool:
    lines = refund.lines if refund else ()
    return bool(lines) and all(
        one.doubt == AMOUNT_UNKNOWN and key_of(one) not in doubted for one in lines
    )


def without_differences(slip: Slip, ticket: Order) -> Slip:
    """A refund as it is behind a ticket that leaves out already what it had taken off."""
    refund = slip.refund and _of_ticket(slip.refund.lines, ticket)
    return replace(slip, differences=(), refund=refund)


def _keep_for_people(case: Case, place: Booked) -> list[Open]:
    """The POS refused the order: whoever serves it all the same reads here what fell."""
    tellers = [one for one in case.book.deliveries if is_standing(one) or one.id > place.id]
    fallen = find_fallen(case.money, case.checkout, tellers)
    if not fallen:
        return []
    part = _Part(refund=_of_ticket(fallen, case.wanted))
    refund = _open_refund(case, part, case.book.next_version)
    cause = "the order itself was not taken"
    voided = DeliveryState.VOIDED
    return [replace(refund, state=voided, timer=None, next_at=None, cause=cause)]


def _list_standing(case: Case, actions: list[Action]) -> list[Booked]:
    """What stands with these actions done, oldest first."""
    voided = DeliveryState.VOIDED
    moves = [one for one in actions if isinstance(one, Move)]
    dropped = {move.delivery_id for move in moves if move.state is voided}
    deliveries = case.book.deliveries
    return [one for one in deliveries if is_standing(one) and one.id not in dropped]


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


def _divide(case: Case, fallen: Iterable[RefundLine], told: Order) -> list[_Part]:
    """What the kitchen need not make, what only money is, and what a person must look up.

    A slip for the kitchen does not bring the other money to the POS, so that is a task beside it.
    """
    lines = _of_ticket(fallen, told).lines
    not_to_make = _not_to_make(case, {one.id for one in lines})
    changes = differences(told, without_units(told, not_to_make))
    sure = [one for one in lines if not one.doubt]
    slip = [one for one in sure if one.id in not_to_make and one.on_ticket]
    if not changes or not case.terms.on_paper:
        slip = sure
    rest = [one for one in sure if one not in slip]
    doubtful = [one for one in lines if one.doubt]
    parts = [_Part(refund=_sum(slip), changes=changes)] if slip or changes else []
    return [*parts, *(_Part(refund=_sum(some)) for some in (rest, doubtful) if some)]


def _open_refund(case: Case, part: _Part, version: int) -> Open:
    start = Open(
        operation=Operation.REFUND,
        version=version,
        state=DeliveryState.READY,
        slip=Slip(
            kind=SlipKind.REFUND,
            version=version,
            differences=part.changes,
            reason=f"refund of {as_decimal_text(part.refund.amount_cents)}",
            refund=part.refund,
        ),
        content=case.wanted,
        promise_at=promise(case, case.received_at),
        next_at=case.now,
        amount_cents=part.refund.amount_cents,
    )
    if not case.may_be_done_already:
        return start
    # Money is not left to `repeat`: that worker's versions, and so its keys, may have been others.
    cause = "received before this worker served the restaurant: look whether it is booked already"
    return replace(
        start, state=DeliveryState.HELD, timer=TASK, next_at=None, cause=cause, reason=Reason.TASK
    )


def _not_to_make(case: Case, fallen: set[str]) -> set[str]:
    """The units that were refunded whole before they were done; no refund tells of a free one."""
    if case.newest.closed_at is not None:
        return set()
    made = {unit.id for line in case.newest.lines for unit in line.units if unit.is_made}
    gone = find_gone(case.money, case.checkout, case.newest) - made
    return {one for one in gone if one in fallen or not case.money[one].price_cents}


def _sum(lines: Iterable[RefundLine]) -> Refund:
    """A discount that was taken back, and nothing else, gives nothing back: no POS books that."""
    refund = Refund(lines=tuple(lines))
    if refund.amount_cents >= 0:
        return refund
    return Refund(lines=tuple(replace(one, doubt=one.doubt or LOOK) for one in refund.lines))


def _of_ticket(lines: Iterable[RefundLine], ticket: Order) -> Refund:
    units = {unit.id for line in ticket.lines for unit in line.units}
    return Refund(
        # Of what nobody knows, nobody knows that either.
        lines=tuple(
            replace(one, on_ticket=one.is_charge or bool(one.doubt) or one.id in units)
            for one in lines
        )
    )
