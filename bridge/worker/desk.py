"""Where people decide: finds the deliveries, asks the POS where need be, writes what was decided.

Each decision is one write with the delivery's revision: what changed meanwhile is left alone.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from bridge.adapter import AdapterSpec
from bridge.ledger import (
    Ledger,
    LedgerError,
    Transaction,
    checkouts,
    decisions,
    deliveries,
    orders,
    pauses,
)
from bridge.ledger.book import Fold
from bridge.ledger.decisions import Answer, Demand, Outcome, Subject
from bridge.model import DeliveryState, Fate, Handover, Operation, Order, OrderChanged
from bridge.worker.booking import Terms, catch_up
from bridge.worker.booking.wanted import wanted_of
from bridge.worker.decision import (
    Look,
    Refusal,
    Ruling,
    asks_pos,
    decide_replay,
    decide_resolve,
    decide_void,
)
from bridge.worker.succession import Holding, Succession

PAGE: Final = 50
# A POS is asked about so many at once; the rest of a page waits its turn.
LOOKS: Final = 8
REPLAY: Final = "replay"
RESOLVE: Final = "resolve"
VOID: Final = "void"
_OPEN: Final = ("held", "refused")
_NOTHING_LEFT: Final = Refusal(code="unwanted", words="nothing is left on it to be made")
_CHANGED: Final = Refusal(code="changed", words="it has changed meanwhile: look at it again")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the desk knows of a restaurant."""

    spec: AdapterSpec
    terms: Terms


class Poses(Protocol):
    """The POS systems of all restaurants."""

    async def look_up(self, restaurant: str, key: str) -> Look: ...

    async def pause(self, restaurant: str, reason: str) -> None: ...

    async def resume(self, restaurant: str) -> None: ...


class Desk:
    """Its methods raise LedgerError if nothing can be written."""

    def __init__(
        self,
        ledger: Ledger,
        places: Mapping[str, Place],
        poses: Poses,
        holding: Callable[[str], Holding | None] = lambda _restaurant: None,
    ) -> None:
        self._succession = Succession(ledger, holding)
        self._ledger = ledger
        self._places = places
        self._poses = poses

    async def decide(self, demand: Demand) -> Answer:
        """At most a page of deliveries; what is refused says why, and the others go on."""
        subjects = await self._ledger.read(lambda tx: _find(tx, demand))
        page = [subject for subject in subjects[:PAGE] if subject.restaurant in self._places]
        looks = await self._look(page) if demand.action == REPLAY else {}
        rulings = [(subject, self._rule(demand, subject, looks)) for subject in page]
        if not demand.dry_run:
            rulings = await self._ledger.write(lambda tx: self._carry_out(tx, demand, rulings))
        is_more = len(subjects) > PAGE
        return Answer(
            moved=[_moved(one, ruling) for one, ruling in rulings if isinstance(ruling, Ruling)],
            refused=[_refused(one, no) for one, no in rulings if isinstance(no, Refusal)],
            next=subjects[PAGE - 1].id if is_more else None,
        )

    async def pause(self, restaurant: str, *, who: str, reason: str) -> None:
        """Send nothing more to its POS, also after a restart."""
        words = f"paused by {who or 'somebody'}: {reason}"
        now = self._ledger.now()
        await self._ledger.write(lambda tx: pauses.put(tx, restaurant, words, who, now))
        await self._poses.pause(restaurant, words)

    async def resume(self, restaurant: str, *, who: str) -> None:
        """Go on, whoever stopped it: a person, or an adapter that could not go on."""
        await self._ledger.write(lambda tx: pauses.remove(tx, restaurant))
        await self._poses.resume(restaurant)
        log.info("restaurant_resumed", restaurant=restaurant, who=who)

    async def take_over(self, restaurant: str, *, who: str, dry_run: bool) -> Answer:
        """Serve it in place of a worker that is gone for good; says what may come out twice."""
        return await self._succession.take_over(restaurant, who=who, dry_run=dry_run)

    async def _look(self, page: list[Subject]) -> dict[int, Look]:
        asked = [one for one in page if asks_pos(one, self._places[one.restaurant].spec)]
        free = asyncio.Semaphore(LOOKS)

        async def look(subject: Subject) -> Look:
            async with free:
                return await self._poses.look_up(subject.restaurant, subject.key)

        looks = await asyncio.gather(*map(look, asked))
        return {subject.id: found for subject, found in zip(asked, looks, strict=True)}

    def _rule(self, demand: Demand, subject: Subject, looks: dict[int, Look]) -> Ruling | Refusal:
        if demand.action == RESOLVE:
            return decide_resolve(subject, demand.note)
        if demand.action == VOID:
            return decide_void(subject, demand.note)
        spec, now = self._places[subject.restaurant].spec, self._ledger.now()
        look = looks.get(subject.id)
        return decide_replay(subject, spec, now, reprint=demand.reprint, look=look)

    def _carry_out(
        self,
        tx: Transaction,
        demand: Demand,
        rulings: list[tuple[Subject, Ruling | Refusal]],
    ) -> list[tuple[Subject, Ruling | Refusal]]:
        return [
            (subject, self._try_write(tx, demand, subject, ruling) or ruling)
            if isinstance(ruling, Ruling)
            else (subject, ruling)
            for subject, ruling in rulings
        ]

    def _try_write(
        self, tx: Transaction, demand: Demand, subject: Subject, ruling: Ruling
    ) -> Refusal | None:
        """One that cannot be read must not keep the others."""
        try:
            with tx.part():
                return self._write(tx, demand, subject, ruling)
        except LedgerError:
            raise
        except Exception:
            log.exception("decision_failed", order_id=subject.order_id)
            words = "it cannot be read: enter it by hand, then resolve it"
            return Refusal(code="unreadable", words=words)

    def _write(
        self, tx: Transaction, demand: Demand, subject: Subject, ruling: Ruling
    ) -> Refusal | None:
        now = self._ledger.now()
        terms = self._places[subject.restaurant].terms
        until = now + terms.give_up_after
        is_again = not ruling.state.is_end
        if (is_again or ruling.reprint) and not _has_dishes(tx, subject):
            return _NOTHING_LEFT
        outcome = _outcome(demand, subject, ruling, now, _starts_at(tx, subject), until)
        if not decisions.carry_out(tx, subject, outcome, now):
            return _CHANGED
        if subject.operation is Operation.PLACE and is_again and not subject.may_be_there:
            _renew(tx, subject, now)
        is_ticket = subject.operation is Operation.PLACE and not subject.is_superseded
        if is_ticket and demand.action == VOID:
            deliveries.void_followers(tx, subject.restaurant, subject.order_id, subject.id, now)
        if ruling.reprint:
            reason = demand.note or "printed again"
            decisions.open_reprint(tx, subject, _wanted(tx, subject), reason, now, until)
        if subject.operation is Operation.PLACE and (is_again or ruling.reprint):
            _catch_up(tx, subject, terms, now)
        log.info(
            "decided",
            action=demand.action,
            who=demand.who,
            restaurant=subject.restaurant,
            order_id=subject.order_id,
            operation=subject.operation,
            version=subject.version,
            before=subject.state,
            after=ruling.state,
        )
        return None


