"""What comes back to the ingress: who recorded what, outcomes, dead letters, pulses."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

import structlog

from bridge.broker import (
    Consumer,
    Lines,
    Received,
    availability_queue,
    dead_queue,
    declare,
    outcomes_queue,
)
from bridge.ledger import Ledger, reports, requests
from bridge.model import Confirmed, Handover, Outcome, Pulse, Pulses, Recorded

PREFETCH = 64
CONFIRM_LIMIT = 2.0
GATHER = 0.2

log = structlog.get_logger()


class Postbox:
    """Consumes the ingress's three queues; each message is recorded before it is acknowledged."""

    def __init__(self, ledger: Ledger, lines: Lines, pulses: Pulses) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._has_kept = asyncio.Event()
        self._outcomes = self._consumer(
            lines.names.outcomes_queue(ledger.identity), self._take_outcome
        )
        self._dead = self._consumer(lines.names.dead_queue, self._take_dead)

    async def run(self) -> None:
        """Until cancelled."""
        await self._lines.wait_ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run())
            tasks.create_task(self._dead.run())
            tasks.create_task(self._confirm())
            tasks.create_task(self._listen_to_pulses())

    def _consumer(self, queue: str, handler: Callable[[Received], Awaitable[None]]) -> Consumer:
        return Consumer(
            self._lines.consuming,
            queue,
            handler,
            prefetch=PREFETCH,
            on_lost=self._declare,
        )

    async def _declare(self) -> None:
        names, connection = self._lines.names, self._lines.consuming.connection
        items = (outcomes_queue(names, self._ledger.identity), dead_queue(names))
        for problem in await declare(connection, items):
            log.error("queue_not_declared", queue=problem.name, reason=problem.sentence)

    async def _take_outcome(self, received: Received) -> None:
        now = self._ledger.now()
        match received.message:
            case Recorded(restaurant=restaurant, seqs=seqs):
                await self._ledger.write(lambda tx: requests.recorded(tx, restaurant, seqs, now))
                await received.ack()
            case Outcome() as outcome:
                await self._ledger.write(lambda tx: reports.keep(tx, outcome, now))
                await received.ack()
                self._kept[outcome.restaurant][outcome.order_id] = outcome.revision
                self._has_kept.set()
            case other:
                await received.reject_to_dead(f"{type(other).__name__} is not for an ingress")

    async def _confirm(self) -> None:
        """Many at once; for one that does not arrive the worker repeats the outcome."""
        while True:
            await self._has_kept.wait()
            await asyncio.sleep(GATHER)
            self._has_kept.clear()
            kept, self._kept = self._kept, defaultdict(dict)
            for restaurant, revisions in kept.items():
                message = Confirmed(
                    ingress=self._ledger.identity,
                    restaurant=restaurant,
                    revisions=tuple(revisions.items()),
                )
                target = self._lines.names.to_restaurant(restaurant)
                await self._lines.publisher.publish(target, message, timeout=CONFIRM_LIMIT)

    async def _take_dead(self, received: Received) -> None:
        message = received.message
        log.error("dead_letter", headers=received.headers)
        if isinstance(message, Handover) and message.ingress == self._ledger.identity:
            now = self._ledger.now()
            await self._ledger.write(
                lambda tx: requests.dead(tx, message.restaurant, message.seq, now)
            )
        # Another ingress's event: that one publishes it again when nobody records it.
        await received.ack()

    async def _listen_to_pulses(self) -> None:
        """A queue of its own for each connection: an old one may still hold the last."""
        link = self._lines.consuming
        while True:
            generation = await link.wait_up()
            listener = f"{self._ledger.identity}-{generation}"
            item = availability_queue(self._lines.names, listener)
            for problem in await declare(link.connection, (item,)):
                log.warning("queue_not_declared", queue=problem.name, reason=problem.sentence)
            consumer = Consumer(link, item.name, self._take_pulse, prefetch=PREFETCH)
            task = asyncio.create_task(consumer.run(), name="pulses")
            try:
                await link.wait_lost(generation)
            finally:
                task.cancel()
                await asyncio.wait({task})

    async def _take_pulse(self, received: Received) -> None:
        if isinstance(received.message, Pulse):
            self._pulses.put(received.message)
        await received.ack()
