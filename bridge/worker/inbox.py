"""The worker's queues: who serves a restaurant holds its lock; first recorded, then acked."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from bridge import fault
from bridge.broker import Consumer, Lines, Lock, LockState, Received, worker_items
from bridge.ledger import Ledger, LedgerError, Transaction, orders, reports, tenure
from bridge.model import Confirmed, Handover, Pulse
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.reporter import Reporter
from bridge.worker.succession import Holding

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
        # When this process last won the lock; who has it instead, as far as was heard.
        self._won_at: dict[str, float] = {}
        self._rivals: dict[str, Pulse] = {}
        self._locks = {name: self._lock(name) for name in terms}
        self._consumers = {name: self._consumer(name) for name in terms}

    def holds(self, restaurant: str) -> bool:
        """Whether this worker serves the restaurant now; asked before each attempt."""
        return self._locks[restaurant].is_held

    def is_served_elsewhere(self, restaurant: str) -> bool:
        """Whether the broker said that another worker holds the lock."""
        return self._locks[restaurant].state is LockState.REFUSED

    async def heed(self, pulse: Pulse) -> bool:
        """True for the word of a worker that serves in place of this one; told of once."""
        restaurant, worker = pulse.restaurant, pulse.worker
        is_rival = restaurant in self._locks and self.is_served_elsewhere(restaurant)
        if worker == self._ledger.identity or not is_rival:
            return False
        before = self._rivals.get(restaurant)
        self._rivals[restaurant] = pulse
        if before is None or before.worker != worker:
            log.warning(
                "served_elsewhere",
                restaurant=restaurant,
                worker=worker,
                console=pulse.console,
                hint="this worker stays idle there, and serves it once that one is gone",
            )
        return True

    def describe_holding(self, restaurant: str) -> Holding:
        """Since when this worker has the restaurant, or who has it; of any thread."""
        lock, rival = self._locks[restaurant], self._rivals.get(restaurant)
        if lock.is_held:
            return Holding(won_at=self._won_at.get(restaurant, self._ledger.now()))
        if lock.state is not LockState.REFUSED:
            return Holding(why=f"the broker did not give it to this worker: {lock.sentence}")
        who = f"worker {rival.worker} ({rival.console})" if rival else "another worker"
        return Holding(why=f"{who} serves it: {lock.sentence}")

    def describe_locks(self) -> dict[str, str]:
        """By restaurant: held, or why not."""
        return {
            name: str(lock.state) if lock.is_held else f"{lock.state}: {lock.sentence}"
            for name, lock in self._locks.items()
        }

    def describe_lanes(self) -> dict[str, str]:
        """By restaurant that this worker serves: why nothing comes from its queue, if so."""
        return {
            name: str(consumer.last_end or "not read yet")
            for name, consumer in self._consumers.items()
            if self.holds(name) and not consumer.is_consuming and not self._is_leaving
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
            self._note_tenure(restaurant, state)
            self._on_lock(restaurant)

        return Lock(self._link, self._names, restaurant, turn)

    def _note_tenure(self, restaurant: str, state: LockState) -> None:
        """A lost connection says nothing; that another worker has the lock does."""
        if state is LockState.HELD:
            self._rivals.pop(restaurant, None)
            won_at = self._won_at[restaurant] = self._ledger.now()
            self._ledger.post(lambda tx: tenure.take(tx, restaurant, won_at))
        elif state is LockState.REFUSED:
            self._ledger.post(lambda tx: tenure.leave(tx, restaurant))

    def _consumer(self, restaurant: str) -> Consumer:
        async def take(received: Received) -> None:
            await self._take(restaurant, received)

        async def restore() -> None:
            await self._lines.restore(*worker_items(self._names, (restaurant,)))

        queue = self._names.orders_queue(restaurant)
        return Consumer(self._link, queue, take, prefetch=PREFETCH, on_lost=restore)

    async def _take(self, restaurant: str, received: Received) -> None:
        match received.message:
            case Handover() as event if event.restaurant == restaurant:
                await self._take_event(_counted(event, received), received)
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
        now, restaurant = self._ledger.now(), event.restaurant
        taken_at = tenure.take(tx, restaurant, self._won_at.get(restaurant, now))
        terms = {restaurant: replace(self._terms[restaurant], taken_at=taken_at)}
        known = bool(intake.take(tx, (event,), terms, now, report=True))
        if known:
            for order_id in orders.list_of_event(tx, event.event_id):
                reports.ask_again(tx, event.ingress, event.restaurant, order_id)
        return known


def _counted(event: Handover, received: Received) -> Handover:
    """What the broker delivered before is as good as a copy: another worker may have had it."""
    return replace(event, copy=event.copy + 1) if received.redelivered else event
