"""What comes back to the ingress: who recorded what, outcomes, dead letters, pulses."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

import structlog

from bridge.broker import (
    BadHandler,
    Consumer,
    Hearing,
    Lines,
    Queue,
    Received,
    dead_queue,
    outcomes_queue,
    seal,
)
from bridge.ledger import (
    Ledger,
    LedgerError,
    bounces,
    reports,
    requests,
    soundness,
    successions,
)
from bridge.model import Confirmed, Handover, Outcome, Pulse, Pulses, Recorded
from bridge.model.bounce import asks_person

PREFETCH = 64
CONFIRM_LIMIT = 2.0
GATHER = 0.2

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
        self._hearing = Hearing(lines, ledger.identity, pulses, self._heed)
        self._taken_over: dict[str, datetime] = {}
        self._sleep = sleep
        # (restaurant, worker) -> order id -> revision, to be confirmed with the next message.
        self._kept: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._has_kept = asyncio.Event()
        names = lines.names
        self._outcomes = self._consumer(outcomes_queue(names, ledger.identity), self._take_outcome)
        self._dead = self._consumer(dead_queue(names), self._take_dead, self._put_aside)

    async def run(self) -> None:
        """Until cancelled."""
        await self._lines.wait_ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run(), name="outcomes")
            tasks.create_task(self._dead.run(), name="dead-letters")
            tasks.create_task(self._confirm(), name="confirm")
            tasks.create_task(self._hearing.run(), name="pulses")

    def _consumer(
        self,
        queue: Queue,
        handler: Callable[[Received], Coroutine[Any, Any, None]],
        on_bad: BadHandler | None = None,
    ) -> Consumer:
        async def restore() -> None:
            await self._lines.restore(queue)

        return Consumer(
            self._lines.consuming,
            queue.name,
            handler,
            prefetch=PREFETCH,
            on_lost=restore,
            on_bad=on_bad,
        )

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
            case Handover(ingress=self._ledger.identity) as event:
                # Another ingress found it among the dead letters.
                await self._note_dead(event, "found by another ingress")
                await received.ack()
            case other:
                await self._put_aside(
                    seal(other).body, received.headers, f"{type(other).__name__} for an ingress"
                )
                await received.ack()

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
        """An alert, and a state of the event: with this ingress, or with the one whose it is."""
        message, headers = received.message, received.headers
        why = _why_dead(headers)
        log.error(
            "dead_letter",
            kind=type(message).__name__,
            restaurant=message.restaurant,
            order_id=headers.get("order_id", ""),
            event_id=headers.get("event_id", ""),
            correlation_id=headers.get("correlation_id", ""),
            reason=why,
        )
        match message:
            case Handover(ingress=self._ledger.identity):
                await self._note_dead(message, why)
            case Handover():
                # If it does not get there, that one publishes it again when nobody records it.
                target = self._lines.names.to_ingress(message.ingress)
                await self._lines.publisher.publish(target, message, timeout=CONFIRM_LIMIT)
            case _:
                # Whoever sent it repeats it until it is heard.
                pass
        await received.ack()

    async def _heed(self, pulse: Pulse) -> bool:
        """Each says so again: what cannot be written now is written with a later one."""
        restaurant, taken_over_at = pulse.restaurant, pulse.taken_over_at
        if taken_over_at is None or self._taken_over.get(restaurant) == taken_over_at:
            return True
        now, at = self._ledger.now(), taken_over_at.timestamp()
        try:
            number = await self._ledger.write(
                lambda tx: successions.succeed(tx, restaurant, at, now)
            )
        except LedgerError as error:
            log.warning("succession_waits", restaurant=restaurant, reason=str(error))
            return True
        self._taken_over[restaurant] = taken_over_at
        if number is not None:
            log.warning("taken_over", restaurant=restaurant, worker=pulse.worker, events=number)
        return True

    async def _note_dead(self, event: Handover, why: str) -> None:
        """Late from now on, so that it is published again in a while; or left to a person."""
        now, restaurant = self._ledger.now(), event.restaurant
        number = await self._ledger.write(
            lambda tx: bounces.note_dead(tx, restaurant, event.seq, why, now)
        )
        if asks_person(number):
            log.error(
                "event_stuck",
                restaurant=restaurant,
                order_id=event.event.order_id,
                event_id=event.event_id,
                correlation_id=event.correlation_id,
                bounces=number,
                reason=why,
                hint="it goes out no more: replay it, or enter it by hand and resolve it",
            )

    async def _put_aside(self, body: bytes, headers: dict[str, Any], reason: str) -> None:
        """On the disk, with the reason: nobody could bring it, and nothing is thrown away."""
        why = f"{reason} ({_why_dead(headers)})"
        queue = str(headers.get("x-first-death-queue", ""))
        log.error("message_put_aside", queue=queue, reason=why)
        await self._ledger.write(lambda tx: soundness.put_aside(tx, queue, body, why))


def _why_dead(headers: Mapping[str, Any]) -> str:
    """In the broker's words: rejected, delivery_limit, expired; and where."""
    reason = headers.get("x-first-death-reason", "no reason is known")
    queue = headers.get("x-first-death-queue", "")
    return f"{reason} in {queue}" if queue else str(reason)
