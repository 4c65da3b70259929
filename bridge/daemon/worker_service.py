"""The half that serves the POS systems, on its thread."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bridge.adapter import Capability
from bridge.broker import Hearing, Lines, worker_items
from bridge.config import Broker
from bridge.daemon.basics import Basics
from bridge.daemon.parts import end_of, run_parts
from bridge.daemon.thread import Announce, WorkerThread
from bridge.ledger import Transaction, requests
from bridge.model import Cart, Deadline, Handover, Pulse, Pulses
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.decision import Look
from bridge.worker.desk import Desk, Place
from bridge.worker.inbox import Inbox
from bridge.worker.reporter import Reporter
from bridge.worker.succession import Holding
from bridge.worker.worker import Post, Worker, WorkerContext

LEAVE_LIMIT = 1.0
FLUSH_LIMIT = 1.0

log = structlog.get_logger()


class WorkerService:
    """Without a broker it takes events straight from the ledger."""

    def __init__(
        self,
        basics: Basics,
        posts: list[Post],
        *,
        terms: dict[str, Terms],
        console: str,
        random: Callable[[], float],
    ) -> None:
        self._basics = basics
        self._posts = posts
        self._terms = terms
        # The others must not make a guest wait while a vendor's call keeps the worker's loop.
        self._quoting = frozenset(
            post.facts.id
            for post in posts
            if Capability.PROMOTIONS in post.adapter.spec.capabilities
        )
        self._context = WorkerContext(
            ledger=basics.ledger,
            pulses=basics.pulses,
            metrics=basics.metrics,
            name=basics.ledger.identity,
            console=console,
            random=random,
        )
        self._lines: Lines | None = None
        self._inbox: Inbox | None = None
        self.thread = WorkerThread(self._serve)
        specs = {post.facts.id: post.adapter.spec for post in posts}
        places = {name: Place(spec=spec, terms=terms[name]) for name, spec in specs.items()}
        self.desk = Desk(basics.ledger, places, self.thread, self._describe_holding)

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        return await self.thread.probe(restaurant, deadline)

    def makes_quotes(self, restaurant: str) -> bool:
        """True if the restaurant's adapter has something to say to carts."""
        return restaurant in self._quoting

    async def quote(self, cart: Cart, deadline: Deadline) -> object:
        """What the restaurant's adapter says to a cart; None at once for one that never does."""
        if not self.makes_quotes(cart.restaurant):
            return None
        return await self.thread.quote(cart, deadline)

    def describe_links(self) -> dict[str, Any]:
        """Links, locks, and lanes that get nothing; empty without a broker."""
        if self._lines is None or self._inbox is None:
            return {}
        found = {**self._lines.describe(), "locks": self._inbox.describe_locks()}
        lanes = self._inbox.describe_lanes()
        return {**found, "not_read": lanes} if lanes else found

    def _describe_holding(self, restaurant: str) -> Holding | None:
        if self._basics.config.broker is None:
            return None
        if self._inbox is None:
            return Holding(why="the worker does not run yet")
        return self._inbox.describe_holding(restaurant)

    async def take(self, events: list[Handover]) -> bool:
        """Straight from the outbox to the lanes, in one write: the shape without a broker."""

        def job(tx: Transaction) -> None:
            now = self._basics.ledger.now()
            intake.take(tx, events, self._terms, now, report=False)
            for restaurant in {event.restaurant for event in events}:
                seqs = (event.seq for event in events if event.restaurant == restaurant)
                requests.recorded(tx, restaurant, tuple(seqs), now)

        await self._basics.ledger.write(job)
        for event in events:
            log.info(
                "event_recorded",
                event_id=event.event_id,
                correlation_id=event.correlation_id,
                order_id=event.event.order_id,
                restaurant=event.restaurant,
                copy=event.copy,
            )
        return True

    async def _serve(self, announce: Announce) -> None:
        broker = self._basics.config.broker
        if broker is None:
            worker = Worker(self._context, self._posts)
            await _run_announced(worker, lambda: announce(worker))
        else:
            await self._serve_broker(broker, announce)

    async def _serve_broker(self, broker: Broker, announce: Announce) -> None:
        basics, names = self._basics, self._basics.restaurants
        lines = self._lines = basics.build_lines(broker, "worker")

        def turn(restaurant: str) -> None:
            shift.worker.wake(restaurant)
            shift.reporter.wake_pulses()

        def serves(restaurant: str) -> bool:
            return shift.inbox.holds(restaurant)

        # What is heard from others must not come back as if this worker had said it.
        own = _OwnPulses(basics.pulses, lambda name: not shift.inbox.is_served_elsewhere(name))
        reporter = Reporter(basics.ledger, lines, pulses=own, serves=serves)
        inbox = self._inbox = Inbox(
            basics.ledger, lines, terms=self._terms, reporter=reporter, on_lock=turn
        )
        context = replace(
            self._context, pulses=own, may_start=inbox.holds, on_turn=reporter.wake_pulses
        )
        shift = _Shift(worker=Worker(context, self._posts), inbox=inbox, reporter=reporter)
        await shift.run(
            lambda: announce(shift),
            lines=lines.run(worker_items(lines.names, names)),
            inbox=inbox.run(),
            outcomes=reporter.run(),
            pulses=reporter.run_pulses(names),
            hearing=Hearing(lines, basics.ledger.identity, basics.pulses, inbox.heed).run(),
        )


