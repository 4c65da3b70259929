"""The HTTP side of the ingress: addresses, credentials, body, answer, and the answer's fate."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog
from aiohttp import web

from bridge.ingress.answers import refuse
from bridge.ingress.auth import UNAUTHORIZED, EndpointAccess, is_allowed, unauthorized
from bridge.ingress.body import expect_later, read_body
from bridge.ingress.call import Budgets, Call, Deadlines, Reply
from bridge.ingress.guard import GuardedHandler
from bridge.ingress.reception import Reception
from bridge.ingress.response import respond
from bridge.ingress.turnaway import Turnaways
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.model import Answer, Deadline, Fate
from bridge.sources.bbot import Hook
from bridge.telemetry import Metrics

log = structlog.get_logger()

# What of the budget is kept back for writing the answer itself.
RESERVE = 0.05
# So long a no that comes too late anyway waits for its order to be void on disk.
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


class Front:
    """Handles each call from its first byte to the fate of its answer."""

    def __init__(self, context: IngressContext) -> None:
        self._context = context
        self._turnaways = Turnaways()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer the call; the response returned is written already."""
        first_byte_at = _first_byte_at(request)
        deadlines = self._context.budgets.deadlines(first_byte_at - RESERVE)
        correlation_id = uuid.uuid4().hex
        reply = await self._reply(request, deadlines, correlation_id)
        deadline = deadlines.of(reply.hook)
        if reply.seq is not None and deadline.passed:
            reply = await self._too_late(reply, reply.seq, correlation_id)
        response = await self._write(request, reply, deadline)
        self._measure(reply, time.monotonic() - first_byte_at)
        return response

    async def _reply(
        self, request: web.Request, deadlines: Deadlines, correlation_id: str
    ) -> Reply:
        refusal = self._refusal(request, correlation_id)
        if refusal is not None:
            return self._turn_away(request, refusal, correlation_id)
        hook = request.match_info.get("hook")
        call = Call(
            endpoint=self._context.endpoints[request.match_info["endpoint"]],
            hook=Hook(hook) if hook else None,
            body=b"",
            content_type=_plain(request.headers.get("Content-Type", "")),
            correlation_id=correlation_id,
            received_at=self._context.now(),
            deadlines=deadlines,
            # Wrong ones were turned away.
            has_credentials="Authorization" in request.headers,
        )
        reply = await self._take(request, call)
        if reply.answer.code == UNAUTHORIZED:
            return self._turn_away(request, reply.answer, correlation_id)
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
        if hook is not None and hook not in set(Hook):
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

    async def _too_late(self, reply: Reply, seq: int, correlation_id: str) -> Reply:
        """A 2XX outside the budget may not be heard any more: say no, and void the order."""
        self._context.metrics.late_answers.inc()
        await self._void(seq, reply.late_fate)
        log.warning("answer_too_late", hook=reply.hook, correlation_id=correlation_id)
        detail = "the answer was not ready in time; try again"
        answer = refuse(503, "too_late", detail, correlation_id)
        return Reply(answer=answer, hook=reply.hook)

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

    async def _void(self, seq: int, fate: str) -> None:
        """Before the no is said: who is killed right after it must not take it for a yes."""
        try:
            async with asyncio.timeout(LAST_WRITE):
                await self._context.ledger.write(lambda tx: requests.settle(tx, seq, fate))
        except (TimeoutError, LedgerError):
            # Nobody waits for it any more: that alone is tried again and again.
            log.warning("late_fate_not_written_yet", seq=seq)
            self._settle(seq, fate)

    def _settle(self, seq: int, fate: str) -> None:
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
