"""Keeps each call with its answer; a 2XX waits until both are durable, a refusal does not."""

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from bridge.ingress.answers import accept, refuse
from bridge.ingress.call import Call, Reply
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.ledger.requests import Recorded, Request
from bridge.ledger.writer import Job
from bridge.model import Answer, Event
from bridge.telemetry import Metrics

log = structlog.get_logger()


def request_of(call: Call, hook: str) -> Request:
    """A call as the ledger keeps it, before anything is known of what it says."""
    return Request(
        received_at=call.received_at,
        endpoint=call.endpoint.id,
        hook=hook,
        correlation_id=call.correlation_id,
        content_type=call.content_type,
        body=call.body,
    )


def about(request: Request, event: Event) -> Request:
    """The same with whom the event is about."""
    return replace(
        request,
        restaurant=event.restaurant,
        order_id=event.order_id,
        checkout_id=event.checkout_id,
    )


def facts(request: Request) -> dict[str, str]:
    """What a log line says of a call."""
    return {
        "hook": request.hook,
        "restaurant": request.restaurant,
        "order_id": request.order_id,
        "checkout_id": request.checkout_id,
        "correlation_id": request.correlation_id,
    }


class Recorder:
    """What cannot be kept is answered 503, unless the answer is a no anyway."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._metrics = metrics

    @property
    def can_keep(self) -> bool:
        """False once the ledger has ended: nothing will be kept any more."""
        return self._ledger.alive

    async def record(self, call: Call, request: Request, result: str, *, hand_over: bool) -> Reply:
        """A 2XX for what is told, not asked. Once durable it counts, however late its answer."""
        answer = accept(result, call.correlation_id, request.order_id)

        def job(tx: Transaction) -> Recorded:
            return requests.record(tx, request, answer, hand_over=hand_over)

        try:
            recorded = await self._write(job, call.deadlines.of(request.hook).left, request)
        except (LedgerError, TimeoutError) as error:
            return self.not_durable(call, request, error)
        self.tell_taken(request)
        seq = recorded.seq if hand_over else None
        return Reply(answer=recorded.answer, hook=request.hook, seq=seq)

    async def write(self, job: Job[Recorded], seconds: float, request: Request) -> Recorded:
        """The record of an order; when room is short only of one that is known."""
        may_do = partial(_do_if_known, job) if self._ledger.is_short else job
        return await self._write(may_do, seconds, request)

    async def _write(self, job: Job[Recorded], seconds: float, request: Request) -> Recorded:
        """The record; one that comes true when nobody waits any more withdraws itself."""
        waits = True

        def job_of_its_time(tx: Transaction) -> Recorded:
            recorded = job(tx)
            if not waits:
                _withdraw(request, tx)
            return recorded

        task = asyncio.ensure_future(self._ledger.write(job_of_its_time))
        try:
            done, _pending = await asyncio.wait({task}, timeout=seconds)
        finally:
            waits = task.done()
            if not waits:
                task.add_done_callback(partial(self._withdraw, request))
        if done:
            return task.result()
        raise TimeoutError

    def refuse(self, call: Call, request: Request, answer: Answer) -> Reply:
        """A no goes out at once, and is kept as soon as the disk lets it."""
        self.post(request, answer)
        self.count_block(call, request, answer)
        return Reply(answer=answer, hook=request.hook)

    def post(self, request: Request, answer: Answer) -> None:
        """Keep it without waiting; nobody is told of it. Nothing is kept when room is short."""
        if self._ledger.is_short:
            return
        self._ledger.post(lambda tx: requests.record(tx, request, answer, hand_over=False))

    def not_durable(self, call: Call, request: Request, error: Exception) -> Reply:
        """The 503 in place of a yes that could not be kept."""
        self._metrics.ledger_errors.inc()
        log.error(
            "not_durable", correlation_id=call.correlation_id, reason=str(error) or "time-out"
        )
        detail = "the call could not be stored safely; try again"
        answer = refuse(503, "not_durable", detail, call.correlation_id)
        self.count_block(call, request, answer)
        return Reply(answer=answer, hook=request.hook, withdraws=True)

    def count_block(self, call: Call, request: Request, answer: Answer) -> None:
        """Count and tell of a checkout, or a call, that goes no further."""
        ours = call.endpoint.restaurants.values()
        restaurant = request.restaurant if request.restaurant in ours else ""
        self._metrics.blocks.labels(restaurant, answer.code).inc()
        log.warning("call_refused", status=answer.status, code=answer.code, **facts(request))

    def tell_misread(self, request: Request, code: str) -> None:
        """Count and tell of what nobody could read although the platform will not say it again."""
        self._metrics.misread.labels(request.hook, code).inc()
        log.warning("call_not_understood", code=code, **facts(request))

    def tell_taken(self, request: Request, *, is_repeat: bool = False) -> None:
        log.info("call_taken", **facts(request), is_repeat=is_repeat)

    def _withdraw(self, request: Request, task: "asyncio.Task[Recorded]") -> None:
        # The job may have run just before the time-out and been committed after it.
        if not task.cancelled() and task.exception() is None:
            self._ledger.post(partial(_withdraw, request))


def _do_if_known(job: Job[Recorded], tx: Transaction) -> Recorded:
    recorded = job(tx)
    if not recorded.is_known:
        raise LedgerError("the disk is nearly full: what is left is for orders that are known")
    return recorded


def _withdraw(request: Request, tx: Transaction) -> None:
    requests.withdraw(tx, request.correlation_id, request.received_at)
