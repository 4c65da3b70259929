"""One try of a delivery: intent, effect, outcome. The only place that calls `submit`."""

import asyncio
from collections.abc import Callable

import structlog

from bridge.adapter import Adapter, Capability, TicketRejected
from bridge.ledger import Ledger, LedgerError, Transaction, deliveries
from bridge.ledger.deliveries import Verdict, Work
from bridge.model import Acceptance, DeliveryState, Order, Ticket
from bridge.telemetry import Metrics
from bridge.worker import policy
from bridge.worker.policy import Call, LaneEffect, Resolution
from bridge.worker.pos import Pos

LEDGER_RETRY = 0.5
FIND_LIMIT = 5.0
DONE = Verdict(state=DeliveryState.DONE, outcome="accepted")

log = structlog.get_logger()


class Attempts:
    """Brings deliveries of one restaurant to its POS, one try at a time for each."""

    def __init__(
        self, pos: Pos, ledger: Ledger, *, metrics: Metrics, random: Callable[[], float]
    ) -> None:
        self._pos = pos
        self._adapter: Adapter = pos.adapter
        self._ledger = ledger
        self._metrics = metrics
        self._random = random

    async def bring(self, work: Work) -> None:
        """Do what the delivery's state asks for, up to one try."""
        if work.state is DeliveryState.UNKNOWN and not await self._may_resend(work):
            return
        call = policy.choose_call(self._adapter.spec, work.operation)
        if call is None:
            await self._finish(work, _task_for_operator(work, self._adapter))
            return
        ticket = await self._translate(work)
        if ticket is None:
            return
        attempt = await self._ledger.write(lambda tx: self._begin(tx, work, ticket))
        if attempt is not None:
            await self._send(work, call, ticket, attempt)

    def _begin(self, tx: Transaction, work: Work, ticket: Ticket) -> int | None:
        now = self._ledger.now()
        return deliveries.begin(tx, work, ticket, self._adapter.spec.name, now)

    async def _translate(self, work: Work) -> Ticket | None:
        try:
            return self._adapter.translate(_visible(work.order, self._adapter), work.slip)
        except TicketRejected as error:
            decision = policy.decide(error, work, self._adapter.spec, 0.0, self._random)
            verdict = decision.verdict
        except Exception as error:
            log.exception("translate_failed", adapter=self._adapter.spec.name)
            cause = f"{policy.describe(error)}; nothing was sent"
            verdict = Verdict(state=DeliveryState.HELD, outcome="adapter_bug", cause=cause)
        await self._finish(work, verdict)
        return None

    async def _send(self, work: Work, call: Call, ticket: Ticket, attempt: int) -> None:
        try:
            async with asyncio.timeout(self._adapter.spec.submit_timeout):
                acceptance = await self._call(work, call, ticket)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            await self._fail(work, error, attempt)
            return
        self._pos.took_ticket()
        await self._finish(work, DONE, attempt=attempt, acceptance=acceptance)
        self._metrics.ticket_seconds.observe(max(0.0, self._ledger.now() - work.accepted_at))

    async def _call(self, work: Work, call: Call, ticket: Ticket) -> Acceptance:
        if call is Call.SUBMIT:
            return await self._adapter.submit(ticket, work.key)
        method = getattr(self._adapter, call.value)
        acceptance: Acceptance = await method(ticket, work.key, work.pos_ref or "")
        return acceptance

    async def _fail(self, work: Work, error: Exception, attempt: int) -> None:
        now = self._ledger.now()
        decision = policy.decide(error, work, self._adapter.spec, now, self._random)
        reason = policy.describe(error)
        if decision.effect is LaneEffect.DOWN:
            self._pos.failed(reason)
        elif decision.effect is LaneEffect.PAUSE:
            self._pos.pause(reason)
        if decision.verdict.outcome == "adapter_bug":
            log.error(
                "adapter_bug",
                adapter=self._adapter.spec.name,
                restaurant=work.restaurant,
                order_id=work.order_id,
                exc_info=error,
            )
        await self._finish(work, decision.verdict, attempt=attempt)

    async def _may_resend(self, work: Work) -> bool:
        """Clear up an unknown outcome; True if sending again is right."""
        now = self._ledger.now()
        match policy.resolve(self._adapter.spec, work, now):
            case Resolution.RESEND:
                return True
            case Resolution.WAIT:
                lag = getattr(self._adapter.spec.repeat, "lag", 1.0)
                at = (work.last_try_at or now) + lag
                await self._finish(work, _wait_until(at))
                return False
            case Resolution.HOLD:
                held = Verdict(
                    state=DeliveryState.HELD, outcome="unknown", cause=policy.MAY_BE_THERE
                )
                await self._finish(work, held)
                return False
            case Resolution.FIND:
                return await self._is_absent(work)

    async def _is_absent(self, work: Work) -> bool:
        try:
            async with asyncio.timeout(FIND_LIMIT):
                found = await self._find(work.key)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            reason = f"the POS could not be asked: {policy.describe(error)}"
            now = self._ledger.now()
            await self._finish(work, policy.still_unknown(work, reason, now, self._random))
            return False
        if found is None:
            return True
        await self._finish(work, DONE, acceptance=found)
        return False

    async def _find(self, key: str) -> Acceptance | None:
        if Capability.LOOKUP not in self._adapter.spec.capabilities:
            raise TypeError("this adapter cannot look up")
        found: Acceptance | None = await self._adapter.find(key)  # type: ignore[attr-defined]
        return found

    async def _finish(
        self,
        work: Work,
        verdict: Verdict,
        *,
        attempt: int | None = None,
        acceptance: Acceptance | None = None,
    ) -> None:
        """Write the outcome; a ledger that cannot write is asked until it can."""

        def job(tx: Transaction) -> None:
            deliveries.finish(
                tx, work, verdict, self._ledger.now(), attempt=attempt, acceptance=acceptance
            )

        while True:
            try:
                await self._ledger.write(job)
                break
            except LedgerError as error:
                log.warning("outcome_not_written", order_id=work.order_id, reason=str(error))
                await asyncio.sleep(LEDGER_RETRY)
        self._tell(work, verdict)

    def _tell(self, work: Work, verdict: Verdict) -> None:
        self._metrics.attempts.labels(work.restaurant, verdict.outcome).inc()
        write = log.info if verdict.state is DeliveryState.DONE else log.warning
        write(
            "delivery_moved",
            restaurant=work.restaurant,
            order_id=work.order_id,
            operation=work.operation,
            version=work.version,
            state=verdict.state,
            outcome=verdict.outcome,
            tries=work.tries + 1,
        )


def _visible(order: Order, adapter: Adapter) -> Order:
    return order if Capability.CONTACT in adapter.spec.capabilities else order.without_contact()


def _wait_until(at: float) -> Verdict:
    return Verdict(
        state=DeliveryState.UNKNOWN,
        outcome="unknown",
        cause="waits until the POS can be asked",
        next_at=at,
    )


def _task_for_operator(work: Work, adapter: Adapter) -> Verdict:
    changes = "; ".join(
        f"{change.what} {change.before} {change.after}".strip() for change in work.slip.differences
    )
    cause = (
        f"{adapter.spec.title} cannot take a {work.operation}: "
        f"correct order {work.order.number or work.order_id} by hand ({changes})"
    )
    return Verdict(state=DeliveryState.HELD, outcome="operator_task", cause=cause)
