"""One process of the bridge, from its configuration to its clean end.

ledger --- console                  main thread, main loop
    |----- worker: lanes, probes    thread and loop of their own
    `----- ingress: outbox, listener     main loop; opened last, closed first
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import structlog

from bridge.config import Config, Role, describe, lacks
from bridge.daemon import assembly, doors, listeners
from bridge.daemon.basics import Basics
from bridge.daemon.health import Health
from bridge.daemon.ingress_service import IngressService
from bridge.daemon.parts import end_of
from bridge.daemon.status import Status
from bridge.daemon.watchdog import Watchdog
from bridge.daemon.worker_service import WorkerService
from bridge.ledger import Ledger, LedgerError, pauses, requests
from bridge.model import Pulses
from bridge.notify import Notifier
from bridge.registry import RegistryError
from bridge.telemetry import Metrics
from bridge.worker.worker import recover

# From the wish to stop until running attempts are left as they are; with what closes after that,
# below the unit's TimeoutStopSec.
STOP_PATIENCE = 40.0
# What closes after that, the ledger last, has so much longer; a disk may not answer any more.
CLOSE_PATIENCE = 4.0
LEDGER_PATIENCE = 10.0
# Without a ledger no attempt can end well: there is nothing to wait for.
NO_LEDGER_PATIENCE = 0.5
# What a start may take before the service manager must hear from us again.
START_LIMIT = 60.0

log = structlog.get_logger()


class StartError(Exception):
    """The daemon cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where a started daemon listens; an empty URL for what it does not serve."""

    ingress: str
    console: str


class Daemon:
    """`run` returns after `stop`; a second `stop` leaves what is being sent as it is."""

    def __init__(
        self,
        config: Config,
        *,
        role: Role = Role.ALL,
        notifier: Notifier | None = None,
        stop_patience: float = STOP_PATIENCE,
    ) -> None:
        self._config = config
        self._role = role
        self._notifier = notifier or Notifier({})
        self._stop_patience = stop_patience
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stops_since = 0.0
        self._is_open = False
        self._worker: WorkerService | None = None
        self._ingress: IngressService | None = None

    def stop(self) -> None:
        """End cleanly; called again: end now. May be called before `run`, too."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self, on_ready: Callable[[Ready], None] = lambda _ready: None) -> None:
        """Serve until `stop`. Raises StartError, or the error of the part that died."""
        self._check_role()
        files = listeners.raise_file_limit()
        listeners.quiet_accept_errors(asyncio.get_running_loop())
        log.info("starting", role=self._role, files=files, configuration=describe(self._config))
        async with AsyncExitStack() as stack:
            try:
                await self._run_on(stack, on_ready)
            finally:
                self._stops_since = time.monotonic()
                self._notifier.stopping("finishing what runs")
                log.info("stopping")
        log.info("stopped")

    async def _run_on(self, stack: AsyncExitStack, on_ready: Callable[[Ready], None]) -> None:
        basics = await self._open_ledger(stack)
        ready = await self._unless_stopped(self._start(stack, basics))
        if ready is not None:
            log.info("ready", ingress=ready.ingress, console=ready.console)
            on_ready(ready)
            await self._serve(basics)

    def _check_role(self) -> None:
        config = self._config
        found = lacks(
            self._role,
            has_broker=config.broker is not None,
            has_endpoint=bool(config.endpoints),
            has_restaurant=bool(config.restaurants),
        )
        if found:
            raise StartError("; ".join(f"{one.found}; {one.hint}" for one in found))

    async def _open_ledger(self, stack: AsyncExitStack) -> Basics:
        metrics = Metrics()

        def on_lost(error: BaseException) -> None:
            metrics.ledger_errors.inc()
            log.error("ledger_write_lost", reason=str(error))

        self._notifier.extend(START_LIMIT)
        try:
            ledger = await Ledger.open(
                self._config.ledger.directory,
                on_lost=on_lost,
                room=assembly.build_room(self._config),
            )
        except LedgerError as error:
            raise StartError(f"the ledger cannot be used: {error}") from error
        stack.callback(self._close_ledger, ledger)
        return Basics(config=self._config, ledger=ledger, metrics=metrics, pulses=Pulses())

    def _close_ledger(self, ledger: Ledger) -> None:
        left = self._patience_left() + CLOSE_PATIENCE
        ledger.close(max(1.0, min(LEDGER_PATIENCE, left)))

    def _patience_left(self) -> float:
        return self._stop_patience - (time.monotonic() - self._stops_since)

    async def _unless_stopped(self, starting: Coroutine[Any, Any, Ready]) -> Ready | None:
        """None if the wish to stop came first: a start may hang, at a vendor's call for one."""
        task = asyncio.create_task(starting, name="start")
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def _start(self, stack: AsyncExitStack, basics: Basics) -> Ready:
        """Recovery first, then console and worker, then the ingress: it closes first."""
        try:
            since = await self._recover(basics)
            console = await doors.open_console(
                stack,
                basics,
                self._build_health(basics).read,
                has_ingress=self._role is not Role.WORKER,
                has_worker=self._role is not Role.INGRESS,
                find_desk=lambda: self._worker.desk if self._worker else None,
            )
            if self._role is not Role.INGRESS:
                await self._start_worker(stack, basics, since, console)
            ingress = await self._start_ingress(stack, basics)
            self._is_open = True
        except (OSError, LedgerError, RegistryError, ValueError) as error:
            raise StartError(str(error)) from error
        return Ready(ingress=ingress, console=console)

    async def _recover(self, basics: Basics) -> dict[str, float]:
        """Since when each restaurant is served; only who serves it notes that."""
        ledger, names = basics.ledger, list(basics.restaurants)
        if self._role is not Role.WORKER:
            await ledger.write(requests.settle_after_crash)
        if self._role is Role.INGRESS:
            return {}
        return await ledger.write(lambda tx: recover(tx, names, ledger.now()))

    async def _start_worker(
        self, stack: AsyncExitStack, basics: Basics, since: dict[str, float], console: str
    ) -> None:
        paused = await basics.ledger.read(pauses.load)
        service = self._worker = WorkerService(
            basics,
            assembly.build_posts(self._config, paused),
            terms=assembly.build_terms(self._config, since),
            console=self._config.console.url or console,
            random=random.SystemRandom().random,
        )
        stack.push_async_callback(self._stop_worker, basics, service)
        try:
            await service.thread.start()
        except Exception as error:
            log.exception("worker_not_started")
            reason = f"{type(error).__name__}: {error}"
            raise StartError(f"the worker cannot start: {reason}") from error

    async def _stop_worker(self, basics: Basics, service: WorkerService) -> None:
        patience = self._patience_left()
        if not basics.ledger.alive:
            patience = min(patience, NO_LEDGER_PATIENCE)
        if not await service.thread.stop(max(0.0, patience), self._hurry):
            log.warning("attempts_left_running", hint="they are resolved at the next start")

    async def _start_ingress(self, stack: AsyncExitStack, basics: Basics) -> str:
        if self._role is Role.WORKER:
            return ""
        worker = self._worker
        service = self._ingress = IngressService(basics, take=worker.take if worker else None)
        service.start()
        stack.push_async_callback(service.stop)
        return await doors.open_ingress(
            stack, basics, worker, backlog=service.backlog, lag=service.lag
        )

    def _build_health(self, basics: Basics) -> Health:
        return Health(
            ledger=basics.ledger,
            pulses=basics.pulses,
            metrics=basics.metrics,
            restaurants=basics.restaurants,
            broker=self._describe_broker,
            is_open=lambda: self._is_open,
        )

    def _describe_broker(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in (self._ingress, self._worker):
            links = part.describe_links() if part is not None else {}
            degraded = {**found.get("degraded", {}), **links.get("degraded", {})}
            found |= links | ({"degraded": degraded} if degraded else {})
        return found

    async def _serve(self, basics: Basics) -> None:
        """Until stopped, or until a part died."""
        worker = self._worker
        beat = (lambda: worker.thread.beat_at) if worker is not None else None
        watchdog = Watchdog(self._notifier, basics.ledger, beat)
        status = Status(self._notifier, self._build_health(basics).read)
        own = {
            "the watchdog": asyncio.create_task(watchdog.run()),
            "the status": asyncio.create_task(status.run()),
            "the wish to stop": asyncio.create_task(self._stop.wait()),
        }
        try:
            await self._wait_for_end(own | self._lives(basics))
        finally:
            for task in own.values():
                task.cancel()
            await asyncio.gather(*own.values(), return_exceptions=True)

    def _lives(self, basics: Basics) -> "dict[str, asyncio.Future[None]]":
        """What must go on for as long as the daemon runs."""
        lives = {"the ledger": basics.ledger.died}
        if self._worker is not None:
            lives["the worker"] = self._worker.thread.died
        if self._ingress is not None:
            lives["the ingress"] = self._ingress.died
        return lives

    async def _wait_for_end(self, lives: "dict[str, asyncio.Future[Any]]") -> None:
        await asyncio.wait(lives.values(), return_when=asyncio.FIRST_COMPLETED)
        if self._stop.is_set():
            return
        for name, life in lives.items():
            if life.done():
                error = end_of(life, name)
                log.error("part_died", part=name, exc_info=error)
                raise error
