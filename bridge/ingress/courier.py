"""Carries events from the outbox to the broker, and again when nobody says he has them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bridge.broker import Lines, PublishResult
from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.model import Handover, Pulses
from bridge.telemetry import Metrics

PUBLISH_LIMIT = 5.0
LATE_AFTER = 60.0
LOOK_EVERY = 10.0
ALIVE = 15.0

log = structlog.get_logger()


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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._pulses = pulses
        self._metrics = metrics
        self._restaurants = restaurants
        self._sleep = sleep
        self._trouble: dict[str, PublishResult] = {}

    async def hand_over(self, events: list[Handover]) -> bool:
        """Publish side by side; True if the broker confirmed each one."""
        if not self._lines.is_ready:
            return False
        results = await asyncio.gather(*(self._publish(event) for event in events))
        await self._keep(list(zip(events, results, strict=True)))
        return all(result is PublishResult.CONFIRMED for result in results)

    async def run(self) -> None:
        """Until cancelled: publish again what a living worker should have recorded long ago."""
        while True:
            await self._sleep(LOOK_EVERY)
            try:
                events = await self._ledger.read(self._find_late)
            except LedgerError as error:
                log.warning("late_events_unknown", reason=str(error))
                continue
            if events:
                log.warning("events_published_again", number=len(events))
                await self.hand_over(events)

    def describe_trouble(self) -> dict[str, str]:
        """By restaurant: why its events do not get through; empty when all do."""
        return {name: str(result) for name, result in self._trouble.items()}

    def _find_late(self, tx: Transaction) -> list[Handover]:
        alive = [name for name in self._restaurants if self._is_alive(name)]
        before = self._ledger.now() - LATE_AFTER
        return requests.late(tx, before, alive, self._ledger.identity)

    def _is_alive(self, restaurant: str) -> bool:
        return (
            self._pulses.find(restaurant) is not None and self._pulses.silence(restaurant) <= ALIVE
        )

    async def _publish(self, event: Handover) -> PublishResult:
        target = self._lines.names.to_restaurant(event.restaurant)
        result = await self._lines.publisher.publish(target, event, timeout=PUBLISH_LIMIT)
        self._metrics.publishes.labels(result).inc()
        self._note(event.restaurant, result)
        return result

    async def _keep(self, results: list[tuple[Handover, PublishResult]]) -> None:
        """One write for all; it lets the next event of each checkout go."""

        def job(tx: Transaction) -> None:
            now = self._ledger.now()
            for event, result in results:
                if result is PublishResult.CONFIRMED:
                    requests.published(tx, event.seq, now)
                elif result is PublishResult.UNKNOWN:
                    # It may have arrived: the next publish is a copy, and says so.
                    requests.tried(tx, event.seq)

        await self._ledger.write(job)

    def _note(self, restaurant: str, result: PublishResult) -> None:
        """Tell of each turn once, not of each event."""
        before = self._trouble.get(restaurant)
        if result is PublishResult.CONFIRMED:
            if self._trouble.pop(restaurant, None) is not None:
                log.info("publishing_again", restaurant=restaurant)
        elif before is not result:
            self._trouble[restaurant] = result
            log.error(
                "events_do_not_get_through",
                restaurant=restaurant,
                result=result,
                reason=self._lines.publisher.last_problem,
            )
