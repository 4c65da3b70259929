"""One try of a delivery: intent, effect, outcome. The only place that calls `submit`."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

import structlog

from bridge.adapter import Adapter, Capability, PosUnreachable, TicketRejected
from bridge.ledger import Ledger, LedgerError, Transaction, deliveries, handling, orders
from bridge.ledger.deliveries import MAY_BE_THERE, OPERATOR_TASK, Verdict, Work
from bridge.ledger.transaction import Job
from bridge.model import (
    Acceptance,
    DeliveryState,
    Difference,
    Operation,
    Order,
    Refund,
    RefundLine,
    Slip,
    Ticket,
    as_decimal_text,
)
from bridge.telemetry import Metrics
from bridge.worker import policy, vendor
from bridge.worker.booking import fold_followers
from bridge.worker.decision import Look
from bridge.worker.policy import Call, LaneEffect, Resolution
from bridge.worker.pos import Pos
from bridge.worker.stuck import StuckCalls

LEDGER_RETRY = 0.5
FIND_LIMIT = 5.0
_NOT_OUT = frozenset({DeliveryState.READY, DeliveryState.HELD})
DONE = Verdict(state=DeliveryState.DONE, outcome="accepted")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look-up says; None: the POS does not have it."""

    acceptance: Acceptance | None


