"""Would a worker be heard now? Silence says something only while the way through the broker works.

A broker that takes no publishes leaves every connection standing, and does not tell those that
have nothing to publish: the workers fall silent, and nothing else is to be seen here. So when no
worker is heard a message goes to ourselves, the way that theirs go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bridge.broker import Lines, PublishResult
from bridge.ledger import Ledger
from bridge.model import Pulses, Recorded

# As often as workers say something; three times without a word is quiet.
LOOK_EVERY = 5.0
QUIET_AFTER = 15.0
ECHO_LIMIT = 2.0

log = structlog.get_logger()


class Ear:
    """Tells `pulses` whether workers elsewhere would be heard."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        pulses: Pulses,
        restaurants: Sequence[str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._restaurants = restaurants
        self._sleep = sleep

    async def run(self) -> None:
        """Until cancelled. Nobody is heard before there is a connection."""
        self._pulses.hears = False
        while True:
            await self.listen()
            await self._sleep(LOOK_EVERY)

    async def listen(self) -> None:
        """Once."""
        can_hear = self._is_connected() and (not self._is_quiet() or await self._hears_itself())
        if can_hear != self._pulses.hears:
            tell = log.info if can_hear else log.warning
            tell("workers_can_be_heard" if can_hear else "workers_cannot_be_heard")
        self._pulses.hears = can_hear

    def _is_connected(self) -> bool:
        return self._lines.is_ready and self._lines.consuming.is_up

    def _is_quiet(self) -> bool:
        return any(self._pulses.age(name) > QUIET_AFTER for name in self._restaurants)

    async def _hears_itself(self) -> bool:
        """To a queue like those of the orders: what counts is that the broker takes it."""
        identity = self._ledger.identity
        echo = Recorded(worker=identity, restaurant=self._restaurants[0], seqs=())
        target = self._lines.names.to_ingress(identity)
        result = await self._lines.publisher.publish(target, echo, timeout=ECHO_LIMIT)
        return result is PublishResult.CONFIRMED
