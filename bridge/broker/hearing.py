"""Hears the pulses of all workers, on a queue of its own for each connection."""

import secrets
from asyncio import TaskGroup
from collections.abc import Awaitable, Callable

from bridge.broker.consumer import Consumer
from bridge.broker.lines import Lines
from bridge.broker.received import Received
from bridge.broker.topology import Queue, availability_queue
from bridge.model import Pulse, Pulses

PREFETCH = 64
# Pulses of one worker this much apart may change places on their way; what is further back comes
# from a clock that was set.
DISORDER = 15.0

# Asked of each pulse; False: it is not kept.
Heed = Callable[[Pulse], Awaitable[bool]]


async def _heed_all(_pulse: Pulse) -> bool:
    return True


class Hearing:
    """Keeps in `pulses` what it hears, and `heed` wants. `listener` is who hears."""

    def __init__(self, lines: Lines, listener: str, pulses: Pulses, heed: Heed = _heed_all) -> None:
        self._lines = lines
        self._listener = listener
        self._pulses = pulses
        self._heed = heed

    async def run(self) -> None:
        """Until cancelled. An old connection may still hold the last queue."""
        link = self._lines.consuming
        # The exchange that its queue hangs on is declared by then.
        await self._lines.wait_ready()
        while True:
            generation = await link.wait_up()
            name = f"{self._listener}-{secrets.token_hex(4)}"
            queue = availability_queue(self._lines.names, name)
            await self._lines.restore(queue)
            consumer = self._consumer(queue)
            async with TaskGroup() as tasks:
                consuming = tasks.create_task(consumer.run())
                await link.wait_lost(generation)
                consuming.cancel()

    def _consumer(self, queue: Queue) -> Consumer:
        async def restore() -> None:
            await self._lines.restore(queue)

        return Consumer(
            self._lines.consuming, queue.name, self._take, prefetch=PREFETCH, on_lost=restore
        )

    async def _take(self, received: Received) -> None:
        pulse = received.message
        if isinstance(pulse, Pulse) and not self._is_overtaken(pulse) and await self._heed(pulse):
            self._pulses.put(pulse)
        await received.ack()

    def _is_overtaken(self, pulse: Pulse) -> bool:
        """True if something newer was heard of that worker already."""
        heard = self._pulses.find(pulse.restaurant)
        if heard is None or heard.pulse.worker != pulse.worker:
            return False
        behind = (heard.pulse.sent_at - pulse.sent_at).total_seconds()
        return 0 < behind < DISORDER
