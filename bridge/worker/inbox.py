"""The worker's queues: who serves a restaurant holds its lock; first recorded, then acked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from bridge import fault
from bridge.broker import Consumer, Lines, Lock, LockState, Received, declare, worker_items
from bridge.ledger import Ledger, LedgerError, Transaction, orders, reports
from bridge.model import Confirmed, Handover
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.reporter import Reporter

PREFETCH = 16

log = structlog.get_logger()


class Inbox:
    """Locks and consumers of all restaurants, on one connection."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        *,
        terms: Mapping[str, Terms],
        reporter: Reporter,
        on_lock: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._link = lines.consuming
        self._names = lines.names
        self._terms = terms
        self._reporter = reporter
        self._on_lock = on_lock
        self._is_leaving = False
        self._locks = {name: self._lock(name) for name in terms}
        self._consumers = {name: self._consumer(name) for name in terms}

    def holds(self, restaurant: str) -> bool:
        """Whether this worker serves the restaurant now; asked before each attempt."""
        return self._locks[restaurant].is_held

    def is_served_elsewhere(self, restaurant: str) -> bool:
        """Whether the broker said that another worker holds the lock."""
        return self._locks[restaurant].state is LockState.REFUSED

    def describe_locks(self) -> dict[str, str]:
        """By restaurant: held, or why not."""
        return {
            name: str(lock.state) if lock.is_held else f"{lock.state}: {lock.sentence}"
            for name, lock in self._locks.items()
        }

    async def run(self) -> None:
        """Until cancelled."""
        await self._lines.wait_ready()
        async with asyncio.TaskGroup() as tasks:
            for name, consumer in self._consumers.items():
                consumer.pause()
                tasks.create_task(consumer.run(), name=f"inbox-{name}")
                tasks.create_task(self._locks[name].hold(), name=f"lock-{name}")

    def leave(self) -> None:
        """Take nothing more: what comes now waits in the queues for whoever serves next."""
        self._is_leaving = True
        for consumer in self._consumers.values():
            consumer.pause()

    async def stop(self) -> None:
        """As `leave`, and until what was taken is recorded and acknowledged."""
        await asyncio.gather(*(consumer.stop() for consumer in self._consumers.values()))

    def _lock(self, restaurant: str) -> Lock:
        def turn(state: LockState) -> None:
            consumer = self._consumers[restaurant]
            if state is LockState.HELD and not self._is_leaving:
                consumer.resume()
            else:
                consumer.pause()
            self._on_lock(restaurant)

        return Lock(self._link, self._names, restaurant, turn)

    def _consumer(self, restaurant: str) -> Consumer:
        async def take(received: Received) -> None:
            await self._take(restaurant, received)

        async def restore() -> None:
            await self._declare((restaurant,))

        queue = self._names.orders_queue(restaurant)
        return Consumer(self._link, queue, take, prefetch=PREFETCH, on_lost=restore)

    async def _declare(self, restaurants: Sequence[str]) -> None:
        items = worker_items(self._names, restaurants)
        for problem in await declare(self._link.connection, items):
            log.error("queue_not_declared", queue=problem.name, reason=problem.sentence)

    async def _take(self, restaurant: str, received: Received) -> None:
        match received.message:
            case Handover() as event if event.restaurant == restaurant:
                await self._take_event(event, received)
            case Confirmed() as message:
                await self._take_confirmed(message)
                await received.ack()
            case other:
                await received.reject_to_dead(f"{type(other).__name__} is not for {restaurant}")

    async def _take_confirmed(self, message: Confirmed) -> None:
        """Revisions of another worker, lost since, say nothing about those of this one."""
        if message.worker == self._ledger.identity:
            await self._ledger.write(lambda tx: reports.confirmed(tx, message))

    async def _take_event(self, event: Handover, received: Received) -> None:
        facts = {
            "event_id": event.event_id,
            "correlation_id": event.correlation_id,
            "order_id": event.event.order_id,
            "restaurant": event.restaurant,
        }
        try:
            known = await self._ledger.write(lambda tx: self._record(tx, event))
        except LedgerError:
            # It stays in its place in the queue until the disk lets it in.
            raise
        except Exception as error:  # noqa: BLE001  a mistake of ours about one event
            fault.tell("event_not_recorded", error, **facts)
            # Its ingress hears of it, and brings it again; the others need not wait for that.
            await received.reject_to_dead(f"{type(error).__name__} while it was recorded")
            return
        log.info("event_recorded", copy=event.copy, asked_again=known, **facts)
        await received.ack()
        self._reporter.note_recorded(event)

    def _record(self, tx: Transaction, event: Handover) -> bool:
        """True if this ledger had it: then the ingress is asking, and gets the state again."""
        now = self._ledger.now()
        known = bool(intake.take(tx, (event,), self._terms, now, report=True))
        if known:
            for order_id in orders.list_of_event(tx, event.event_id):
                reports.ask_again(tx, event.ingress, event.restaurant, order_id)
        return known
