"""All restaurants of one worker: their adapters, probes and lanes, on one event loop."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog

from bridge.adapter import Adapter, RestaurantFacts, Services
from bridge.ledger import (
    Ledger,
    LedgerError,
    Transaction,
    deliveries,
    handling,
    recovery,
    tenure,
)
from bridge.model import Cart, Deadline, Pulse, Pulses
from bridge.telemetry import Metrics
from bridge.worker import policy
from bridge.worker.alerts import Alerts
from bridge.worker.attempt import Attempts
from bridge.worker.decision import Look
from bridge.worker.lane import Lane
from bridge.worker.pos import Pos
from bridge.worker.unbuilt import build

PULSE_EVERY = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One restaurant as the worker is told to serve it; `paused` says why it is not, for now."""

    facts: RestaurantFacts
    adapter: type[Adapter]
    settings: Any
    probe_every: float
    paused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What the worker is given; `may_start` says whether it holds a restaurant's lock."""

    ledger: Ledger
    pulses: Pulses
    metrics: Metrics
    name: str
    console: str
    random: Callable[[], float]
    may_start: Callable[[str], bool] = lambda _restaurant: True
    on_turn: Callable[[], None] = lambda: None


class Worker:
    """Built on the loop it runs on. `run` ends after `stop`, once running attempts are done."""

    def __init__(self, context: WorkerContext, posts: list[Post]) -> None:
        self._context = context
        self._posts = posts
        self._poses: dict[str, Pos] = {}
        self._lanes: dict[str, Lane] = {}
        self._attempts: dict[str, Attempts] = {}
        self._alerts = Alerts(context.ledger, context.metrics)
        # One at a time of all restaurants: whichever kills this process is to be found.
        self._alone = asyncio.Lock()
        self._taken_over: dict[str, float] = {}
        self.started = asyncio.Event()
        self.beat_at = 0.0

    async def run(self) -> None:
        """Serve until `stop`. An error that ends a lane or a probe ends the worker."""
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            for post in self._posts:
                self._add(post, http)
            async with asyncio.TaskGroup() as keepers:
                tasks = [keepers.create_task(pos.run()) for pos in self._poses.values()]
                tasks.append(keepers.create_task(self._pulse()))
                tasks.append(keepers.create_task(self._alerts.run()))
                self.started.set()
                async with asyncio.TaskGroup() as lanes:
                    for lane in self._lanes.values():
                        lanes.create_task(lane.run())
                for task in tasks:
                    task.cancel()

    def stop(self) -> None:
        """Start nothing new; `run` returns when what runs is finished."""
        for lane in self._lanes.values():
            lane.stop()

    def wake(self, restaurant: str) -> None:
        lane = self._lanes.get(restaurant)
        if lane is not None:
            lane.wake()

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        """Ask that POS now: True good, False not, None unclear."""
        return await self._poses[restaurant].probe(deadline)

    async def quote(self, cart: Cart, deadline: Deadline) -> object:
        """What the adapter of that restaurant says to a cart; None while it says nothing."""
        return await self._poses[cart.restaurant].quote(cart, deadline)

    async def look_up(self, restaurant: str, key: str) -> Look:
        """Ask that POS whether it has the key."""
        return await self._attempts[restaurant].look_up(key)

    async def pause(self, restaurant: str, reason: str) -> None:
        """Start nothing more for that restaurant."""
        self._poses[restaurant].pause(reason)

    async def resume(self, restaurant: str) -> None:
        self._poses[restaurant].resume()

    def _add(self, post: Post, http: aiohttp.ClientSession) -> None:
        context, restaurant = self._context, post.facts.id
        services = Services(http=http, now=_now, restaurant=post.facts)
        pos = Pos(
            restaurant,
            build(post.adapter, post.settings, services),
            probe_every=post.probe_every,
            now=_now,
            random=context.random,
        )
        attempts = Attempts(
            pos,
            context.ledger,
            metrics=context.metrics,
            random=context.random,
            may_start=lambda: context.may_start(restaurant),
            alone=self._alone,
        )
        if post.paused:
            pos.pause(post.paused)
        self._poses[restaurant] = pos
        self._attempts[restaurant] = attempts
        self._lanes[restaurant] = Lane(
            pos,
            context.ledger,
            attempts=attempts,
            may_start=lambda: context.may_start(restaurant),
        )
        pos.on_change(lambda: self._turned(pos))

    def _turned(self, pos: Pos) -> None:
        self._put(pos, self._oldest(pos.restaurant))
        self._context.on_turn()

    async def _pulse(self) -> None:
        """Beat while this loop turns; a blocked one falls silent, and the gate hears it."""
        while True:
            try:
                oldest, self._taken_over = await self._context.ledger.read(self._read)
            except LedgerError as error:
                log.warning("pulse_without_ledger", reason=str(error))
                oldest = {}
            for restaurant, pos in self._poses.items():
                self._put(pos, oldest.get(restaurant))
            self.beat_at = asyncio.get_running_loop().time()
            await asyncio.sleep(PULSE_EVERY)

    def _read(self, tx: Transaction) -> tuple[dict[str, float | None], dict[str, float]]:
        oldest = {name: deliveries.oldest_due(tx, name) for name in self._poses}
        return oldest, tenure.list_taken_over(tx)

    def _oldest(self, restaurant: str) -> float | None:
        heard = self._context.pulses.find(restaurant)
        at = heard.pulse.oldest_due_at if heard else None
        return at.timestamp() if at else None

    def _put(self, pos: Pos, oldest: float | None) -> None:
        watch, taken_over = pos.watch, self._taken_over.get(pos.restaurant)
        self._context.pulses.put(
            Pulse(
                worker=self._context.name,
                restaurant=pos.restaurant,
                sent_at=_now(),
                availability=watch.availability,
                proven_down=watch.proven_down,
                failing_since=watch.failing_since,
                oldest_due_at=datetime.fromtimestamp(oldest, UTC) if oldest else None,
                console=self._context.console,
                taken_over_at=datetime.fromtimestamp(taken_over, UTC) if taken_over else None,
            )
        )


def recover(tx: Transaction, restaurants: list[str], now: float) -> dict[str, float]:
    """At start: settle what was being sent; returns since when each restaurant is served."""
    count = recovery.recover(tx, now)
    if count:
        log.warning("interrupted_deliveries_found", number=count)
    for suspect in handling.count_ends(tx):
        _judge(tx, suspect, now)
    return {name: tenure.serve(tx, name, now) for name in restaurants}


def _judge(tx: Transaction, suspect: handling.Suspect, now: float) -> None:
    cause = policy.quarantine(suspect.unclean_ends, may_be_there=suspect.may_be_there)
    log.warning(
        "died_while_handling",
        restaurant=suspect.restaurant,
        order_id=suspect.order_id,
        correlation_id=suspect.correlation_id,
        unclean_ends=suspect.unclean_ends,
        is_quarantined=cause is not None,
    )
    if cause is not None:
        handling.quarantine(tx, suspect, cause, now)


def _now() -> datetime:
    return datetime.now(UTC)