class Attempts:
    """Brings deliveries of one restaurant to its POS, one try at a time for each."""

    def __init__(
        self,
        pos: Pos,
        ledger: Ledger,
        *,
        metrics: Metrics,
        random: Callable[[], float],
        may_start: Callable[[], bool] = lambda: True,
        alone: asyncio.Lock | None = None,
    ) -> None:
        self._pos = pos
        self._adapter: Adapter = pos.adapter
        self._ledger = ledger
        self._metrics = metrics
        self._random = random
        self._may_start = may_start
        self._stuck = StuckCalls(ledger.now)
        self._alone = alone or asyncio.Lock()
        self._handled: set[int] = set()

    async def bring(self, work: Work) -> None:
        """Do what the delivery's state asks for, up to one try.

        What was being handled when the process died is tried alone: should it die again, the one
        that kills it is known, and the others are not blamed for it.
        """
        async with self._alone if work.unclean_ends else nullcontext():
            await self._handle(work)

    async def _handle(self, work: Work) -> None:
        """On record before the adapter sees it: whatever it does to this process, it is known."""
        self._handled.add(work.id)
        try:
            if await self._ledger.write(lambda tx: handling.begin(tx, work.id, work.revision)):
                await self._bring(work)
        finally:
            if work.id in self._handled:
                self._handled.discard(work.id)
                self._ledger.post(lambda tx: handling.let_go(tx, work.id))

    async def _bring(self, work: Work) -> None:
        if work.state is DeliveryState.UNKNOWN and not await self._may_resend(work):
            return
        chosen = policy.choose_call(self._adapter.spec, work.operation, work.slip)
        if chosen is None:
            await self._finish(work, _task_for_operator(work, self._adapter))
            return
        call, slip = chosen
        ticket = await self._translate(work, slip)
        if ticket is None:
            return
        if not self._may_start():
            return
        attempt = await self._ledger.write(lambda tx: self._begin(tx, work, ticket))
        if attempt is not None:
            await self._send(work, call, ticket, attempt)

    def _begin(self, tx: Transaction, work: Work, ticket: Ticket) -> int | None:
        now = self._ledger.now()
        return deliveries.begin(tx, work, ticket, self._adapter.spec.name, now)

    async def _translate(self, work: Work, slip: Slip) -> Ticket | None:
        spec = self._adapter.spec
        try:
            ticket = self._adapter.translate(_visible(work.order, self._adapter), slip)
            _check_ticket(ticket)
        except TicketRejected as error:
            decision = policy.decide(error, work, spec, self._ledger.now(), self._random)
            verdict = decision.verdict
        except Exception as error:
            log.exception("translate_failed", adapter=spec.name)
            cause = f"{policy.describe(error)}; nothing was sent"
            verdict = Verdict(state=DeliveryState.HELD, outcome="adapter_bug", cause=cause)
        else:
            return ticket
        await self._finish(work, _in_doubt(verdict) if _may_be_sent(work) else verdict)
        return None

    async def _send(self, work: Work, call: Call, ticket: Ticket, attempt: int) -> None:
        limit = self._adapter.spec.submit_timeout
        try:
            acceptance = await vendor.call(self._call(work, call, ticket), Acceptance, limit=limit)
            _check_acceptance(acceptance)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            await self._fail(work, error, attempt)
            return
        await self._finish(work, DONE, attempt=attempt, acceptance=acceptance)
        self._pos.took_ticket()
        self._metrics.ticket_seconds.observe(max(0.0, self._ledger.now() - work.accepted_at))

    async def _call(self, work: Work, call: Call, ticket: Ticket) -> object:
        if call is Call.SUBMIT:
            return await self._adapter.submit(ticket, work.key)
        method = getattr(self._adapter, call.value)
        answer: object = await method(ticket, work.key, work.pos_ref or "")
        return answer

    async def _fail(self, work: Work, error: Exception, attempt: int) -> None:
        now = self._ledger.now()
        decision = policy.decide(error, work, self._adapter.spec, now, self._random)
        if isinstance(error, vendor.AdapterStuckError):
            # The call may still bring the ticket: never send a second one beside it.
            self._stuck.add(work.key, error.call)
            cause = f"{error}; {MAY_BE_THERE}"
            stuck = Verdict(state=DeliveryState.HELD, outcome="adapter_bug", cause=cause)
            decision = policy.Decision(verdict=stuck, effect=LaneEffect.DOUBT)
        self._affect(decision, policy.describe(error))
        if decision.verdict.outcome == "adapter_bug":
            log.error(
                "adapter_bug",
                adapter=self._adapter.spec.name,
                restaurant=work.restaurant,
                order_id=work.order_id,
                exc_info=error,
            )
        await self._finish(work, decision.verdict, attempt=attempt)

    def _affect(self, decision: policy.Decision, reason: str) -> None:
        """What it means for the restaurant's other tickets."""
        match decision.effect:
            case LaneEffect.DOWN:
                self._pos.failed(reason)
            case LaneEffect.PAUSE:
                self._pos.pause(reason)
            case LaneEffect.REST:
                self._pos.rest(decision.rests_until)
            case LaneEffect.DOUBT:
                self._pos.left_in_doubt()

    async def _may_resend(self, work: Work) -> bool:
        """Clear up an unknown outcome; True if sending again is right."""
        now = self._ledger.now()
        ended_at = max(work.last_try_at or 0.0, self._stuck.ended_at(work.key))
        work = replace(work, last_try_at=ended_at or None)
        match policy.resolve(self._adapter.spec, work, now):
            case Resolution.RESEND:
                return True
            case Resolution.WAIT:
                at = policy.settled_at(self._adapter.spec, work)
                await self._finish(work, _wait_until(at))
                return False
            case Resolution.HOLD:
                held = Verdict(state=DeliveryState.HELD, outcome="unknown", cause=MAY_BE_THERE)
                await self._finish(work, held)
                return False
            case Resolution.FIND:
                await self._look(work)
                return False

    async def _look(self, work: Work) -> None:
        """Ask the POS. What it does not have is ready again, with all that was queued behind it."""
        try:
            found = await vendor.call(self._find(work.key), _Found, limit=FIND_LIMIT)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            reason = f"the POS could not be asked: {policy.describe(error)}"
            if isinstance(error, PosUnreachable):
                self._pos.failed(policy.describe(error))
            now = self._ledger.now()
            await self._finish(work, policy.still_unknown(work, reason, now, self._random))
            return
        verdict = policy.absent(self._ledger.now()) if found.acceptance is None else DONE
        await self._finish(work, verdict, acceptance=found.acceptance)

    async def look_up(self, key: str) -> Look:
        """Say whether the POS has it, for a person who decides."""
        if self._stuck.goes_on(key):
            return Look(reason="the call that was to bring it has not ended yet")
        try:
            found = await vendor.call(self._find(key), _Found, limit=FIND_LIMIT)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            return Look(reason=policy.describe(error))
        return Look(acceptance=found.acceptance)

    async def _find(self, key: str) -> _Found:
        if Capability.LOOKUP not in self._adapter.spec.capabilities:
            raise TypeError("this adapter cannot look up")
        found = await self._adapter.find(key)  # type: ignore[attr-defined]
        if found is not None:
            _check_acceptance(found)
        return _Found(acceptance=found)

    async def _finish(
        self,
        work: Work,
        verdict: Verdict,
        *,
        attempt: int | None = None,
        acceptance: Acceptance | None = None,
    ) -> None:
        """Write the outcome; a ledger that cannot write is asked until it can."""

        def job(tx: Transaction) -> bool:
            now = self._ledger.now()
            is_mine = deliveries.finish(
                tx, work, verdict, now, attempt=attempt, acceptance=acceptance
            )
            if is_mine and verdict.state in _NOT_OUT and work.operation is Operation.PLACE:
                _fold(tx, work, now)
            return is_mine

        is_mine = await self._write(work, job)
        self._handled.discard(work.id)
        if is_mine:
            self._tell(work, verdict)
        else:
            log.warning("decided_by_others", order_id=work.order_id, outcome=verdict.outcome)

    async def _write(self, work: Work, job: Job[bool]) -> bool:
        while True:
            try:
                return await self._ledger.write(job)
            except LedgerError as error:
                log.warning("outcome_not_written", order_id=work.order_id, reason=str(error))
                await asyncio.sleep(LEDGER_RETRY)

    def _tell(self, work: Work, verdict: Verdict) -> None:
        self._metrics.attempts.labels(work.restaurant, verdict.outcome).inc()
        # What is held is told by the alerts.
        levels = {DeliveryState.DONE: log.info, DeliveryState.REFUSED: log.error}
        write = levels.get(verdict.state, log.warning)
        write(
            "delivery_moved",
            restaurant=work.restaurant,
            order_id=work.order_id,
            correlation_id=work.correlation_id,
            operation=work.operation,
            version=work.version,
            state=verdict.state,
            outcome=verdict.outcome,
            tries=work.tries + 1,
        )


