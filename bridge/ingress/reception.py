"""From an authenticated call to its answer: decode, whose restaurant, gate, record.

Nothing here knows HTTP. A 2XX waits until event and answer are durable; a refusal is recorded
too, but waits for nothing beyond a short look for an earlier yes.

A yes that comes too late is settled as `late`, and the order is never made. News of an order,
once recorded, counts whatever became of the answer: the platform may never repeat it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bridge import fault
from bridge.ingress.answers import accept, refuse
from bridge.ingress.auth import EndpointAccess
from bridge.ingress.gate import Gate, Judgement, Move
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.ledger.requests import Recorded, Request
from bridge.ledger.writer import Job
from bridge.model import Answer, Deadline, Event, Fate, OrderChanged, OrderPlaced
from bridge.sources.bbot import Decoded, DecodeError, Hook, decode
from bridge.telemetry import Metrics

REFUSAL_PATIENCE = 0.25
UNDECODABLE = frozenset({400, 415})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An authenticated call. `hook` None: the bare address, told apart by its shape."""

    endpoint: EndpointAccess
    hook: Hook | None
    body: bytes
    content_type: str
    correlation_id: str
    received_at: float
    deadline: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer; with `seq` the ledger waits to hear of its fate: `late_fate` if not in time."""

    answer: Answer
    hook: str
    seq: int | None = None
    is_repeat: bool = False
    late_fate: str = requests.LATE


class Reception:
    """Answers calls. `record` failures become 503; nothing else of ours blocks a checkout."""

    def __init__(
        self,
        ledger: Ledger,
        gate: Gate,
        *,
        metrics: Metrics,
        known_restaurants: Callable[[str], bool],
    ) -> None:
        self._ledger = ledger
        self._gate = gate
        self._metrics = metrics
        self._is_known = known_restaurants

    async def answer(self, call: Call) -> Reply:
        """The reply to a call, recorded; 503 if we fail on it, with the bare call recorded."""
        try:
            return await self._answer(call)
        except Exception as error:  # noqa: BLE001  a bug of ours must not become a silent loss
            fault.tell("call_failed", error, correlation_id=call.correlation_id)
            detail = "the bridge failed on this call; its log says why"
            answer = refuse(503, "bridge_error", detail, call.correlation_id)
            return self.refuse(call, answer, because=f"{type(error).__name__} in the bridge")

    def refuse(self, call: Call, answer: Answer, *, because: str = "") -> Reply:
        """Record a call that was not decoded with the answer it got."""
        request = _request(call, call.hook)
        return self._refuse_and_post(call, replace(request, error=because or answer.code), answer)

    async def _answer(self, call: Call) -> Reply:
        try:
            decoded = decode(call.hook, call.body, call.content_type)
        except DecodeError as error:
            return await self._answer_undecodable(call, error)
        request = _request(call, decoded.hook)
        match decoded.event:
            case OrderPlaced() as event:
                return await self._answer_placed(call, request, event)
            case OrderChanged() as event:
                return await self._answer_changed(call, request, event)
            case None:
                return await self._archive(call, request, decoded)

    async def _answer_placed(self, call: Call, request: Request, event: OrderPlaced) -> Reply:
        owner = self._own(call, event)
        if isinstance(owner, Answer):
            return self._refuse_and_post(call, _about(request, event), owner)
        event = replace(event, order=replace(event.order, restaurant=owner))
        judgement = await self._gate.decide(event.order, call.deadline)
        request = replace(_about(request, event), event=event, evidence=judgement.evidence)
        verdict = _verdict(judgement, call, event.order.id)
        welcome = accept("accepted", call.correlation_id, event.order.id)
        return await self._record_injection(call, request, verdict, welcome)

    async def _record_injection(
        self, call: Call, request: Request, verdict: Answer, welcome: Answer
    ) -> Reply:
        def job(tx: Transaction) -> Recorded:
            return requests.record_injection(tx, request, verdict, welcome)

        patience = call.deadline.left if verdict.is_yes else REFUSAL_PATIENCE
        try:
            recorded = await self._write(job, call.deadline.within(patience), requests.LATE)
        except (LedgerError, TimeoutError) as error:
            return self._not_durable(request, call, error, verdict)
        if recorded.answer.is_yes:
            _tell_taken(request, is_repeat=recorded.is_repeat)
        else:
            self._count_block(call, request, recorded.answer)
        return Reply(
            answer=recorded.answer,
            hook=request.hook,
            seq=recorded.seq if recorded.answer.is_yes else None,
            is_repeat=recorded.is_repeat,
        )

    async def _answer_changed(self, call: Call, request: Request, event: OrderChanged) -> Reply:
        owner = self._own(call, event)
        request = _about(request, event)
        if isinstance(owner, Answer):
            if owner.status == 403:  # noqa: PLR2004  somebody else's restaurant
                return self._refuse_and_post(call, request, owner)
            request = replace(request, error=f"archived: {owner.code}")
            return await self._record(call, request, "archived", hand_over=False)
        event = replace(event, order=replace(event.order, restaurant=owner))
        request = replace(_about(request, event), event=event)
        return await self._record(call, request, "recorded", hand_over=True)

    async def _archive(self, call: Call, request: Request, _decoded: Decoded) -> Reply:
        return await self._record(call, request, "archived", hand_over=False)

    async def _answer_undecodable(self, call: Call, error: DecodeError) -> Reply:
        """A refusal for what cannot be read; but what cannot be blocked is archived instead."""
        hook = call.hook or Hook.ORDER_INJECTION
        request = replace(
            _request(call, hook),
            restaurant=call.endpoint.restaurants.get(error.restaurant, error.restaurant),
            order_id=error.order_id,
            checkout_id=f"order:{error.order_id}",
            error=f"{error.code}: {error.detail}",
        )
        if hook is Hook.ORDER_INJECTION or error.status in UNDECODABLE:
            answer = refuse(error.status, error.code, error.detail, call.correlation_id)
            return self._refuse_and_post(call, request, answer)
        return await self._record(call, request, "archived", hand_over=False)

    async def _record(self, call: Call, request: Request, result: str, *, hand_over: bool) -> Reply:
        answer = accept(result, call.correlation_id, request.order_id)

        def job(tx: Transaction) -> Recorded:
            return requests.record(tx, request, answer, hand_over=hand_over)

        try:
            recorded = await self._write(job, call.deadline.left, Fate.GONE)
        except (LedgerError, TimeoutError) as error:
            return self._not_durable(request, call, error, answer)
        _tell_taken(request)
        seq = recorded.seq if hand_over else None
        return Reply(answer=recorded.answer, hook=request.hook, seq=seq, late_fate=Fate.GONE)

    async def _write(self, job: Job[Recorded], seconds: float, late_fate: str) -> Recorded:
        """The record; one that comes true when nobody waits any more settles its own fate."""
        waits = True

        def job_of_its_time(tx: Transaction) -> Recorded:
            recorded = job(tx)
            if not waits:
                _settle_late(recorded, late_fate, tx)
            return recorded

        task = asyncio.ensure_future(self._ledger.write(job_of_its_time))
        try:
            done, _pending = await asyncio.wait({task}, timeout=seconds)
        finally:
            waits = task.done()
            if not waits:
                task.add_done_callback(partial(self._mark_late, late_fate))
        if done:
            return task.result()
        raise TimeoutError

    def _mark_late(self, late_fate: str, task: "asyncio.Task[Recorded]") -> None:
        # The job may have run just before the time-out and been committed after it.
        if not task.cancelled() and task.exception() is None:
            self._ledger.post(partial(_settle_late, task.result(), late_fate))

    def _own(self, call: Call, event: Event) -> str | Answer:
        """The configured restaurant of an order, or why it has none here."""
        given = event.order.restaurant
        owner = call.endpoint.restaurants.get(given)
        if owner is not None:
            return owner
        if self._is_known(given):
            detail = "these credentials are not for the restaurant of this order"
            return refuse(403, "foreign_restaurant", detail, call.correlation_id)
        detail = "order.restaurant_id names no restaurant of this endpoint; check the configuration"
        return refuse(422, "unknown_restaurant", detail, call.correlation_id)

    def _refuse_and_post(self, call: Call, request: Request, answer: Answer) -> Reply:
        self._ledger.post(lambda tx: requests.record(tx, request, answer, hand_over=False))
        self._count_block(call, request, answer)
        return Reply(answer=answer, hook=request.hook)

    def _not_durable(
        self, request: Request, call: Call, error: Exception, verdict: Answer
    ) -> Reply:
        if not verdict.is_yes:
            self._count_block(call, request, verdict)
            return Reply(answer=verdict, hook=request.hook)
        self._metrics.ledger_errors.inc()
        log.error(
            "not_durable", correlation_id=call.correlation_id, reason=str(error) or "time-out"
        )
        detail = "the order could not be stored safely; try again"
        answer = refuse(503, "not_durable", detail, call.correlation_id)
        self._count_block(call, request, answer)
        return Reply(answer=answer, hook=request.hook)

    def _count_block(self, call: Call, request: Request, answer: Answer) -> None:
        ours = call.endpoint.restaurants.values()
        restaurant = request.restaurant if request.restaurant in ours else ""
        self._metrics.blocks.labels(restaurant, answer.code).inc()
        log.warning(
            "call_refused",
            hook=request.hook,
            status=answer.status,
            code=answer.code,
            restaurant=request.restaurant,
            order_id=request.order_id,
            correlation_id=request.correlation_id,
        )


def _settle_late(recorded: Recorded, fate: str, tx: Transaction) -> None:
    if recorded.answer.is_yes:
        requests.settle(tx, recorded.seq, fate)


def _request(call: Call, hook: Hook | None) -> Request:
    return Request(
        received_at=call.received_at,
        endpoint=call.endpoint.id,
        hook=hook.value if hook else "",
        correlation_id=call.correlation_id,
        content_type=call.content_type,
        body=call.body,
    )


def _tell_taken(request: Request, *, is_repeat: bool = False) -> None:
    log.info(
        "call_taken",
        hook=request.hook,
        restaurant=request.restaurant,
        order_id=request.order_id,
        correlation_id=request.correlation_id,
        is_repeat=is_repeat,
    )


def _about(request: Request, event: Event) -> Request:
    order = event.order
    return replace(
        request, restaurant=order.restaurant, order_id=order.id, checkout_id=order.checkout_id
    )


def _verdict(judgement: Judgement, call: Call, order_id: str) -> Answer:
    if judgement.move is Move.REFUSE:
        return refuse(judgement.status, judgement.code, judgement.reason, call.correlation_id)
    return accept("accepted", call.correlation_id, order_id)
