"""The network between the processes and the broker: in order, with latency; it may be cut."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from itertools import count
from typing import Any, Final

from bridge.broker import dial
from tests.proof.bugs.amqp import Session
from tests.proof.bugs.broker import SimBroker
from tests.proof.sim.loop import LIFE, Life, SimLoop

LATENCY: Final = 0.001
# As RabbitMQ: a beat each half of it, and who was not heard for two of them is gone.
HEARTBEAT: Final = 10.0


class Network:
    """Where the processes of one world reach the broker."""

    def __init__(self, broker: SimBroker, loop: SimLoop, world: Context) -> None:
        self.broker = broker
        self.loop = loop
        self.world = world
        self._wires: set[Wire] = set()
        self._dark: set[Any] = set()
        self._numbers = count(1)

    async def connect(self, protocol: Any) -> "Wire":
        """For the process whose code this is."""
        life = LIFE.get()
        if life.owner in self._dark:
            await asyncio.Event().wait()
        await asyncio.sleep(2 * LATENCY)
        wire = Wire(self, protocol, life, next(self._numbers))
        self._wires.add(wire)
        life.owner.connections.add(wire)
        protocol.connection_made(wire)
        return wire

    def reset(self, owner: Any) -> None:
        """All connections of a process, at this moment."""
        for wire in self._of(owner):
            wire.drop(ConnectionResetError("reset by peer"))

    def darken(self, owner: Any) -> None:
        """Nothing passes any more, in either direction, and nobody is told."""
        self._dark.add(owner)
        for wire in self._of(owner):
            wire.is_dark = True
            self.later(2 * HEARTBEAT, wire.session.end)

    def lighten(self, owner: Any) -> None:
        self._dark.discard(owner)
        self.reset(owner)

    def later(self, seconds: float, callback: Callable[..., Any], *args: Any) -> None:
        """As a part of the world: whatever becomes of the processes."""
        self.loop.call_later(seconds, callback, *args, context=self.world)

    def forget(self, wire: "Wire") -> None:
        self._wires.discard(wire)

    def _of(self, owner: Any) -> list["Wire"]:
        found = [wire for wire in self._wires if wire.life.owner is owner]
        return sorted(found, key=lambda wire: wire.number)


class Wire(asyncio.Transport):
    """One connection; this object is the client's end of it."""

    def __init__(self, network: Network, protocol: Any, life: Life, number: int) -> None:
        super().__init__()
        self.life = life
        self.is_dark = False
        self.number = number
        self.session = Session(network.broker, self._send, lambda: self.drop(None))
        self._network = network
        self._protocol = protocol
        self._context = life.owner.context_of(life)
        self._is_closing = False
        self._there: deque[bytes] = deque()
        self._back: deque[bytes] = deque()
        network.later(HEARTBEAT / 2, self._beat)

    def write(self, data: Any) -> None:
        if self._is_closing or self.is_dark or self.life.is_over:
            return
        self._there.append(bytes(data))
        self._network.later(LATENCY, self._arrive)

    def close(self) -> None:
        """From the client's side, or because its process is gone."""
        if not self._is_closing:
            # What was written before arrives before.
            self._network.later(LATENCY, self.session.end)
            self._lose(None)

    abort = close

    def drop(self, error: Exception | None) -> None:
        """From the other side."""
        self.session.end()
        self._lose(error)

    def is_closing(self) -> bool:
        return self._is_closing

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """What has come is read all the same."""

    def resume_reading(self) -> None:
        pass

    def get_protocol(self) -> Any:
        return self._protocol

    def _arrive(self) -> None:
        data = self._there.popleft()
        if not self.is_dark:
            self.session.feed(data)

    def _send(self, data: bytes) -> None:
        if not self.is_dark:
            self._back.append(data)
            # In the world, so that the order stays; the client hears it only while it lives.
            self._network.later(LATENCY, self._hand_in)

    def _hand_in(self) -> None:
        data = self._back.popleft()
        if not (self._is_closing or self.is_dark or self.life.is_over):
            self._context.copy().run(self._protocol.data_received, data)

    def _lose(self, error: Exception | None) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        self._network.forget(self)
        self.life.owner.connections.discard(self)
        if not self.life.is_over:
            loop = self._network.loop
            loop.call_soon(self._protocol.connection_lost, error, context=self._context.copy())

    def _beat(self) -> None:
        if not self._is_closing and not self.session.is_over:
            self.session.beat()
            self._network.later(HEARTBEAT / 2, self._beat)


async def create(self: Any, _url: Any, **_more: Any) -> tuple[Any, Any]:
    """In place of the bridge's own way to a socket."""
    loop = asyncio.get_running_loop()
    reader = dial._HearingReader(loop=loop)
    reader.heard_at = loop.time()
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    wire = await LIFE.get().owner.network.connect(protocol)
    self.reader, self._transport = reader, wire
    return reader, asyncio.StreamWriter(wire, protocol, reader, loop)
