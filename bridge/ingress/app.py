"""The HTTP side of the ingress: addresses, credentials, body, answer, and the answer's fate."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog
from aiohttp import web

from bridge import fault
from bridge.ingress.answers import FAILED, refuse
from bridge.ingress.auth import UNAUTHORIZED, EndpointAccess, is_allowed, unauthorized
from bridge.ingress.body import expect_later, read_body
from bridge.ingress.call import Budgets, Call, Deadlines, Reply
from bridge.ingress.guard import GuardedHandler
from bridge.ingress.reception import Reception
from bridge.ingress.response import respond
from bridge.ingress.turnaway import Turnaways
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.model import Answer, Deadline, Fate
from bridge.sources.bbot import HOOKS, Hook
from bridge.telemetry import Metrics

log = structlog.get_logger()

# What of the budget is kept back for writing the answer itself.
RESERVE = 0.05
# So long a no waits until the yes in its place is withdrawn on disk, if it can.
LAST_WRITE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressContext:
    """Everything the listener needs; `now` is the wall clock in seconds."""

    reception: Reception
    ledger: Ledger
    endpoints: Mapping[str, EndpointAccess]
    metrics: Metrics
    budgets: Budgets
    body_timeout: float
    max_body: int
    now: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """What is known of any call; it finds what the ledger may have of it."""

    correlation_id: str
    received_at: float
    first_byte_at: float
    deadlines: Deadlines


class Front:
    """Handles each call from its first byte to the fate of its answer."""

    def __init__(self, context: IngressContext) -> None:
        self._context = context
        self._turnaways = Turnaways()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer the call; the response returned is written already."""
        first_byte_at = _first_byte_at(request)
        arrival = _Arrival(
            correlation_id=uuid.uuid4().hex,
            received_at=self._context.now(),
            first_byte_at=first_byte_at,
            deadlines=self._context.budgets.deadlines(first_byte_at - RESERVE),
        )
        try:
            return await self._answer(request, arrival)
        except Exception as error:
            if request.writer.output_size:
                raise  # what was said stands
            fault.tell("request_failed", error, correlation_id=arrival.correlation_id)
            reply = Reply(answer=refuse(*FAILED, arrival.correlation_id), withdraws=True)
            return await self._say(request, arrival, reply)

    async def _answer(self, request: web.Request, arrival: _Arrival) -> web.StreamResponse:
        reply = await self._reply(request, arrival)
        if reply.seq is not None and arrival.deadlines.of(reply.hook).passed:
            reply = await self._too_late(arrival, reply.hook)
        return await self._say(request, arrival, reply)

    async def _say(
        self, request: web.Request, arrival: _Arrival, reply: Reply
    ) -> web.StreamResponse:
        deadline = arrival.deadlines.of(reply.hook)
        if reply.withdraws:
            await self._withdraw(arrival, deadline.within(LAST_WRITE))
        response = await self._write(request, reply, deadline)
        self._measure(reply, time.monotonic() - arrival.first_byte_at)
        return response

    async def _reply(self, request: web.Request, arrival: _Arrival) -> Reply:
        refusal = self._refusal(request, arrival.correlation_id)
        if refusal is not None:
            return self._turn_away(request, refusal, arrival.correlation_id)
        hook = request.match_info.get("hook")
        call = Call(
            endpoint=self._context.endpoints[request.match_info["endpoint"]],
            hook=Hook(hook) if hook else None,
            body=b"",
            content_type=_plain(request.headers.get("Content-Type", "")),
            correlation_id=arrival.correlation_id,
            received_at=arrival.received_at,
            deadlines=arrival.deadlines,
            # Wrong ones were turned away.
            has_credentials="Authorization" in request.headers,
        )
        reply = await self._take(request, call)
        if reply.answer.code == UNAUTHORIZED:
            return self._turn_away(request, reply.answer, arrival.correlation_id)
        return reply

    async def _take(self, request: web.Request, call: Call) -> Reply:
        body = await read_body(
            request,
            limit=self._context.max_body,
            seconds=min(self._context.body_timeout, call.deadlines.of(call.hook or "").left),
            correlation_id=call.correlation_id,
        )
        if isinstance(body, Answer):
            return self._context.reception.refuse(call, body)
        return await self._context.reception.answer(replace(call, body=body))

    def _refusal(self, request: web.Request, correlation_id: str) -> Answer | None:
        access = self._context.endpoints.get(request.match_info["endpoint"])
        given = request.headers.get("Authorization")
        allowed = is_allowed(access, given)
        if access is None:
            return refuse(404, "unknown_endpoint", "no such endpoint", correlation_id)
        hook = request.match_info.get("hook")
        if hook is not None and hook not in HOOKS:
            known = ", ".join(Hook)
            return refuse(404, "unknown_hook", f"the hooks are {known}", correlation_id)
        if request.method != "POST":
            return refuse(405, "not_post", "send a POST", correlation_id)
        is_asked = access.asks_for_credentials(Hook(hook) if hook else None)
        if not allowed and (is_asked or given is not None):
            return unauthorized(correlation_id)
        return None

    def _turn_away(self, request: web.Request, answer: Answer, correlation_id: str) -> Reply:
        """Tell of a call that is not recorded: nobody knows whose it is."""
        number = self._turnaways.count(request.remote or "", answer.code, time.monotonic())
        if number:
            is_ours = request.match_info["endpoint"] in self._context.endpoints
            tell = log.warning if is_ours else log.info
            tell(
                "call_turned_away",
                status=answer.status,
                code=answer.code,
                peer=request.remote,
                calls=number,
                correlation_id=correlation_id,
            )
        return Reply(answer=answer)

    async def _too_late(self, arrival: _Arrival, hook: str) -> Reply:
        """A 2XX outside the budget may not be heard any more: withdraw it, and say no."""
        self._context.metrics.late_answers.inc()
        await self._withdraw(arrival, LAST_WRITE)
        log.warning("answer_too_late", hook=hook, correlation_id=arrival.correlation_id)
        detail = "the answer was not ready in time; try again"
        answer = refuse(503, "too_late", detail, arrival.correlation_id)
        return Reply(answer=answer, hook=hook)

    async def _write(
        self, request: web.Request, reply: Reply, deadline: Deadline
    ) -> web.StreamResponse:
        # What is still on its way is not worth reading; the next call gets a clean connection.
        close = not request.content.is_eof() or not request.protocol.keepalive_timeout
        response = respond(reply.answer, is_repeat=reply.is_repeat, close=close)
        fate = Fate.GONE
        try:
            async with asyncio.timeout(deadline.left + RESERVE):
                await response.prepare(request)
                await response.write_eof()
            fate = Fate.WRITTEN if _is_open(request) else Fate.GONE
        except ConnectionError:
            log.info("answer_not_taken", hook=reply.hook, why="the connection is closed")
        except TimeoutError:
            # A caller that does not read: end it, or it could still read this answer some day.
            if request.transport is not None:
                request.transport.abort()
            log.warning("answer_not_taken", hook=reply.hook, why="the caller does not read")
        finally:
            if reply.seq is not None:
                self._settle(reply.seq, fate)
        return response

    async def _withdraw(self, arrival: _Arrival, seconds: float) -> None:
        """Before the no is said: who is killed right after it must not take it for a yes."""

        def job(tx: Transaction) -> bool:
            return requests.withdraw(tx, arrival.correlation_id, arrival.received_at)

        try:
            async with asyncio.timeout(seconds):
                is_withdrawn = await self._context.ledger.write(job)
        except (TimeoutError, LedgerError):
            # Nobody waits for it any more: that alone is tried again and again.
            log.warning("not_withdrawn_yet", correlation_id=arrival.correlation_id)
            self._context.ledger.post(job)
            return
        if not is_withdrawn:
            hint = "the platform was told no: void this order if the guest has not paid"
            log.error("withdrawn_too_late", correlation_id=arrival.correlation_id, hint=hint)

    def _settle(self, seq: int, fate: Fate) -> None:
        def job(tx: Transaction) -> None:
            requests.settle(tx, seq, fate)

        self._context.ledger.post(job)

    def _measure(self, reply: Reply, seconds: float) -> None:
        metrics = self._context.metrics
        metrics.requests.labels(reply.hook or "none", str(reply.answer.status)).inc()
        metrics.answer_seconds.labels(reply.hook or "none").observe(seconds)


def build(context: IngressContext) -> web.Application:
    """The application of the ingress listener."""
    front = Front(context)
    app = web.Application(client_max_size=context.max_body, middlewares=[_catch_unknown])
    # With a slash behind it, too: addresses are typed by hand into settings.
    for path in ("/bbot/{endpoint}/{hook}{_:/?}", "/bbot/{endpoint}{_:/?}"):
        app.router.add_route("*", path, front.handle, expect_handler=expect_later)
    return app


@web.middleware
async def _catch_unknown(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.match_info.http_exception is None:
        return await handler(request)
    answer = refuse(404, "unknown_address", "no such address", uuid.uuid4().hex)
    return respond(answer, close=not request.content.is_eof())


def _first_byte_at(request: web.Request) -> float:
    protocol = request.protocol
    if isinstance(protocol, GuardedHandler):
        return protocol.take_first_byte_at()
    return time.monotonic()


def _is_open(request: web.Request) -> bool:
    transport = request.transport
    return transport is not None and not transport.is_closing()


def _plain(header: str) -> str:
    """A header as text that can be stored: what is no UTF-8 comes in as half characters."""
    return header.encode("ascii", errors="backslashreplace").decode("ascii")
