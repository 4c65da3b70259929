"""What aiohttp leaves open: slow headers, too many connections, the time of the first byte."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and numbers."""

    header_timeout: float = 5.0
    body_timeout: float = 5.0
    keep_alive: float = 30.0
    max_connections: int = 2000
    max_per_source: int = 200


class GuardedHandler(web.RequestHandler):
    """One connection. `first_byte_at` is on the loop's clock, None between requests."""

    __slots__ = ("_guard", "_header_timer", "_peer", "first_byte_at")

    def __init__(self, guard: "Guard", manager: web.Server, **kwargs: Any) -> None:
        super().__init__(manager, loop=asyncio.get_running_loop(), **kwargs)
        self._guard = guard
        self._peer = ""
        self._header_timer: asyncio.TimerHandle | None = None
        self.first_byte_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else "unix"
        super().connection_made(transport)
        if not self._guard.admit(self._peer):
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        self._guard.dismiss(self._peer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.first_byte_at is None:
            self._begin_request()
        seen = self._request_count
        super().data_received(data)
        if self._request_count != seen:
            self._stop_timer()

    def end_request(self) -> None:
        """The answer is out; bytes of a pipelined request count from now."""
        self.first_byte_at = None
        if self._messages:
            self.first_byte_at = self._loop.time()

    def _begin_request(self) -> None:
        self.first_byte_at = self._loop.time()
        self._header_timer = self._loop.call_later(
            self._guard.limits.header_timeout, self.force_close
        )

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


class Guard:
    """Makes the connections of one listener and counts them."""

    def __init__(self, server: web.Server, limits: Limits) -> None:
        self.limits = limits
        self._server = server
        self._sources: Counter[str] = Counter()

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

    def admit(self, peer: str) -> bool:
        """Count the connection; False if it is one too many."""
        self._sources[peer] += 1
        return (
            self._sources[peer] <= self.limits.max_per_source
            and self.connections <= self.limits.max_connections
        )

    def dismiss(self, peer: str) -> None:
        self._sources[peer] -= 1
        if self._sources[peer] <= 0:
            del self._sources[peer]
