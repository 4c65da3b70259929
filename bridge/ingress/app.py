"""The HTTP side of the ingress: addresses, credentials, body, answer, and the answer's fate."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web

from bridge.ingress.answers import refuse
from bridge.ingress.auth import CHALLENGE, EndpointAccess, is_allowed
from bridge.ingress.guard import GuardedHandler
from bridge.ingress.reception import Call, Reception, Reply
from bridge.ledger import Ledger, Transaction, requests
from bridge.model import Answer, Deadline, Fate
from bridge.sources.bbot import Hook
from bridge.telemetry import Metrics

log = structlog.get_logger()

# What of the budget is kept back for writing the answer itself.
RESERVE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressContext:
    """Everything the listener needs; `now` is the wall clock in seconds."""

    reception: Reception
    ledger: Ledger
    endpoints: Mapping[str, EndpointAccess]
    metrics: Metrics
    order_budget: float
    body_timeout: float
    max_body: int
    now: Callable[[], float] = time.time


class Front:
    """Handles each call from its first byte to the fate of its answer."""

    def __init__(self, context: IngressContext) -> None:
        self._context = context

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer the call; the response returned is written already."""
        protocol = request.protocol
        first_byte_at = getattr(protocol, "first_byte_at", None) or time.monotonic()
        deadline = Deadline(first_byte_at + self._context.order_budget - RESERVE)
        correlation_id = uuid.uuid4().hex
        try:
            reply = await self._reply(request, deadline, correlation_id)
            if reply.answer.is_yes and deadline.passed:
                reply = self._too_late(reply, correlation_id)
            response = await self._write(request, reply)
        finally:
            if isinstance(protocol, GuardedHandler):
                protocol.end_request()
        self._measure(reply, time.monotonic() - first_byte_at)
        return response

    async def _reply(self, request: web.Request, deadline: Deadline, correlation_id: str) -> Reply:
        refusal = self._refusal(request, correlation_id)
        if refusal is not None:
            return Reply(answer=refusal, hook="none")
        body = await self._read(request, deadline, correlation_id)
        if isinstance(body, Answer):
            return Reply(answer=body, hook="none")
        hook = request.match_info.get("hook")
        call = Call(
            endpoint=self._context.endpoints[request.match_info["endpoint"]],
            hook=Hook(hook) if hook else None,
            body=body,
            content_type=request.headers.get("Content-Type", ""),
            correlation_id=correlation_id,
            received_at=self._context.now(),
            deadline=deadline,
        )
        return await self._answer(call)

    async def _answer(self, call: Call) -> Reply:
        try:
            return await self._context.reception.answer(call)
        except Exception:
            # A bug of ours must not become a silent loss: say no, loudly, and keep nothing back.
            log.exception("call_failed", correlation_id=call.correlation_id)
            detail = "the bridge failed on this call; its log says why"
            answer = refuse(503, "bridge_error", detail, call.correlation_id)
            return Reply(answer=answer, hook=call.hook or "none")

    def _refusal(self, request: web.Request, correlation_id: str) -> Answer | None:
        access = self._context.endpoints.get(request.match_info["endpoint"])
        allowed = is_allowed(access, request.headers.get("Authorization"))
        if access is None:
            return refuse(404, "unknown_endpoint", "no such endpoint", correlation_id)
        hook = request.match_info.get("hook")
        if hook is not None and hook not in set(Hook):
            known = ", ".join(Hook)
            return refuse(404, "unknown_hook", f"the hooks are {known}", correlation_id)
        if request.method != "POST":
            return refuse(405, "not_post", "send a POST", correlation_id)
        if not allowed:
            detail = "send the user and password that were configured for this endpoint"
            return refuse(401, "unauthorized", detail, correlation_id)
        return None

    async def _read(
        self, request: web.Request, deadline: Deadline, correlation_id: str
    ) -> bytes | Answer:
        limit = self._context.max_body
        if (request.content_length or 0) > limit:
            return _too_big(limit, correlation_id)
        timeout = min(self._context.body_timeout, deadline.left)
        try:
            return await _read_within(request, timeout)
        except web.HTTPRequestEntityTooLarge:
            return _too_big(limit, correlation_id)
        except TimeoutError:
            detail = f"the body was not complete within {timeout:.1f} s"
            return refuse(408, "slow_body", detail, correlation_id)
        except (web.RequestPayloadError, ValueError) as error:
            detail = f"the body could not be read ({type(error).__name__}); check its encoding"
            return refuse(400, "broken_body", detail, correlation_id)

    def _too_late(self, reply: Reply, correlation_id: str) -> Reply:
        """A 2XX outside the budget may not be heard any more: say no, and void the order."""
        self._context.metrics.late_answers.inc()
        if reply.seq is not None:
            self._settle(reply.seq, requests.LATE)
        detail = "the answer was not ready in time; try again"
        answer = refuse(503, "too_late", detail, correlation_id)
        return Reply(answer=answer, hook=reply.hook)

    async def _write(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = _response(request, reply)
        gone = False
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            gone = True
        transport = request.transport
        gone = gone or transport is None or transport.is_closing()
        if reply.seq is not None:
            self._settle(reply.seq, Fate.GONE if gone else Fate.WRITTEN)
        return response

    def _settle(self, seq: int, fate: str) -> None:
        def job(tx: Transaction) -> None:
            requests.settle(tx, seq, fate)

        self._context.ledger.post(job)

    def _measure(self, reply: Reply, seconds: float) -> None:
        metrics = self._context.metrics
        metrics.requests.labels(reply.hook, str(reply.answer.status)).inc()
        metrics.answer_seconds.labels(reply.hook).observe(seconds)


def build(context: IngressContext) -> web.Application:
    """The application of the ingress listener."""
    front = Front(context)
    app = web.Application(client_max_size=context.max_body, middlewares=[_catch_unknown])
    app.router.add_route("*", "/bbot/{endpoint}/{hook}", front.handle)
    app.router.add_route("*", "/bbot/{endpoint}", front.handle)
    return app


@web.middleware
async def _catch_unknown(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.match_info.http_exception is None:
        return await handler(request)
    answer = refuse(404, "unknown_address", "no such address", uuid.uuid4().hex)
    try:
        return _response(request, Reply(answer=answer, hook="none"))
    finally:
        if isinstance(request.protocol, GuardedHandler):
            request.protocol.end_request()


async def _read_within(request: web.Request, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        return await request.read()


def _too_big(limit: int, correlation_id: str) -> Answer:
    detail = f"the body has more than {limit} bytes"
    return refuse(413, "too_big", detail, correlation_id)


def _response(request: web.Request, reply: Reply) -> web.Response:
    answer = reply.answer
    headers = {"Content-Type": answer.content_type, "Server": "pos-bridge", **answer.headers}
    if reply.is_repeat:
        headers["Idempotent-Replayed"] = "true"
    if answer.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = CHALLENGE
    if answer.status == 405:  # noqa: PLR2004
        headers["Allow"] = "POST"
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    if not request.content.is_eof():
        # What is still on its way is not worth reading; the next call gets a clean connection.
        response.force_close()
    return response