def _fold(tx: Transaction, work: Work, now: float) -> None:
    """What came while it was being sent is in the ticket itself, if nothing of it went out."""
    book = orders.load_book(tx, work.restaurant, work.order_id)
    orders.amend(tx, work.restaurant, work.order_id, fold_followers(book, now), now)


def _may_be_sent(work: Work) -> bool:
    return work.state is DeliveryState.UNKNOWN


def _in_doubt(verdict: Verdict) -> Verdict:
    """What cannot be sent now may have been sent before: a person must look."""
    cause = f"{verdict.cause}; {MAY_BE_THERE}"
    return replace(verdict, state=DeliveryState.HELD, cause=cause)


def _check_ticket(ticket: object) -> None:
    if not (isinstance(ticket, Ticket) and isinstance(ticket.body, bytes)):
        raise vendor.AdapterBugError("translate did not return a Ticket with a body of bytes")
    _check_text(ticket.preview, ticket.content_type)


def _check_acceptance(acceptance: object) -> None:
    if not isinstance(acceptance, Acceptance):
        name = type(acceptance).__name__
        raise vendor.AdapterBugError(f"{name} was returned instead of Acceptance")
    _check_text(acceptance.pos_ref)


def _check_text(*values: object) -> None:
    """Only what can be stored: the outcome must not be lost for a broken character."""
    for value in values:
        if not isinstance(value, str):
            raise vendor.AdapterBugError(f"{type(value).__name__} was given where text belongs")
        value.encode()


def _visible(order: Order, adapter: Adapter) -> Order:
    return order if Capability.CONTACT in adapter.spec.capabilities else order.without_contact()


def _wait_until(at: float) -> Verdict:
    return Verdict(
        state=DeliveryState.UNKNOWN,
        outcome="unknown",
        cause="waits until the POS can be asked",
        next_at=at,
    )


def _words(change: Difference) -> str:
    return f"{change.what} {' -> '.join(text for text in (change.before, change.after) if text)}"


def _words_of_refund(line: RefundLine) -> str:
    price, tax = as_decimal_text(line.price_cents), as_decimal_text(line.tax_cents)
    # No amount of an unknown one is known, and nothing is not said of it either.
    is_said = bool(line.price_cents or line.tax_cents or not line.doubt)
    notes = [line.doubt] if line.doubt else []
    if not line.on_ticket:
        notes.insert(0, "was not on the ticket")
    amount = f" {price} + tax {tax}" if is_said else ""
    return f"{line.name}{amount}" + "".join(f" ({note})" for note in notes)


def _words_of_all(refund: Refund) -> str:
    amount = as_decimal_text(refund.amount_cents)
    if refund.is_doubtful:
        amount = f"{amount} or more" if refund.amount_cents else "of an unknown amount"
    parts = [_words_of_refund(line) for line in refund.lines]
    if not refund.amount_cents:
        # The same of many, and not one amount among them.
        counts = Counter(parts).items()
        parts = [f"{number} x {words}" if number > 1 else words for words, number in counts]
    return f"refund {amount}: {'; '.join(parts)}"


def _task_for_operator(work: Work, adapter: Adapter) -> Verdict:
    refund = work.slip.refund
    words = [_words(change) for change in work.slip.differences]
    changes = _words_of_all(refund) if refund else "; ".join(words)
    why = f"{adapter.spec.title} cannot take a {work.operation}"
    if refund and refund.is_doubtful:
        why = "the platform does not tell all of a refund"
    cause = f"{why}: correct order {work.order.number or work.order_id} by hand ({changes})"
    return Verdict(state=DeliveryState.HELD, outcome=OPERATOR_TASK, cause=cause)
