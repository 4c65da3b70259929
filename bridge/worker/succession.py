"""A restaurant is taken over by hand, because the worker before is gone: what may come out twice.

What this ledger still has to send, and somebody else may have had, is marked; money is left to a
person. What only the lost one had comes again from the ingresses, and is doubted when it comes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bridge.ledger import Ledger, Transaction, decisions, orders, tenure
from bridge.ledger.book import Fold
from bridge.ledger.decisions import Answer, Outcome, Subject, Wish
from bridge.ledger.deliveries import TASK
from bridge.model import DeliveryState, Operation, Slip
from bridge.model.question import Reason

ACTION: Final = "take-over"
DUPLICATE: Final = "MAY BE A DUPLICATE"
# In one write; whoever else writes need not wait for all of them.
STEP: Final = 50

_UNSENT: Final = (DeliveryState.WAITING, DeliveryState.READY, DeliveryState.HELD)
_MARKED: Final = "marked: the worker before may have printed it"
_MONEY: Final = "the worker before may have booked it: look whether it is there, then resolve"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """`won_at`: when this worker got the restaurant's lock; None if it has not: `why`."""

    won_at: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    moved: list[dict[str, object]]
    last: int | None


def mark(slip: Slip) -> Slip:
    """As reprints are; what it said before stays."""
    if DUPLICATE in slip.reason:
        return slip
    return replace(slip, reason="; ".join(filter(None, (slip.reason, DUPLICATE))))


class Succession:
    """`holding` says whether this worker has a restaurant; None where nobody else ever could."""

    def __init__(self, ledger: Ledger, holding: Callable[[str], Holding | None]) -> None:
        self._ledger = ledger
        self._holding = holding

    async def take_over(self, restaurant: str, *, who: str, dry_run: bool) -> Answer:
        """What may be doubled, marked; or why it cannot be taken over. Raises LedgerError."""
        holding = self._holding(restaurant)
        if holding is None:
            words = "without a broker this process is the only worker: there is none to replace"
            return _refuse(restaurant, "only_worker", words)
        if holding.won_at is None:
            return _refuse(restaurant, "served_elsewhere", f"{holding.why}; stop that one first")
        won_at = holding.won_at
        if not dry_run:
            now = self._ledger.now()
            await self._ledger.write(lambda tx: tenure.take_over(tx, restaurant, now))
            log.warning("restaurant_taken_over", restaurant=restaurant, who=who)
        wish: Wish | None = Wish(restaurant=restaurant, until=won_at)
        moved: list[dict[str, object]] = []
        while wish is not None:
            step = await self._take_step(wish, who=who, dry_run=dry_run)
            moved += step.moved
            wish = replace(wish, after=step.last) if step.last is not None else None
        return Answer(moved=moved, refused=[])

    async def _take_step(self, wish: Wish, *, who: str, dry_run: bool) -> _Step:
        if dry_run:
            return await self._ledger.read(lambda tx: self._step(tx, wish, None))
        return await self._ledger.write(lambda tx: self._step(tx, wish, who))

    def _step(self, tx: Transaction, wish: Wish, who: str | None) -> _Step:
        """`who` None: nothing is written."""
        subjects = decisions.find(tx, wish, _UNSENT, STEP)
        rulings = [(one, _rule(one)) for one in subjects if not _is_asked(one)]
        if who is not None:
            for subject, outcome in rulings:
                self._write(tx, subject, replace(outcome, who=who))
        moved = [_describe(*each) for each in rulings]
        return _Step(moved=moved, last=subjects[-1].id if len(subjects) == STEP else None)

    def _write(self, tx: Transaction, subject: Subject, outcome: Outcome) -> None:
        now, restaurant, order_id = self._ledger.now(), subject.restaurant, subject.order_id
        if subject.operation is Operation.REFUND:
            decisions.carry_out(tx, subject, outcome, now)
            return
        book = orders.load_book(tx, restaurant, order_id)
        (booked,) = [one for one in book.deliveries if one.id == subject.id]
        fold = Fold(delivery_id=booked.id, content=booked.content, slip=mark(booked.slip))
        orders.amend(tx, restaurant, order_id, [fold], now)
        decisions.note(tx, subject, outcome, now)


def _is_asked(subject: Subject) -> bool:
    """True if a person looks into the POS before anything happens."""
    is_held = subject.state is DeliveryState.HELD
    return is_held and (subject.may_be_there or subject.timer == TASK)


def _rule(subject: Subject) -> Outcome:
    outcome = Outcome(action=ACTION, who="", note=_MARKED, state=subject.state, cause=_MARKED)
    if subject.operation is not Operation.REFUND:
        return outcome
    # Money is not left to a mark: nobody reads it in a till.
    return replace(
        outcome,
        state=DeliveryState.HELD,
        note=_MONEY,
        cause=_MONEY,
        reason=Reason.TASK,
        timer=TASK,
    )


def _describe(subject: Subject, outcome: Outcome) -> dict[str, object]:
    return {
        "restaurant": subject.restaurant,
        "order_id": subject.order_id,
        "number": subject.number,
        "operation": subject.operation,
        "version": subject.version,
        "before": subject.state,
        "state": outcome.state,
        "cause": outcome.cause,
    }


def _refuse(restaurant: str, code: str, words: str) -> Answer:
    return Answer(moved=[], refused=[{"restaurant": restaurant, "code": code, "reason": words}])
