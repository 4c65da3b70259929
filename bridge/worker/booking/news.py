"""What the kitchen hears of news: folded into what was not sent yet, else queued behind it."""

from bridge.ledger.book import Action, Booked, Fold, Open
from bridge.model import (
    DeliveryState,
    Difference,
    Operation,
    Order,
    Slip,
    SlipKind,
    differences,
)
from bridge.worker.booking.case import Case, is_change, is_unsent
from bridge.worker.booking.folding import CANCELLED, EMPTY, drop, fold, is_cancel, is_copy
from bridge.worker.booking.moments import promise
from bridge.worker.booking.place import REFIRED, doubted, open_place

_Told = tuple[list[Action], str]


def fold_into_place(case: Case, place: Booked) -> _Told:
    """What was queued behind it while it was being sent is in the newest order, too."""
    cause = CANCELLED if case.cancelled else EMPTY
    actions: list[Action] = [
        *fold(case.book, place, case.wanted, cause, lambda one: promise(case, one.accepted_at))
    ]
    if case.wanted.lines:
        return actions, "folded into the ticket"
    return [*actions, *(_take_back(case) if is_copy(place) else [])], cause


def _take_back(case: Case) -> list[Action]:
    """The copy is never sent, but what it stands for may be in the kitchen."""
    tickets = [one for one in case.book.deliveries if one.operation is Operation.PLACE]
    first = [one for one in tickets if one.may_be_there][-1]
    if any(is_cancel(one) and one.id > first.id for one in case.live):
        return []
    return [_follow(case, case.book.next_version, first.content)]


def queue_behind(case: Case) -> _Told:
    """Bring the newest state behind what was sent; what waits there already takes it along."""
    waiting = _trailing_changes(case)
    told = last_told(case)
    if told.operation is Operation.CANCEL and case.wanted.lines:
        drops = [drop(one, "replaced by a new ticket") for one in waiting]
        return [*drops, open_place(case, REFIRED)], "taken back, and wanted after all: fired again"
    found = _differences(told.content, case.wanted)
    if waiting:
        older = [drop(one, "replaced by a later change") for one in waiting[:-1]]
        actions, note = _fold_into_change(case, waiting[-1], told, changed=bool(found))
        return [*older, *actions], note
    if not found:
        return [], "status only: nothing for the kitchen"
    return [_follow(case, case.book.next_version, told.content)], "queued behind the ticket"


def _differences(told: Order, wanted: Order) -> tuple[Difference, ...]:
    """Of an order with nothing on it there is nothing more to tell."""
    return differences(told, wanted) if told.lines or wanted.lines else ()


def last_told(case: Case) -> Booked:
    """What the kitchen was told last, is being told, or will be told whatever comes."""
    return case.live[-1 - len(_trailing_changes(case))]


def _trailing_changes(case: Case) -> list[Booked]:
    """Changes at the end of the line of which the POS knows nothing yet, oldest first."""
    waiting: list[Booked] = []
    for one in reversed(case.live):
        if not (is_change(one) and is_unsent(one)):
            break
        waiting.insert(0, one)
    return waiting


def _fold_into_change(case: Case, change: Booked, told: Booked, *, changed: bool) -> _Told:
    if not changed:
        cause = "the change was taken back"
        return [drop(change, cause)], cause
    follow = _follow(case, change.version, told.content)
    if follow.operation is change.operation:
        fold = Fold(delivery_id=change.id, content=case.wanted, slip=follow.slip)
        return [fold], "folded into the change"
    cause = "replaced by a later change"
    return [drop(change, cause), _follow(case, case.book.next_version, told.content)], cause


def _follow(case: Case, version: int, told: Order) -> Open:
    """The delivery that brings the newest state behind what was sent."""
    cancel = not case.wanted.lines
    slip = Slip(
        kind=SlipKind.VOID if cancel else SlipKind.CHANGE,
        version=version,
        differences=differences(told, case.wanted),
        reason=(CANCELLED if case.cancelled else EMPTY) if cancel else "",
    )
    follow = Open(
        operation=Operation.CANCEL if cancel else Operation.CHANGE,
        version=version,
        state=DeliveryState.READY,
        slip=slip,
        content=case.wanted,
        promise_at=promise(case, case.received_at),
        next_at=case.now,
    )
    return doubted(follow) if case.may_be_done_already else follow
