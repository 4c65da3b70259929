"""Carries events from the outbox to the broker, and again when nobody says he has them.

Restaurants do not wait for each other: one whose queue does not answer keeps its own events only.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bridge.broker import Lines, PublishResult, orders_queue
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.model import Handover, Pulses
from bridge.telemetry import Metrics

PUBLISH_LIMIT = 5.0
LATE_AFTER = 60.0
LOOK_EVERY = 10.0
ALIVE = 15.0
# So long the events of all other restaurants wait for those of a slow one.
PATIENCE = 0.5
# A queue that takes nothing is tried again after this time, with one event.
REST = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """Why a restaurant's events do not get through, and when to try again; None: at once."""

    result: PublishResult
    until: float | None


class Courier:
    """`hand_over` is what the forwarder calls; `run` looks after events that are late."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        *,
        pulses: Pulses,
        metrics: Metrics,
        restaurants: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._metrics = metrics
        self._restaurants = restaurants
        self._clock = clock
        self._sleep = sleep
        self._trouble: dict[str, _Trouble] = {}
        self._tours: dict[str, asyncio.Task[bool]] = {}
        self._unwritten: list[tuple[Handover, PublishResult]] = []

    async def hand_over(self, events: list[Handover]) -> bool:
        """Publish what can be; False if asking again at once is no use."""
        self._collect()
        if self._unwritten:
            await self._write_results()
            # What the caller knows of these events is out of date.
            return True
        if not self._lines.is_ready:
            return False
        return await self._publish_all(events)

    async def run(self) -> None:
        """Until cancelled: publish again what a living worker should have recorded long ago."""
        try:
            while True:
                await self._sleep(LOOK_EVERY)
                await self._look_for_late()
        finally:
            for tour in self._tours.values():
                tour.cancel()

    def describe_trouble(self) -> dict[str, str]:
        """By restaurant: why its events do not get through; empty when all do."""
        return {name: str(trouble.result) for name, trouble in self._trouble.items()}

    async def _look_for_late(self) -> None:
        try:
            events = await self._ledger.read(self._find_late)
            if not events:
                return
            for event in events:
                log.warning(
                    "event_late",
                    event_id=event.event_id,
                    correlation_id=event.correlation_id,
                    order_id=event.event.order.id,
                    restaurant=event.restaurant,
                    copy=event.copy,
                )
            await self.hand_over(events)
        except LedgerError as error:
            log.warning("late_events_wait", reason=str(error))

    def _find_late(self, tx: Transaction) -> list[Handover]:
        alive = [name for name in self._restaurants if self._is_alive(name)]
        before = self._ledger.now() - LATE_AFTER
        return requests.late(tx, before, alive, self._ledger.identity)

    def _is_alive(self, restaurant: str) -> bool:
        return (
            self._pulses.find(restaurant) is not None and self._pulses.silence(restaurant) <= ALIVE
        )

    async def _publish_all(self, events: list[Handover]) -> bool:
        """A tour for each restaurant; those that take long go on by themselves."""
        by_restaurant: defaultdict[str, list[Handover]] = defaultdict(list)
        for event in events:
            by_restaurant[event.restaurant].append(event)
        started = []
        for restaurant, its_events in by_restaurant.items():
            chosen = self._choose(restaurant, its_events)
            if chosen:
                tour = asyncio.create_task(self._tour(chosen), name=f"publish-{restaurant}")
                self._tours[restaurant] = tour
                started.append(tour)
        if started:
            await asyncio.wait(started, timeout=PATIENCE)
        all_went = all(tour.done() and not tour.cancelled() and _went(tour) for tour in started)
        self._collect()
        return len(started) == len(by_restaurant) and all_went

    def _choose(self, restaurant: str, events: list[Handover]) -> list[Handover]:
        """Nothing while an earlier tour is out; after trouble one event, to feel the way."""
        if restaurant in self._tours:
            return []
        trouble = self._trouble.get(restaurant)
        if trouble is None:
            return events
        if trouble.until is not None and self._clock() < trouble.until:
            return []
        return events[:1]

    def _collect(self) -> None:
        """Forget the tours that are over; raises what ended one of them."""
        over = [name for name, tour in self._tours.items() if tour.done()]
        tours = [self._tours.pop(name) for name in over]
        errors = [error for tour in tours if (error := _error(tour)) is not None]
        if errors:
            raise errors[0]

    async def _tour(self, events: list[Handover]) -> bool:
        """The events of one restaurant: checkouts side by side, each in its own order."""
        by_checkout: defaultdict[str, list[Handover]] = defaultdict(list)
        for event in events:
            by_checkout[event.event.order.checkout_id].append(event)
        results: list[tuple[Handover, PublishResult]] = []
        try:
            await asyncio.gather(*(self._chain(each, results) for each in by_checkout.values()))
        finally:
            # However it ended: what is known of a publish must not be forgotten.
            self._unwritten += results
        if any(result is PublishResult.RETURNED for _event, result in results):
            names = self._lines.names
            await self._lines.restore(orders_queue(names, events[0].restaurant))
        await self._write_results()
        confirmed = sum(result is PublishResult.CONFIRMED for _event, result in results)
        return confirmed == len(events)

    async def _chain(
        self, events: list[Handover], results: list[tuple[Handover, PublishResult]]
    ) -> None:
        for event in events:
            result = await self._publish(event)
            results.append((event, result))
            if result is not PublishResult.CONFIRMED:
                return

    async def _publish(self, event: Handover) -> PublishResult:
        target = self._lines.names.to_restaurant(event.restaurant)
        result = await self._lines.publisher.publish(target, event, timeout=PUBLISH_LIMIT)
        self._metrics.publishes.labels(result).inc()
        self._note(event, result)
        return result

    async def _write_results(self) -> None:
        """One write for all; it lets the next event of each checkout go.

        Until it succeeds nothing more is published, or the same events would go out for ever.
        """
        results, self._unwritten = self._unwritten, []

        def job(tx: Transaction) -> None:
            now = self._ledger.now()
            for event, result in results:
                if result is PublishResult.CONFIRMED:
                    requests.published(tx, event.seq, now)
                elif result is PublishResult.UNKNOWN:
                    # It may have arrived: the next publish is a copy, and says so.
                    requests.tried(tx, event.seq)

        try:
            await self._ledger.write(job)
        except BaseException:
            self._unwritten = results + self._unwritten
            raise

    def _note(self, event: Handover, result: PublishResult) -> None:
        """Tell of each turn once, not of each event."""
        restaurant, before = event.restaurant, self._trouble.get(event.restaurant)
        if result is PublishResult.CONFIRMED:
            if self._trouble.pop(restaurant, None) is not None:
                log.info("publishing_again", restaurant=restaurant)
            return
        # A lost connection is no matter of this queue: the link says when it is up again.
        until = self._clock() + REST if self._lines.is_ready else None
        self._trouble[restaurant] = _Trouble(result=result, until=until)
        if before is None or before.result is not result:
            log.error(
                "events_do_not_get_through",
                restaurant=restaurant,
                correlation_id=event.correlation_id,
                result=result,
                reason=self._lines.publisher.last_problem,
            )


def _went(tour: "asyncio.Task[bool]") -> bool:
    return _error(tour) is None and tour.result()


def _error(tour: "asyncio.Task[bool]") -> BaseException | None:
    return None if tour.cancelled() else tour.exception()
