"""One worker for each restaurant: who holds the exclusive queue serves it."""

import asyncio
import random as random_module
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

import structlog
from aio_pika.abc import AbstractChannel

from bridge.broker.guard import BrokerError, Refused, call
from bridge.broker.link import Link
from bridge.broker.names import Names
from bridge.broker.topology import declare_queue, lock_queue

LOCK_LIMIT = 5.0
RETRY_AFTER = 5.0
_RESOURCE_LOCKED = 405

log = structlog.get_logger()


class LockState(StrEnum):
    LOST = "lost"  # nothing is known: no connection, or no answer
    HELD = "held"
    REFUSED = "refused"  # another one serves the restaurant


class Lock:
    """The owner runs `hold()`; the link must be the one whose consumer it guards."""

    def __init__(
        self,
        link: Link,
        names: Names,
        restaurant: str,
        on_change: Callable[[LockState], None] | None = None,
        *,
        retry_after: float = RETRY_AFTER,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.restaurant = restaurant
        self.state = LockState.LOST
        self.sentence = ""
        self._link = link
        self._names = names
        self._on_change = on_change
        self._retry_after = retry_after
        self._random = random
        self._generation = 0

    @property
    def is_held(self) -> bool:
        """Asked right before an effect: false the moment the connection is lost or silent."""
        return self.state is LockState.HELD and self._link.is_current(self._generation)

    async def hold(self) -> None:
        """Gets and keeps the lock until cancelled, then lets it go."""
        try:
            while True:
                await self._hold_once()
        finally:
            await self._release()

    async def _hold_once(self) -> None:
        generation = await self._link.wait_up()
        state, sentence = await self._try()
        if state is not LockState.HELD:
            self._enter(state, sentence)
            await asyncio.sleep(self._retry_after * (0.5 + self._random()))
            return
        self._generation = generation
        self._enter(state, "")
        await self._link.wait_lost(generation)
        self._enter(LockState.LOST, "the connection was lost")

    async def _try(self) -> tuple[LockState, str]:
        connection = self._link.connection
        if connection is None:
            return LockState.LOST, "there is no connection"
        try:
            await call(
                self._declare(connection.channel(publisher_confirms=False)), limit=LOCK_LIMIT
            )
        except Refused as refusal:
            locked = refusal.code == _RESOURCE_LOCKED
            return LockState.REFUSED if locked else LockState.LOST, refusal.sentence
        except BrokerError as error:
            return LockState.LOST, str(error)
        return LockState.HELD, ""

    async def _declare(self, channel: AbstractChannel) -> None:
        # The queue belongs to the connection: the channel is not needed any longer than this.
        async with channel:
            await declare_queue(channel, lock_queue(self._names, self.restaurant))

    async def _release(self) -> None:
        connection = self._link.connection
        held = self.is_held
        self._enter(LockState.LOST, "released")
        if connection is None or not held:
            return
        with suppress(BrokerError):
            await call(self._delete(connection.channel(publisher_confirms=False)), limit=LOCK_LIMIT)

    async def _delete(self, channel: AbstractChannel) -> None:
        async with channel:
            await channel.queue_delete(self._names.lock_queue(self.restaurant))

    def _enter(self, state: LockState, sentence: str) -> None:
        self.sentence = sentence
        if state is self.state:
            return
        self.state = state
        event = f"broker_lock_{state}"
        tell = log.warning if state is LockState.REFUSED else log.info
        tell(event, restaurant=self.restaurant, reason=sentence)
        if self._on_change is not None:
            self._on_change(state)
