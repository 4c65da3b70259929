"""A connection to the broker that is kept up, and says at any time what it is worth."""

import asyncio
import logging
import random as random_module
import time
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Protocol

import structlog

from bridge.broker.address import Address, parse_address
from bridge.broker.dial import Connection, dial
from bridge.broker.guard import BrokerError, call

CONNECT_LIMIT = 3.0
PROBE_EVERY = 1.0
SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
# A connection that lasted this long was a good one: the next try is quick again.
SETTLED_AFTER = 5.0
# Why a link is down that is wanted no more.
CLOSED = "closed"

log = structlog.get_logger()


class LinkState(StrEnum):
    CONNECTING = "connecting"  # never connected yet
    UP = "up"
    BLOCKED = "blocked"  # connected, but the broker takes no publishes
    SUSPECT = "suspect"  # connected, but nothing comes back: about to be replaced
    DOWN = "down"


class Dial(Protocol):
    def __call__(
        self, address: Address, *, name: str, heartbeat: int
    ) -> Coroutine[Any, Any, Connection]: ...


Listener = Callable[[LinkState, str], None]


def backoff(failures: int, hosts: int, random: Callable[[], float]) -> float:
    """Seconds until the next try: full jitter, growing with each round over all hosts."""
    rounds = min(failures // max(hosts, 1), 10)
    ceiling: float = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**rounds)
    return SHORTEST_PAUSE + random() * (ceiling - SHORTEST_PAUSE)


def is_deaf(silence: float, heartbeat: int) -> bool:
    """True if three of the broker's heartbeats (one each half interval) did not come.

    Sooner than the broker itself gives up on a client (two intervals), so that whoever holds an
    exclusive queue knows of the loss before another can have it.
    """
    return heartbeat > 0 and silence > 1.5 * heartbeat


