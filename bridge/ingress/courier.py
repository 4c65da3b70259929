"""Carries events from the outbox to the broker, and again when nobody says he has them.

Restaurants do not wait for each other: one whose queue does not answer keeps its own events only.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bridge import fault
from bridge.broker import Lines, PublishResult, orders_queue
from bridge.ingress.pace import BATCH, Pace
from bridge.ledger import Ledger, LedgerError, Transaction, bounces, outbox, requests
from bridge.model import Handover, Pulses
from bridge.model.bounce import MOST_BOUNCES, asks_person
from bridge.telemetry import Metrics

PUBLISH_LIMIT = 5.0
LATE_AFTER = 60.0
LOOK_EVERY = 10.0
ALIVE = 15.0
# So long the events of all other restaurants wait for those of a slow one.
PATIENCE = 0.5
# A queue that takes nothing is tried again after this time, with one event; so is an event of
# which no message can be made.
REST = 5.0
ASIDE = 60.0

_HINT = "it is kept, and goes out once a queue takes it: see who removes that at the broker"
_Result = tuple[Handover, PublishResult]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """Why a restaurant's events do not get through, and when to try again; None: at once."""

    result: PublishResult
    until: float | None


class Courier:
    """`hand_over` is what the forwarder calls; `run` looks after events that are late."""

    def __init__(  # noqa: PLR0913  each one is a thing of its own
        self,
        ledger: Ledger,
        lines: Lines,
        *,
        pulses: Pulses,
        metrics: Metrics,
        restaurants: Sequence[str],
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._metrics = metrics
        self._restaurants = restaurants
        self._pace = pace
        self._clock = clock
        self._trouble: dict[str, _Trouble] = {}
        self._tours: dict[str, asyncio.Task[bool]] = {}
        self._aside: dict[int, float] = {}
        self._unwritten: list[_Result] = []

    async def hand_over(self, events: list[Handover]) -> bool:
        """Publish what can be; False if asking again at once is no use. Raises LedgerError."""
        self._collect()
        if self._unwritten:
            await self._write_results()
            # What the caller knows of these events is out of date.
            return True
        if not self._lines.is_ready:
            return False
        if all(self._may_start(event.restaurant) for event in events):
            return await self._publish_all(self._admit(events))
        # Those that wait must not fill the batch, or nobody else would get into it.
        others = tuple(name for name in self._restaurants if self._may_start(name))
        find = self._pace.find(self._ledger.identity, others, BATCH)
        await self._publish_all(self._admit(await self._ledger.read(find)))
        return False

    def _admit(self, events: list[Handover]) -> list[Handover]:
        """Those that can go, as far as the pace lets them."""
        able = [event for event in events if self._may_start(event.restaurant)]
        ready = [event for event in able if not self._is_aside(event)]
        self._pace.aside = len(self._aside)
        return self._pace.admit(ready)

    async def run(self) -> None:
        """Until cancelled: publish again what a living worker should have recorded long ago."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                await self._look_for_late()
        finally:
            for tour in self._tours.values():
                tour.cancel()

    def describe_trouble(self) -> dict[str, str]:
        """By restaurant: why its events do not get through; empty when all do."""
        return {name: str(trouble.result) for name, trouble in self._trouble.items()}

    async def _look_for_late(self) -> None:
        """Page after page while all goes well: a broker that was emptied has lost very many."""
        try:
            self._collect()
            while self._lines.is_ready and not self._unwritten:
                if not await self._publish_all(await self._ledger.read(self._find_late)):
                    return
        except LedgerError as error:
            log.warning("late_events_wait", reason=str(error))

    def _find_late(self, tx: Transaction) -> list[Handover]:
        # Those that wait must not fill the page, or nobody else would get into it.
        names = [
            name for name in self._restaurants if self._is_alive(name) and self._may_start(name)
        ]
        before = self._ledger.now() - LATE_AFTER
        return requests.late(tx, before, names, self._ledger.identity)

    def _is_alive(self, restaurant: str) -> bool:
        return self._pulses.age(restaurant) <= ALIVE

    async def _publish_all(self, events: list[Handover]) -> bool:
        """A tour for each restaurant; those that take long go on by themselves."""
        by_restaurant: defaultdict[str, list[Handover]] = defaultdict(list)
        for event in events:
            if self._may_start(event.restaurant) and not self._is_aside(event):
                by_restaurant[event.restaurant].append(event)
        tours = []
        for restaurant, its_events in by_restaurant.items():
            # After trouble one event, to feel the way.
            chosen = its_events[:1] if restaurant in self._trouble else its_events
            tour = asyncio.create_task(self._tour(chosen), name=f"publish-{restaurant}")
            self._tours[restaurant] = tour
            tours.append(tour)
        if tours:
            await asyncio.wait(tours, timeout=PATIENCE)
        self._collect()
        return bool(tours) and all(_is_good(tour) for tour in tours)

    def _may_start(self, restaurant: str) -> bool:
        """False while an earlier tour is out, or its queue is left in peace."""
        if restaurant in self._tours:
            return False
        trouble = self._trouble.get(restaurant)
        return trouble is None or trouble.until is None or self._clock() >= trouble.until

    def _is_aside(self, event: Handover) -> bool:
        if self._aside.get(event.seq, 0.0) > self._clock():
            return True
        self._aside.pop(event.seq, None)
        return False

    def _collect(self) -> None:
        """Forget the tours that are over; raises what ended one of them."""
        over = [name for name, tour in self._tours.items() if tour.done()]
        tours = [self._tours.pop(name) for name in over]
        errors = [tour.exception() for tour in tours if not tour.cancelled()]
        for error in errors:
            if error is not None:
                raise error

    async def _tour(self, events: list[Handover]) -> bool:
        """The events of one restaurant: checkouts side by side, each in its own order."""
        by_checkout: defaultdict[str, list[Handover]] = defaultdict(list)
        for event in events:
            by_checkout[event.event.checkout_id].append(event)
        results: list[_Result] = []
        restaurant = events[0].restaurant
        was_well = restaurant not in self._trouble
        try:
            await asyncio.gather(*(self._chain(each, results) for each in by_checkout.values()))
            counted = await self._restore(restaurant, results, was_well=was_well)
        except asyncio.CancelledError:
            self._ledger.post(lambda tx: self._keep(tx, results))
            raise
        self._unwritten += counted
        await self._write_results()
        return bool(results) and all(
            result is PublishResult.CONFIRMED for _event, result in results
        )

    async def _restore(
        self, restaurant: str, results: list[_Result], *, was_well: bool
    ) -> list[_Result]:
        """If no queue took something make it anew; try again, at once if this is the first time.

        Returns what counts: that there is no queue, and can be none, says nothing of the event.
        """
        if not any(result is PublishResult.RETURNED for _event, result in results):
            return results
        if not await self._lines.restore(orders_queue(self._lines.names, restaurant)):
            return [one for one in results if one[1] is not PublishResult.RETURNED]
        trouble = self._trouble.get(restaurant)
        if was_well and trouble is not None:
            self._trouble[restaurant] = replace(trouble, until=None)
        return results

    async def _chain(self, events: list[Handover], results: list[_Result]) -> None:
        for event in events:
            result = PublishResult.UNKNOWN
            try:
                result = await self._publish(event)
            except Exception as error:  # noqa: BLE001  told of; a mistake of ours about one event
                self._set_aside(event, error)
                return
            finally:
                if event.seq not in self._aside:
                    results.append((event, result))
            if result is not PublishResult.CONFIRMED:
                return

    def _set_aside(self, event: Handover, error: Exception) -> None:
        self._aside[event.seq] = self._clock() + ASIDE
        self._ledger.post(lambda tx: outbox.mark(tx, event.seq, outbox.SET_ASIDE))
        fault.tell("event_set_aside", error, **_about(event))

    async def _publish(self, event: Handover) -> PublishResult:
        if event.copy > 1:
            log.warning("event_published_again", copy=event.copy, **_about(event))
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
        try:
            asking = await self._ledger.write(lambda tx: self._keep(tx, results))
        except BaseException:
            self._unwritten = results + self._unwritten
            raise
        for event in asking:
            log.error("event_bounces", bounces=MOST_BOUNCES, hint=_HINT, **_about(event))

    def _keep(self, tx: Transaction, results: list[_Result]) -> list[Handover]:
        """Returns the events that came back so often that people must hear of it."""
        now, asking = self._ledger.now(), []
        for event, result in results:
            if result is PublishResult.CONFIRMED:
                requests.published(tx, event.seq, now)
            elif result is PublishResult.UNKNOWN:
                # It may have arrived: the next publish is a copy, and says so.
                requests.tried(tx, event.seq)
            elif result is PublishResult.RETURNED and asks_person(
                bounces.note_returned(tx, event.seq)
            ):
                asking.append(event)
        return asking

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
            reason = self._lines.publisher.last_problem
            log.error("events_do_not_get_through", result=result, reason=reason, **_about(event))


def _about(event: Handover) -> dict[str, str]:
    return {
        "event_id": event.event_id,
        "correlation_id": event.correlation_id,
        "order_id": event.event.order_id,
        "restaurant": event.restaurant,
    }


def _is_good(tour: "asyncio.Task[bool]") -> bool:
    return tour.done() and not tour.cancelled() and tour.result()
