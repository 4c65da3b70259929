"""Connections in memory under the real HTTP handler: they have latency, and may be cut."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from tests.proof.sim.loop import Life, SimLoop


@dataclass(slots=True)
class Heard:
    """`heard`: all | part | none | refused, of the answer's bytes."""

    heard: str
    status: int = 0
    body: bytes = b""


class Door:
    """What `create_server` gives back."""

    sockets = ()

    def __init__(self, factory: Callable[[], Any], life: Life) -> None:
        self.factory = factory
        self.life = life
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    async def wait_closed(self) -> None:
        return


@dataclass(slots=True, eq=False)
class Caller:
    """The far end of one connection: hears bytes, and when they end."""

    world: Context
    loop: SimLoop
    latency: float
    data: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def later(self, callback: Callable[..., Any], *args: Any) -> None:
        self.loop.call_later(self.latency, callback, *args, context=self.world)

    def feed(self, data: bytes) -> None:
        self.data += data
        if self.read() is not None:
            self.ended.set()

    def read(self) -> Heard | None:
        """The answer if all of it is there."""
        head, gap, body = bytes(self.data).partition(b"\r\n\r\n")
        if not gap:
            return None
        first, *lines = head.split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines)
        length = int(fields.get(b"content-length", 0))
        if len(body) < length:
            return None
        return Heard("all", int(first.split()[1]), body[:length])

    @property
    def result(self) -> Heard:
        return self.read() or Heard("part" if self.data else "none")


class SimTransport(asyncio.Transport):
    """The near end. What was written goes on its way even if the process dies in the next moment.

    With `is_deaf` the caller reads nothing.
    """

    def __init__(self, caller: Caller, life: Life, context: Context, *, is_deaf: bool = False):
        super().__init__({"peername": ("192.0.2.1", 443)})
        self._caller = caller
        self._life = life
        self._context = context
        self._is_deaf = is_deaf
        self._is_closing = False
        self.protocol: Any = None

    def open(self, factory: Callable[[], Any]) -> None:
        self.protocol = factory()
        self.protocol.connection_made(self)
        self._life.owner.connections.add(self)

    def receive(self, data: bytes) -> None:
        """From the caller."""
        if not self._is_closing:
            self.protocol.data_received(data)

    def write(self, data: Any) -> None:
        if self._is_closing or self._life.is_over:
            return
        if self._is_deaf:
            self.protocol.pause_writing()
        else:
            self._caller.later(self._caller.feed, bytes(data))

    def close(self) -> None:
        """From either side, or because the process is gone."""
        if self._is_closing:
            return
        self._is_closing = True
        self._caller.later(self._caller.ended.set)
        self._life.owner.connections.discard(self)
        if not self._life.is_over:
            loop = self._life.owner.loop
            loop.call_soon(self.protocol.connection_lost, None, context=self._context.copy())

    abort = close

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def exchange(
    door: Door | None, request: bytes, caller: Caller, patience: float, *, is_deaf: bool = False
) -> Heard:
    """One call on a connection of its own, as the caller hears it."""
    if door is None or not door.is_open or door.life.is_over:
        await asyncio.sleep(caller.latency)
        return Heard("refused")
    life, loop = door.life, caller.loop
    context = life.owner.context_of(life)
    transport = SimTransport(caller, life, context, is_deaf=is_deaf)
    loop.call_later(caller.latency, transport.open, door.factory, context=context.copy())
    loop.call_later(2 * caller.latency, transport.receive, request, context=context.copy())
    # A process that dies before the connection is taken ends it, too.
    life.owner.callers.append(caller)
    try:
        async with asyncio.timeout(patience):
            await caller.ended.wait()
    except TimeoutError:
        pass
    life.owner.callers.remove(caller)
    heard = caller.result
    loop.call_later(caller.latency, transport.close, context=context.copy())
    return heard