class _OwnPulses(Pulses):
    """What this worker knows itself; this process's gate hears it at once, not by the broker."""

    def __init__(self, heard: Pulses, may_speak: Callable[[str], bool]) -> None:
        super().__init__()
        self._heard_by_gate = heard
        self._may_speak = may_speak

    def put(self, pulse: Pulse) -> None:
        super().put(pulse)
        if self._may_speak(pulse.restaurant):
            self._heard_by_gate.put(pulse)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """A worker that gets its events through the broker."""

    worker: Worker
    inbox: Inbox
    reporter: Reporter

    @property
    def beat_at(self) -> float:
        return self.worker.beat_at

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        return await self.worker.probe(restaurant, deadline)

    async def quote(self, cart: Cart, deadline: Deadline) -> object:
        return await self.worker.quote(cart, deadline)

    async def look_up(self, restaurant: str, key: str) -> Look:
        return await self.worker.look_up(restaurant, key)

    async def pause(self, restaurant: str, reason: str) -> None:
        await self.worker.pause(restaurant, reason)

    async def resume(self, restaurant: str) -> None:
        await self.worker.resume(restaurant)

    def stop(self) -> None:
        """What comes now is for whoever serves next."""
        self.inbox.leave()
        self.worker.stop()

    async def run(
        self, announce: Callable[[], None], **helpers: Coroutine[Any, Any, object]
    ) -> None:
        """Until `stop`, with the helpers; raises what ended one of them."""
        helping = asyncio.create_task(run_parts(**helpers), name="helpers")
        working = asyncio.create_task(_run_announced(self.worker, announce), name="worker")
        try:
            await asyncio.wait({helping, working}, return_when=asyncio.FIRST_COMPLETED)
            if helping.done():
                raise end_of(helping, "the worker's link")
            working.result()
            await self._say_the_rest()
        finally:
            working.cancel()
            helping.cancel()
            await asyncio.gather(working, helping, return_exceptions=True)

    async def _say_the_rest(self) -> None:
        """What does not get through now is said at the next start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_LIMIT):
                await self.inbox.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_LIMIT):
                await self.reporter.flush()


async def _run_announced(worker: Worker, announce: Callable[[], None]) -> None:
    running = asyncio.ensure_future(worker.run())
    started = asyncio.ensure_future(worker.started.wait())
    either: set[asyncio.Future[Any]] = {running, started}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            announce()
        await running
    finally:
        started.cancel()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