def _find(tx: Transaction, demand: Demand) -> list[Subject]:
    """What waits for a decision; of a named order all, if nothing does: then they say why not."""
    wish = demand.wish
    if wish.state:
        return decisions.find(tx, wish, (wish.state,), PAGE + 1)
    states = _OPEN if wish.order_id else (DeliveryState.HELD,)
    found = decisions.find(tx, wish, states, PAGE + 1)
    if found or not wish.order_id:
        return found
    return decisions.find(tx, wish, tuple(DeliveryState), PAGE + 1)


def _outcome(
    demand: Demand, subject: Subject, ruling: Ruling, now: float, starts_at: float, until: float
) -> Outcome:
    """An order for tomorrow is not cooked now."""
    is_again = not ruling.state.is_end
    waits = starts_at > now and ruling.state is DeliveryState.READY
    return Outcome(
        action=demand.action,
        who=demand.who,
        note=demand.note,
        state=DeliveryState.WAITING if waits else ruling.state,
        cause=ruling.cause,
        timer="release" if waits else None,
        next_at=max(now, starts_at) if is_again else None,
        # Or what is late would be held again at once.
        promise_at=max(subject.promise_at, until, until - now + starts_at) if is_again else None,
        answered_for=subject.promise_at if is_again and subject.promise_at <= now else None,
        pos_ref=demand.pos_ref or None,
    )


def _has_dishes(tx: Transaction, subject: Subject) -> bool:
    return subject.operation is not Operation.PLACE or bool(_wanted(tx, subject).lines)


def _starts_at(tx: Transaction, subject: Subject) -> float:
    """When the kitchen is to begin, 0 for at once."""
    return orders.load_book(tx, subject.restaurant, subject.order_id).fires_at


def _renew(tx: Transaction, subject: Subject, now: float) -> None:
    """Put the order as it is now on a ticket of which nothing was sent."""
    book = orders.load_book(tx, subject.restaurant, subject.order_id)
    (slip,) = [one.slip for one in book.deliveries if one.id == subject.id]
    fold = Fold(delivery_id=subject.id, content=_wanted(tx, subject), slip=slip)
    orders.amend(tx, subject.restaurant, subject.order_id, [fold], now)


def _catch_up(tx: Transaction, subject: Subject, terms: Terms, now: float) -> None:
    """Open what was voided behind the ticket while nobody was going to make it."""
    book = orders.load_book(tx, subject.restaurant, subject.order_id)
    order = orders.load_current(tx, subject.restaurant, subject.order_id)
    news = Handover(
        event_id="",
        ingress="",
        seq=0,
        restaurant=subject.restaurant,
        correlation_id=subject.correlation_id,
        received_at=datetime.fromtimestamp(now, UTC),
        fate=Fate.UNSURE,
        copy=1,
        event=OrderChanged(order=order),
    )
    known = checkouts.load(tx, subject.restaurant, subject.checkout_id)
    seen = checkouts.as_seen_by(tx, known, news, subject.order_id)
    orders.rebook(tx, news, order, catch_up(book, news, terms, now, seen), now)


def _wanted(tx: Transaction, subject: Subject) -> Order:
    """The order as the kitchen should have it now."""
    book = orders.load_book(tx, subject.restaurant, subject.order_id)
    return wanted_of(book, checkouts.load(tx, subject.restaurant, subject.checkout_id))


def _moved(subject: Subject, ruling: Ruling) -> dict[str, object]:
    return {**_named(subject), "state": ruling.state, "cause": ruling.cause}


def _refused(subject: Subject, refusal: Refusal) -> dict[str, object]:
    named = {**_named(subject), "state": subject.state, "cause": subject.cause}
    return {**named, "code": refusal.code, "reason": refusal.words}


def _named(subject: Subject) -> dict[str, object]:
    return {
        "restaurant": subject.restaurant,
        "order_id": subject.order_id,
        "number": subject.number,
        "operation": subject.operation,
        "version": subject.version,
        "before": subject.state,
    }
