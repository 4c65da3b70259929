"""What aiohttp leaves open: slow headers, too many connections, when a request's first byte came.

It also keeps to itself what aiohttp would repeat of a broken request, in the answer and in the
log: that may be a password, or the part of an order that a wrong Content-Length left over.
"""

import asyncio
import uuid
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import http_exceptions, web
from aiohttp.streams import StreamReader

from bridge import fault
from bridge.ingress.answers import FAILED, refuse
from bridge.ingress.response import respond

# Refused connections are told of at most this often, in seconds.
TOLD_EVERY = 10.0

_SERVER_FAULT = 500
_MALFORMED = (
    400,
    "bad_http",
    "the request is no proper HTTP/1.1: look at its headers, lengths, chunks and address",
)
_NO_HTTP = (
    400,
    "bad_http",
    "this is not HTTP/1.1; check that the address begins http://, and the Content-Length before it",
)
_BROKEN: dict[type[object], tuple[int, str, str]] = {
    http_exceptions.BadStatusLine: _NO_HTTP,
    http_exceptions.BadHttpMethod: _NO_HTTP,
    http_exceptions.LineTooLong: (431, "too_long", "the address or a header is too long"),
    http_exceptions.ContentEncodingError: (
        415,
        "unsupported_encoding",
        "that Content-Encoding is not read here; send the body as it is, or gzip",
    ),
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and numbers."""

    header_timeout: float = 5.0
    body_timeout: float = 5.0
    keep_alive: float = 30.0
    max_connections: int = 2000
    max_per_source: int = 200


class GuardedHandler(web.RequestHandler):
    """One connection; knows of each request on it when its first byte came."""

    __slots__ = (
        "_arriving_since",
        "_body",
        "_guard",
        "_header_timer",
        "_last_body",
        "_peer",
        "_starts",
    )

    def __init__(self, guard: "Guard", manager: web.Server, **kwargs: Any) -> None:
        super().__init__(manager, loop=asyncio.get_running_loop(), **kwargs)
        self._guard = guard
        self._peer = ""
        self._header_timer: asyncio.TimerHandle | None = None
        # Since when the headers of a request come in; the first bytes of those parsed and not
        # taken yet; the body of the newest one.
        self._arriving_since: float | None = None
        self._starts: deque[float] = deque()
        self._body: StreamReader | None = None
        # Set once the listener closes, and done when no body is on its way any more.
        self._last_body: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else "unix"
        if isinstance(transport, asyncio.WriteTransport):
            # An answer is out when the system has all of it, not when it is queued in here.
            transport.set_write_buffer_limits(high=0)
        super().connection_made(transport)
        if not self._guard.admit(self._peer, self._loop.time()):
            self.force_close()
        elif not self._guard.limits.keep_alive:
            self._start_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        self._guard.dismiss(self._peer)
        super().connection_lost(exc)
        self._end_last_body()

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        if data and self._arriving_since is None and self._is_between_requests:
            self._arriving_since = now
            self._start_timer()
        seen = self._request_count
        super().data_received(data)
        if self._request_count != seen:
            self._note_requests(self._request_count - seen, now)
        if self._last_body is not None and self._is_between_requests:
            self._end_last_body()

    def close(self) -> None:
        """After this request; a body on its way is read first, or it could not be answered."""
        if self._is_between_requests:
            super().close()
        elif self._last_body is None:
            self._last_body = self._loop.create_future()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109  aiohttp's
        """As aiohttp does it, which takes no more bytes from here on: so after the body."""
        began = self._loop.time()
        if self._last_body is not None:
            await asyncio.wait({self._last_body}, timeout=timeout)
        if timeout is not None:
            timeout = max(0.0, timeout - (self._loop.time() - began))
        await super().shutdown(timeout)

    def take_first_byte_at(self) -> float:
        """When the request that is handled now began, on the loop's clock. Take it once."""
        # What was answered without asking left its moment behind.
        while len(self._starts) > len(self._messages) + 1:
            self._starts.popleft()
        return self._starts.popleft() if self._starts else self._loop.time()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = _SERVER_FAULT,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  it would repeat what was sent
    ) -> web.StreamResponse:
        """Our answer to what is no HTTP, or to an error that nobody caught."""
        correlation_id = uuid.uuid4().hex
        if status >= _SERVER_FAULT:
            words = FAILED
            fault.tell("request_failed", exc, correlation_id=correlation_id)
        else:
            words = _BROKEN.get(type(exc), _MALFORMED)
            log.info("request_unreadable", code=words[1], correlation_id=correlation_id)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is out already")
        return respond(refuse(*words, correlation_id), close=True)

    def log_exception(self, *_args: Any, **kwargs: Any) -> None:
        """What went wrong on a connection, without the data that aiohttp would show."""
        error = kwargs.get("exc_info")
        # A broken body was answered already; it comes up again when its rest is thrown away.
        if not isinstance(error, web.RequestPayloadError):
            fault.tell("connection_failed", error)

    def _end_last_body(self) -> None:
        if self._last_body is not None and not self._last_body.done():
            self._last_body.set_result(None)
            super().close()

    @property
    def _is_between_requests(self) -> bool:
        return self._body is None or self._body.is_eof()

    def _note_requests(self, number: int, now: float) -> None:
        self._stop_timer()
        self._starts.append(now if self._arriving_since is None else self._arriving_since)
        self._starts.extend([now] * (number - 1))
        self._arriving_since = None
        self._body = self._messages[-1][1]

    def _start_timer(self) -> None:
        self._stop_timer()
        self._header_timer = self._loop.call_later(
            self._guard.limits.header_timeout, self._end_slow_headers
        )

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _end_slow_headers(self) -> None:
        """The connection ends, but not before the answer that is being made."""
        self._header_timer = None
        if self._request_in_progress:
            self.close()
        else:
            self.force_close()


class Guard:
    """Makes the connections of one listener and counts them; `advice` goes with a refusal."""

    def __init__(self, server: web.Server, limits: Limits, *, advice: str = "") -> None:
        self.limits = limits
        self._advice = advice
        self.refused = 0
        self._server = server
        self._sources: Counter[str] = Counter()
        self._told_at = float("-inf")

    def __call__(self) -> GuardedHandler:
        return GuardedHandler(
            self,
            self._server,
            keepalive_timeout=self.limits.keep_alive,
            access_log=None,
            lingering_time=1.0,
        )

    @property
    def connections(self) -> int:
        return self._sources.total()

    def admit(self, peer: str, now: float) -> bool:
        """Count the connection; False if it is one too many."""
        self._sources[peer] += 1
        of_peer, all_of_them = self._sources[peer], self.connections
        if of_peer <= self.limits.max_per_source and all_of_them <= self.limits.max_connections:
            return True
        self.refused += 1
        if now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            log.warning(
                "connection_refused",
                peer=peer,
                of_this_peer=of_peer,
                connections=all_of_them,
                refused=self.refused,
                hint=self._advice,
            )
        return False

    def dismiss(self, peer: str) -> None:
        self._sources[peer] -= 1
        if self._sources[peer] <= 0:
            del self._sources[peer]
