"""What stands behind each listener, built from the configuration."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge import console
from bridge.console import ConsoleContext, RestaurantView
from bridge.daemon import assembly, listeners
from bridge.daemon.basics import Basics
from bridge.ingress import app
from bridge.ingress.gate import Gate, LiveProbe
from bridge.ingress.reception import Reception

Health = Callable[[], Awaitable[dict[str, Any]]]


async def open_console(
    stack: AsyncExitStack, basics: Basics, health: Health, *, has_ingress: bool, has_worker: bool
) -> str:
    """On TCP for people and programs, on the unix socket for commands; returns the URL."""
    settings = basics.config.console
    context = ConsoleContext(
        ledger=basics.ledger,
        restaurants=[
            RestaurantView(id=one.id, name=one.name, adapter=one.adapter, timezone=one.timezone)
            for one in basics.config.restaurants
        ],
        token=settings.token.reveal() if settings.token else None,
        metrics=basics.metrics,
        health=health,
        now=basics.ledger.now,
        has_worker=has_worker,
    )
    address = settings.address(worker_only=not has_ingress)
    url = await listeners.open_console(stack, console.build(context), address)
    trusted = console.build(context, trusted=True)
    await listeners.open_socket(stack, trusted, Path(settings.socket))
    return url


async def open_ingress(stack: AsyncExitStack, basics: Basics, live_probe: LiveProbe | None) -> str:
    """For the platform's calls; returns the URL."""
    config, settings = basics.config, basics.config.ingress
    gate = Gate(
        basics.pulses,
        assembly.build_gate_terms(config),
        now=lambda: datetime.now(UTC),
        live_probe=live_probe,
    )
    restaurants = {one.bbot_id for one in config.restaurants}
    reception = Reception(
        basics.ledger,
        gate,
        metrics=basics.metrics,
        known_restaurants=restaurants.__contains__,
    )
    context = app.IngressContext(
        reception=reception,
        ledger=basics.ledger,
        endpoints=assembly.build_endpoints(config),
        metrics=basics.metrics,
        order_budget=settings.order_budget,
        body_timeout=settings.body_timeout,
        max_body=settings.max_body,
    )
    return await listeners.open_ingress(
        stack,
        app.build(context),
        settings.address,
        assembly.build_limits(config),
        patience=assembly.build_patience(config),
    )
