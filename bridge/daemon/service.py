"""The two halves of the bridge as services with a start, a stop and a death to be noticed."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

from bridge.config import Config
from bridge.daemon.thread import WorkerThread
from bridge.ingress.forwarder import Forwarder
from bridge.ingress.gate import LiveProbe
from bridge.ledger import Ledger, Transaction, requests
from bridge.model import Deadline, Handover, Pulses
from bridge.telemetry import Metrics
from bridge.worker import intake
from bridge.worker.booking import Terms
from bridge.worker.worker import Post, Worker, WorkerContext


class WorkerService:
    """The worker on its thread. Without a broker it takes events straight from the ledger."""

    def __init__(  # noqa: PLR0913  the parts of one worker
        self,
        config: Config,
        *,
        ledger: Ledger,
        metrics: Metrics,
        pulses: Pulses,
        terms: dict[str, Terms],
        posts: list[Post],
        console: str,
        random: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._terms = terms
        self._posts = posts
        self._context = WorkerContext(
            ledger=ledger,
            pulses=pulses,
            metrics=metrics,
            name=f"{socket.gethostname()}:{os.getpid()}",
            console=console,
            random=random,
        )
        self._thread = WorkerThread(self._serve)

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
        return {}

    async def take(self, events: list[Handover]) -> bool:
        """Straight from the outbox to the lanes, in one write: the shape without a broker."""

        def job(tx: Transaction) -> None:
            now = self._ledger.now()
            intake.take(tx, events, self._terms, now, report=False)
            for event in events:
                requests.recorded(tx, event.restaurant, (event.seq,), now)

        await self._ledger.write(job)
        return True

    async def _serve(self, announce: Callable[[Worker], None]) -> None:
        worker = Worker(self._context, self._posts)
        running = asyncio.ensure_future(worker.run())
        started = asyncio.ensure_future(worker.started.wait())
        await asyncio.wait({running, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if not running.done():
            announce(worker)
        await running


class IngressService:
    """Hands recorded events over to whoever serves the restaurant."""

    def __init__(
        self,
        config: Config,
        *,
        ledger: Ledger,
        metrics: Metrics,
        pulses: Pulses,
        worker: WorkerService | None,
    ) -> None:
        if worker is None:
            raise ValueError("without a broker the worker must be in this process")
        self._worker = worker
        restaurants = tuple(one.id for one in config.restaurants)
        self._forwarder = Forwarder(ledger, worker.take, restaurants=restaurants)
        self._task: asyncio.Task[None] | None = None
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def live_probe(self) -> LiveProbe:
        return self._worker.probe

    async def start(self) -> None:
        self._task = asyncio.create_task(self._forwarder.run(), name="forwarder")
        self._task.add_done_callback(self._note_death)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def describe_links(self) -> dict[str, Any]:
        return {}

    def _note_death(self, task: "asyncio.Task[None]") -> None:
        if self.died.done() or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.died.set_exception(error)
