"""The two halves of the bridge as services: a start, a stop, and a death that is noticed."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bridge.broker import Lines, LinkState, Names, ingress_items, worker_items
from bridge.config import Config
from bridge.daemon.thread import WorkerThread
from bridge.ingress.courier import Courier
from bridge.ingress.forwarder import Forwarder
from bridge.ingress.postbox import Postbox
from bridge.ledger import Ledger, Transaction, requests
from bridge.model import Deadline, Handover, Pulses
from bridge.telemetry import Metrics
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.inbox import Inbox
from bridge.worker.reporter import Reporter
from bridge.worker.worker import Post, Worker, WorkerContext

FLUSH_LIMIT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Basics:
    """What both halves are built on."""

    config: Config
    ledger: Ledger
    metrics: Metrics
    pulses: Pulses

    @property
    def restaurants(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.config.restaurants)

    def build_lines(self, name: str, on_ready: Callable[[], None] = lambda: None) -> Lines:
        """Connections to the broker; only where [broker] is set."""
        broker = self.config.broker
        if broker is None:
            raise ValueError("there is no [broker] section")
        return Lines(
            broker.urls(),
            name,
            names=Names(broker.prefix, broker.idle_expiry),
            channels=broker.channels,
            on_change=self._measure_link,
            on_ready=on_ready,
        )

    def _measure_link(self, link: str, state: LinkState) -> None:
        self.metrics.link_up.labels(link).set(state is LinkState.UP)


class WorkerService:
    """The worker on its thread; without a broker it takes events straight from the ledger."""

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
        serve = self._serve_broker if basics.config.broker else self._serve
        self._thread = WorkerThread(serve)

    async def start(self) -> None:
        await self._thread.start()

    async def stop(self, patience: float) -> bool:
        return await self._thread.stop(patience)

    def cancel(self) -> None:
        self._thread.cancel()

    @property
    def died(self) -> "asyncio.Future[None]":
        return self._thread.died

    @property
    def beat_at(self) -> float:
        return self._thread.beat_at

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        return await self._thread.probe(restaurant, deadline)

    def describe_links(self) -> dict[str, Any]:
        """Links and locks; empty without a broker."""
        if self._lines is None or self._inbox is None:
            return {}
        return {**self._lines.describe(), "locks": self._inbox.describe_locks()}

    async def take(self, events: list[Handover]) -> bool:
        """Straight from the outbox to the lanes, in one write: the shape without a broker."""

        def job(tx: Transaction) -> None:
            now = self._basics.ledger.now()
            intake.take(tx, events, self._terms, now, report=False)
            for event in events:
                requests.recorded(tx, event.restaurant, (event.seq,), now)

        await self._basics.ledger.write(job)
        return True

    async def _serve(self, announce: Callable[[Worker], None]) -> None:
        await _run_announced(Worker(self._context, self._posts), announce)

    async def _serve_broker(self, announce: Callable[[Worker], None]) -> None:
        basics = self._basics
        lines = self._lines = basics.build_lines("worker")
        reporter = Reporter(basics.ledger, lines, pulses=basics.pulses)
        inbox = self._inbox = Inbox(
            basics.ledger,
            lines,
            terms=self._terms,
            reporter=reporter,
            on_lock=lambda restaurant: worker.wake(restaurant),  # noqa: PLW0108  made below
        )
        context = replace(self._context, may_start=inbox.holds, on_turn=reporter.wake_pulses)
        worker = Worker(context, self._posts)
        names = basics.restaurants
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(lines.run(worker_items(lines.names, names))),
                tasks.create_task(inbox.run()),
                tasks.create_task(reporter.run()),
                tasks.create_task(reporter.run_pulses(names)),
            ]
            await _run_announced(worker, announce)
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_LIMIT):
                    await inbox.stop()
                    await reporter.flush()
            for helper in helpers:
                helper.cancel()


class IngressService:
    """Hands recorded events over to whoever serves the restaurant."""

    def __init__(self, basics: Basics, worker: WorkerService | None) -> None:
        self._basics = basics
        self._worker = worker
        self._lines: Lines | None = None
        self._courier: Courier | None = None
        self._task: asyncio.Task[None] | None = None
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        """The live probe, where the worker is in this process; else nothing can be said."""
        if self._worker is None:
            return None
        return await self._worker.probe(restaurant, deadline)

    @property
    def can_probe(self) -> bool:
        return self._worker is not None

    async def start(self) -> None:
        serve = self._serve_broker() if self._basics.config.broker else self._serve()
        self._task = asyncio.create_task(serve, name="ingress")
        self._task.add_done_callback(self._note_death)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def describe_links(self) -> dict[str, Any]:
        """Links, and which restaurants' events do not get through; empty without a broker."""
        if self._lines is None or self._courier is None:
            return {}
        return {**self._lines.describe(), "not_through": self._courier.describe_trouble()}

    def _serve(self) -> Coroutine[Any, Any, None]:
        if self._worker is None:
            raise ValueError("without a broker the worker must be in this process")
        return self._forwarder(self._worker.take).run()

    async def _serve_broker(self) -> None:
        basics = self._basics

        def wake() -> None:
            forwarder.wake()

        lines = self._lines = basics.build_lines("ingress", wake)
        courier = self._courier = Courier(
            basics.ledger,
            lines,
            pulses=basics.pulses,
            metrics=basics.metrics,
            restaurants=basics.restaurants,
        )
        forwarder = self._forwarder(courier.hand_over)
        items = ingress_items(lines.names, basics.ledger.identity, basics.restaurants)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(lines.run(items))
            tasks.create_task(forwarder.run())
            tasks.create_task(courier.run())
            tasks.create_task(Postbox(basics.ledger, lines, basics.pulses).run())

    def _forwarder(self, hand_over: Callable[[list[Handover]], Any]) -> Forwarder:
        return Forwarder(self._basics.ledger, hand_over, restaurants=self._basics.restaurants)

    def _note_death(self, task: "asyncio.Task[None]") -> None:
        if self.died.done() or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.died.set_exception(error)


async def _run_announced(worker: Worker, announce: Callable[[Worker], None]) -> None:
    running = asyncio.ensure_future(worker.run())
    started = asyncio.ensure_future(worker.started.wait())
    either: set[asyncio.Future[Any]] = {running, started}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            announce(worker)
        await running
    finally:
        started.cancel()
        running.cancel()
