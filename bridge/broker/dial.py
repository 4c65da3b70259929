"""One connection to one broker: its socket, how it ends, and whether anything is heard."""

import asyncio
import socket
from contextlib import suppress
from typing import Any, Protocol

import aio_pika
from aio_pika.abc import AbstractChannel
from aiormq.connection import TransportFactory
from yarl import URL

from bridge.broker.address import Address
from bridge.broker.guard import BrokerError, call

PEER_LIMIT = 10.0
CLOSE_LIMIT = 2.0
BLOCKED_LIMIT = 0.05
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 3))


class Connection(Protocol):
    """What a Link needs of a connection."""

    @property
    def lost(self) -> "asyncio.Future[str]":
        """Done, with the reason, as soon as the connection is of no use."""
        ...

    @property
    def silence(self) -> float:
        """Seconds since the broker was last heard."""
        ...

    async def is_blocked(self) -> bool: ...

    async def hang_up(self) -> None:
        """Ends the connection, within two seconds, whatever the peer does."""
        ...

    def channel(
        self,
        channel_number: int | None = None,
        publisher_confirms: bool = True,
        on_return_raises: bool = False,
    ) -> AbstractChannel: ...


class _HearingReader(asyncio.StreamReader):
    """Remembers when the peer was last heard: a silent peer must be noticed before it lets go."""

    heard_at = 0.0

    def feed_data(self, data: Any) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        super().feed_data(data)


class _Wire(TransportFactory):
    """Opens the socket for the library, and keeps hold of it."""

    def __init__(self) -> None:
        self.reader: _HearingReader | None = None
        self._transport: asyncio.Transport | None = None

    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        provider = kwargs.pop("ssl_context_provider")
        context = await provider.get_context() if url.scheme == "amqps" else None
        loop = asyncio.get_running_loop()
        reader = _HearingReader(loop=loop)
        reader.heard_at = loop.time()
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(
            lambda: protocol, url.host or "", url.port or 0, ssl=context, **kwargs
        )
        harden(transport.get_extra_info("socket"))
        self.reader, self._transport = reader, transport
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class DialledConnection(aio_pika.Connection):
    """aio-pika's plain connection over a socket of ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wire = _Wire()
        self.kwargs["transport_factory"] = self._wire
        self.lost: asyncio.Future[str] = self.loop.create_future()

    @property
    def silence(self) -> float:
        reader = self._wire.reader
        return self.loop.time() - reader.heard_at if reader else 0.0

    async def is_blocked(self) -> bool:
        """True while the broker takes no publishes (memory or disk alarm)."""
        if self.transport is None:
            return False
        try:
            async with asyncio.timeout(BLOCKED_LIMIT):
                await self.transport.connection.ready()
        except TimeoutError:
            return True
        return False

    async def hang_up(self) -> None:
        self._lose("closed")
        with suppress(BrokerError):
            await call(self.close(), limit=CLOSE_LIMIT)
        self._wire.abort()

    def forsake(self) -> None:
        """Lets go of a connection that never came to be."""
        self._lose("not connected")
        self._wire.abort()

    def __del__(self) -> None:
        # The library would begin to close here: in whichever thread the collector happens to run,
        # and so on the wrong loop of a process that has two. Who dials hangs up or forsakes.
        return

    async def _on_connection_close(self, closing: "asyncio.Future[Any]") -> None:
        error = None if closing.cancelled() else closing.exception()
        self._lose(f"{type(error).__name__}: {error}" if error else "the connection was lost")
        await super()._on_connection_close(closing)

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


def harden(plug: "socket.socket | None") -> None:
    """A peer that is gone is noticed in ten seconds, with or without traffic."""
    if plug is None or plug.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        plug.setsockopt(socket.IPPROTO_TCP, option, value)
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(PEER_LIMIT * 1000))


async def dial(address: Address, *, name: str, heartbeat: int) -> Connection:
    """Raises whatever the library raises; the caller sets the time-out."""
    connection = DialledConnection(
        address.url.update_query(heartbeat=heartbeat),
        client_properties={"connection_name": name},
    )
    try:
        await connection.connect()
    except BaseException:
        connection.forsake()
        raise
    return connection
