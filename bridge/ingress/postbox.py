"""What comes back to the ingress: who recorded what, outcomes, dead letters, pulses."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bridge.broker import (
    Consumer,
    Lines,
    Queue,
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
# Pulses of one worker this much apart may change places on their way; what is further back comes
# from a clock that was set.
DISORDER = 15.0

log = structlog.get_logger()


class Postbox:
    """Consumes the ingress's three queues; each message is recorded before it is acknowledged."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        pulses: Pulses,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._sleep = sleep
        # (restaurant, worker) -> order id -> revision, to be confirmed with the next message.
        self._kept: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._has_kept = asyncio.Event()
        names = lines.names
        self._outcomes = self._consumer(outcomes_queue(names, ledger.identity), self._take_outcome)
        self._dead = self._consumer(dead_queue(names), self._take_dead)

    async def run(self) -> None:
        """Until cancelled."""
        await self._lines.wait_ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run(), name="outcomes")
            tasks.create_task(self._dead.run(), name="dead-letters")
            tasks.create_task(self._confirm(), name="confirm")
            tasks.create_task(self._listen_to_pulses(), name="pulses")

    def _consumer(
        self, queue: Queue, handler: Callable[[Received], Coroutine[Any, Any, None]]
    ) -> Consumer:
        async def restore() -> None:
            await self._declare(queue)

        return Consumer(
            self._lines.consuming, queue.name, handler, prefetch=PREFETCH, on_lost=restore
        )

    async def _declare(self, queue: Queue) -> None:
        for problem in await declare(self._lines.consuming.connection, (queue,)):
            log.error("queue_not_declared", queue=problem.name, reason=problem.sentence)

    async def _take_outcome(self, received: Received) -> None:
        now = self._ledger.now()
        match received.message:
            case Recorded(seqs=()):
                # Our own, to hear whether anything gets through.
                await received.ack()
            case Recorded(restaurant=restaurant, seqs=seqs):
                await self._ledger.write(lambda tx: requests.recorded(tx, restaurant, seqs, now))
                await received.ack()
            case Outcome() as outcome:
                await self._ledger.write(lambda tx: reports.keep(tx, outcome, now))
                await received.ack()
                self._note_kept(outcome)
            case other:
                await received.reject_to_dead(f"{type(other).__name__} is not for an ingress")

    def _note_kept(self, outcome: Outcome) -> None:
        kept = self._kept[outcome.restaurant, outcome.worker]
        kept[outcome.order_id] = max(outcome.revision, kept.get(outcome.order_id, -1))
        self._has_kept.set()

    async def _confirm(self) -> None:
        """Many at once; for one that does not arrive the worker repeats the outcome."""
        while True:
            await self._has_kept.wait()
            await self._sleep(GATHER)
            self._has_kept.clear()
            kept, self._kept = self._kept, defaultdict(dict)
            await asyncio.gather(*(self._tell_kept(*key, each) for key, each in kept.items()))

    async def _tell_kept(self, restaurant: str, worker: str, revisions: dict[str, int]) -> None:
        message = Confirmed(
            ingress=self._ledger.identity,
            worker=worker,
            restaurant=restaurant,
            revisions=tuple(revisions.items()),
        )
        target = self._lines.names.to_restaurant(restaurant)
        await self._lines.publisher.publish(target, message, timeout=CONFIRM_LIMIT)

    async def _take_dead(self, received: Received) -> None:
        """An alert, and a state if it is ours: late, so that it is published again in a while."""
        message, headers = received.message, received.headers
        log.error(
            "dead_letter",
            kind=type(message).__name__,
            restaurant=message.restaurant,
            order_id=headers.get("order_id", ""),
            event_id=headers.get("event_id", ""),
            correlation_id=headers.get("correlation_id", ""),
        )
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
            listener = f"{self._ledger.identity}-{secrets.token_hex(4)}"
            queue = availability_queue(self._lines.names, listener)
            await self._declare(queue)
            consumer = self._consumer(queue, self._take_pulse)
            async with asyncio.TaskGroup() as tasks:
                consuming = tasks.create_task(consumer.run())
                await link.wait_lost(generation)
                consuming.cancel()

    async def _take_pulse(self, received: Received) -> None:
        pulse = received.message
        if isinstance(pulse, Pulse) and not self._is_overtaken(pulse):
            self._pulses.put(pulse)
        await received.ack()

    def _is_overtaken(self, pulse: Pulse) -> bool:
        """True if something newer was heard of that worker already."""
        heard = self._pulses.find(pulse.restaurant)
        if heard is None or heard.pulse.worker != pulse.worker:
            return False
        behind = (heard.pulse.sent_at - pulse.sent_at).total_seconds()
        return 0 < behind < DISORDER