class Link:
    """The owner runs `run()`; everybody else waits with `wait_up()` and `wait_lost()`."""

    def __init__(  # noqa: PLR0913  each one is a thing of its own
        self,
        urls: Sequence[str],
        name: str,
        on_change: Listener | None = None,
        *,
        connect: Dial = dial,
        random: Callable[[], float] = random_module.random,
        clock: Callable[[], float] = time.monotonic,
        heartbeat: int = 10,
        probe_every: float = PROBE_EVERY,
    ) -> None:
        self._addresses = [parse_address(url) for url in urls]
        if not self._addresses:
            raise ValueError("a link needs at least one broker URL")
        self.name = name
        self.state = LinkState.CONNECTING
        self.reason = "not connected yet"
        self.generation = 0
        self.connects = 0
        self._on_change = on_change
        self._dial = connect
        self._random = random
        self._clock = clock
        self._heartbeat = heartbeat
        self._probe_every = probe_every
        self._connection: Connection | None = None
        self._failures = 0
        self._turn = 0
        self._suspected = False
        self._closing = False
        self._nudge = asyncio.Event()
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Link {self.name} {self.state} {self.address}>"

    @property
    def address(self) -> Address:
        """The broker that is used now, or tried next."""
        return self._addresses[self._turn % len(self._addresses)]

    @property
    def connection(self) -> Connection | None:
        """None unless it can be used for something."""
        connection = self._connection
        return None if connection is None or connection.lost.done() else connection

    @property
    def is_up(self) -> bool:
        return self.state is LinkState.UP and self.connection is not None

    def is_current(self, generation: int) -> bool:
        """True while the connection of that generation lives and its broker is heard."""
        connection = self.connection
        return (
            connection is not None
            and generation == self.generation
            and self.state is not LinkState.SUSPECT
            and not is_deaf(connection.silence, self._heartbeat)
        )

    async def wait_up(self) -> int:
        """The generation of the connection that is up."""
        await self._until(lambda: self.is_up)
        return self.generation

    async def wait_lost(self, generation: int) -> None:
        """Returns as soon as the connection of that generation is gone."""
        await self._until(lambda: self.generation != generation or self._is_gone())

    def suspect(self, generation: int | None = None) -> None:
        """Says that confirms do not come; ignored for a connection that was replaced."""
        if generation in {None, self.generation}:
            self._suspected = True
            self._nudge.set()

    async def run(self) -> None:
        """Keeps the connection up until `close()` or until cancelled."""
        quiet_library()
        try:
            while not self._closing:
                await self._connect_and_watch()
        finally:
            await self._drop(LinkState.DOWN, CLOSED)

    async def close(self) -> None:
        """Ends the connection, and `run()` with it."""
        self._closing = True
        self._nudge.set()
        await self._drop(LinkState.DOWN, CLOSED)

    async def _connect_and_watch(self) -> None:
        connection = await self._connect()
        if connection is not None:
            since = self._clock()
            why = await self._watch(connection)
            await self._drop(LinkState.DOWN, why)
            if self._clock() - since >= SETTLED_AFTER:
                self._failures = 0
        pause = backoff(self._failures, len(self._addresses), self._random)
        self._failures += 1
        self._turn += 1
        if not self._closing:
            await self._wait_nudge(pause)

    async def _connect(self) -> Connection | None:
        address = self.address
        attempt = self._dial(address, name=self.name, heartbeat=self._heartbeat)
        try:
            connection = await call(attempt, limit=CONNECT_LIMIT)
        except BrokerError as error:
            self._enter(LinkState.DOWN, address.censor(str(error)))
            return None
        if self._closing:
            await connection.hang_up()
            return None
        self._connection = connection
        self._suspected = False
        self._nudge.clear()
        self.generation += 1
        self.connects += 1
        connection.lost.add_done_callback(lambda _: self._wake())
        self._enter(LinkState.UP, "")
        return connection

    async def _watch(self, connection: Connection) -> str:
        """Returns why the connection is not to be used any more."""
        while True:
            await self._wait_nudge(self._probe_every)
            why = await self._judge(connection)
            if why:
                return self.address.censor(why)

    async def _judge(self, connection: Connection) -> str:
        if self._closing:
            return CLOSED
        if connection.lost.done():
            return connection.lost.result()
        if await connection.is_blocked():
            # The broker said so itself: unanswered publishes are no sign of a dead peer.
            self._suspected = False
            self._enter(LinkState.BLOCKED, "the broker takes no publishes: memory or disk alarm")
            return ""
        if self._suspected:
            self._enter(LinkState.SUSPECT, "publishes are not confirmed")
            return "publishes were not confirmed"
        if await self._is_deaf(connection):
            self._enter(LinkState.SUSPECT, "the broker is silent")
            return "the broker was silent"
        self._enter(LinkState.UP, "")
        return ""

    async def _is_deaf(self, connection: Connection) -> bool:
        if not is_deaf(connection.silence, self._heartbeat):
            return False
        # After a stall of our own loop the bytes wait in the socket: let them in first.
        await asyncio.sleep(0.05)
        return is_deaf(connection.silence, self._heartbeat)

    async def _drop(self, state: LinkState, why: str) -> None:
        connection, self._connection = self._connection, None
        self._enter(state, why)
        if connection is not None:
            await connection.hang_up()

    def _enter(self, state: LinkState, reason: str) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason = state, reason
        tell = log.info if state is LinkState.UP or reason == CLOSED else log.warning
        event = f"broker_link_{state}"
        tell(
            event,
            link=self.name,
            broker=str(self.address),
            generation=self.generation,
            reason=reason,
        )
        self._announce()
        if self._on_change is not None:
            self._on_change(state, reason)

    def _is_gone(self) -> bool:
        return self.connection is None or self.state is LinkState.SUSPECT

    def _wake(self) -> None:
        self._nudge.set()
        self._announce()

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    async def _wait_nudge(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._nudge.wait()
        except TimeoutError:
            return
        self._nudge.clear()


def quiet_library() -> None:
    """The library logs each failed try; the link logs each change, with the same reason."""
    for name in ("aiormq", "aio_pika"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
