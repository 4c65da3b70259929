"""One process of the bridge, from its configuration to its clean end.

ledger --- ingress listener        main thread, main loop
    |  `-- console, forwarder
    `----- worker: lanes, probes   thread and loop of their own
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from bridge import console
from bridge.config import Address, Config, describe
from bridge.console import ConsoleContext, RestaurantView
from bridge.daemon import assembly, listeners
from bridge.daemon.health import Health
from bridge.daemon.service import Basics, IngressService, WorkerService
from bridge.daemon.watchdog import Watchdog
from bridge.ingress import app as ingress_app
from bridge.ingress.gate import Gate
from bridge.ingress.reception import Reception
from bridge.ledger import Ledger, LedgerError, requests
from bridge.model import Pulses
from bridge.notify import Notifier
from bridge.registry import RegistryError
from bridge.telemetry import Metrics
from bridge.worker.worker import recover

STOP_PATIENCE = 35.0  # with what closes besides, below the unit's TimeoutStopSec

log = structlog.get_logger()


class Role(StrEnum):
    """Which half of the bridge a process is."""

    ALL = "all"
    INGRESS = "ingress"
    WORKER = "worker"


class StartError(Exception):
    """The daemon cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where a started daemon listens; an empty URL for what it does not serve."""

    ingress: str
    console: str


@dataclass(slots=True, kw_only=True)
class _Parts:
    """What the steps of starting hand to each other."""

    ledger: Ledger
    metrics: Metrics
    pulses: Pulses = field(default_factory=Pulses)
    ingress: IngressService | None = None
    worker: WorkerService | None = None
    since: dict[str, float] = field(default_factory=dict)


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

    def stop(self) -> None:
        """End cleanly; called again: end now."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self, on_ready: Callable[[Ready], None] = lambda _ready: None) -> None:
        """Serve until `stop`. Raises StartError, or the error of the part that died."""
        self._check_role()
        log.info("starting", role=self._role, configuration=describe(self._config))
        async with AsyncExitStack() as stack:
            parts = await self._open_ledger(stack)
            try:
                ready = await self._start(stack, parts)
            except (OSError, RegistryError, ValueError) as error:
                raise StartError(str(error)) from error
            log.info("ready", ingress=ready.ingress, console=ready.console)
            self._notifier.ready("taking orders")
            on_ready(ready)
            await self._serve(parts)
            self._notifier.stopping("finishing what runs")
            log.info("stopping")
        log.info("stopped")

    def _check_role(self) -> None:
        if self._role is not Role.ALL and self._config.broker is None:
            raise StartError(
                f"--role {self._role} needs the section [broker]: without RabbitMQ one process "
                "does both, so start it without --role"
            )
        if self._role is not Role.WORKER and not self._config.endpoints:
            raise StartError("there is no [[endpoints]] section: nobody could send an order")
        if not self._config.restaurants:
            raise StartError(
                "there is no restaurant: add a file for each to the restaurants folder"
            )

    async def _open_ledger(self, stack: AsyncExitStack) -> _Parts:
        metrics = Metrics()

        def on_lost(error: BaseException) -> None:
            metrics.ledger_errors.inc()
            log.error("ledger_write_lost", reason=str(error))

        directory = self._config.ledger.directory
        self._notifier.extend(60.0)
        try:
            ledger = await Ledger.open(directory, on_lost=on_lost)
        except LedgerError as error:
            raise StartError(f"the ledger cannot be used: {error}") from error
        stack.callback(ledger.close)
        return _Parts(ledger=ledger, metrics=metrics)

    async def _start(self, stack: AsyncExitStack, parts: _Parts) -> Ready:
        """Recovery first, then the worker, then the doors."""
        names = [restaurant.id for restaurant in self._config.restaurants]
        ledger = parts.ledger
        parts.since = await ledger.write(lambda tx: recover(tx, names, ledger.now()))
        await ledger.write(requests.settle_after_crash)
        console_address = self._config.console.address(worker_only=self._role is Role.WORKER)
        if self._role is not Role.INGRESS:
            parts.worker = await self._start_worker(stack, parts, console_address)
        if self._role is not Role.WORKER:
            parts.ingress = await self._start_ingress(stack, parts)
        console_url = await self._open_console(stack, parts, console_address)
        ingress_url = await self._open_ingress(stack, parts)
        return Ready(ingress=ingress_url, console=console_url)

    async def _start_worker(
        self, stack: AsyncExitStack, parts: _Parts, console_address: Address
    ) -> WorkerService:
        service = WorkerService(
            self._basics(parts),
            assembly.build_posts(self._config),
            terms=assembly.build_terms(self._config, parts.since),
            console=self._config.console.url
            or f"http://{console_address.host}:{console_address.port}",
            random=random.SystemRandom().random,
        )
        await service.start()
        stack.push_async_callback(self._stop_worker, service)
        return service

    async def _stop_worker(self, service: WorkerService) -> None:
        stopping = asyncio.ensure_future(service.stop(self._stop_patience))
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({stopping, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not stopping.done():
            service.cancel()
        if not await stopping:
            log.warning("attempts_left_running", hint="they are resolved at the next start")

    async def _start_ingress(self, stack: AsyncExitStack, parts: _Parts) -> IngressService:
        service = IngressService(self._basics(parts), parts.worker)
        await service.start()
        stack.push_async_callback(service.stop)
        return service

    async def _open_console(self, stack: AsyncExitStack, parts: _Parts, address: Address) -> str:
        token = self._config.console.token
        context = ConsoleContext(
            ledger=parts.ledger,
            restaurants=[
                RestaurantView(id=one.id, name=one.name, adapter=one.adapter, timezone=one.timezone)
                for one in self._config.restaurants
            ],
            token=token.reveal() if token else None,
            metrics=parts.metrics,
            health=self._health(parts).read,
            now=parts.ledger.now,
            has_worker=parts.worker is not None,
        )
        url = await listeners.open_console(stack, console.build(context), address)
        trusted = console.build(context, trusted=True)
        await listeners.open_socket(stack, trusted, Path(self._config.console.socket))
        return url

    async def _open_ingress(self, stack: AsyncExitStack, parts: _Parts) -> str:
        if parts.ingress is None:
            return ""
        restaurants = {one.bbot_id for one in self._config.restaurants}
        gate = Gate(
            parts.pulses,
            assembly.build_gate_terms(self._config),
            now=lambda: datetime.now(UTC),
            live_probe=parts.ingress.probe if parts.ingress.can_probe else None,
        )
        reception = Reception(
            parts.ledger,
            gate,
            metrics=parts.metrics,
            known_restaurants=restaurants.__contains__,
        )
        settings = self._config.ingress
        context = ingress_app.IngressContext(
            reception=reception,
            ledger=parts.ledger,
            endpoints=assembly.build_endpoints(self._config),
            metrics=parts.metrics,
            order_budget=settings.order_budget,
            body_timeout=settings.body_timeout,
            max_body=settings.max_body,
        )
        limits = assembly.build_limits(self._config)
        app = ingress_app.build(context)
        return await listeners.open_ingress(stack, app, settings.address, limits)

    def _basics(self, parts: _Parts) -> Basics:
        return Basics(
            config=self._config,
            ledger=parts.ledger,
            metrics=parts.metrics,
            pulses=parts.pulses,
        )

    def _health(self, parts: _Parts) -> Health:
        return Health(
            ledger=parts.ledger,
            pulses=parts.pulses,
            metrics=parts.metrics,
            restaurants=tuple(one.id for one in self._config.restaurants),
            broker=lambda: _broker(parts),
        )

    async def _serve(self, parts: _Parts) -> None:
        """Until stopped, or until a part died; feeds the watchdog with real progress."""
        watchdog = Watchdog(self._notifier, parts.ledger, _beat(parts))
        owned = [part.died for part in (parts.worker, parts.ingress) if part is not None]
        tasks: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(self._stop.wait()),
            asyncio.ensure_future(watchdog.run()),
            *owned,
        }
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
            elif task not in owned:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if not self._stop.is_set():
            raise RuntimeError("a part of the daemon ended by itself")


def _beat(parts: _Parts) -> Callable[[], float] | None:
    worker = parts.worker
    return (lambda: worker.beat_at) if worker is not None else None


def _broker(parts: _Parts) -> dict[str, Any]:
    links: dict[str, Any] = {}
    for part in (parts.ingress, parts.worker):
        if part is not None:
            links.update(part.describe_links())
    return links
