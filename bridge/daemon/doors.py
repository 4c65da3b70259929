"""What stands behind each listener, built from the configuration."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bridge import console
from bridge.console import ConsoleContext, RestaurantView
from bridge.console.context import Desk
from bridge.daemon import assembly, listeners
from bridge.daemon.basics import Basics
from bridge.ingress import app, reception
from bridge.ingress.admission import Admission
from bridge.ingress.backlog import Backlog
from bridge.ingress.call import Budgets
from bridge.ingress.gate import Gate
from bridge.ingress.lag import Lag
from bridge.ingress.quotes import Quotes
from bridge.model import Cart, Deadline

Health = Callable[[], Awaitable[dict[str, Any]]]


async def open_console(
    stack: AsyncExitStack,
    basics: Basics,
    health: Health,
    *,
    has_ingress: bool,
    has_worker: bool,
    find_desk: Callable[[], Desk | None],
) -> str:
    """On TCP for people and programs, on the unix socket for commands; returns the URL."""
    settings = basics.config.console
    context = ConsoleContext(
        ledger=basics.ledger,
        restaurants=[
            RestaurantView(
                id=one.id,
                name=one.name,
                adapter=one.adapter,
                timezone=one.timezone,
                waits_for_sign=one.release == "on_commit",
                quotes_in_vain=has_ingress and not has_worker and assembly.can_quote(one),
            )
            for one in basics.config.restaurants
        ],
        token=settings.token.reveal() if settings.token else None,
        metrics=basics.metrics,
        health=health,
        now=basics.ledger.now,
        has_worker=has_worker,
        find_desk=find_desk,
    )
    address = settings.address(worker_only=not has_ingress)
    url = await listeners.open_console(stack, console.build(context), address)
    trusted = console.build(context, trusted=True)
    await listeners.open_socket(stack, trusted, Path(settings.socket))
    return url


class Pos(Protocol):
    """The worker of this process, which can be asked while a guest waits."""

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None: ...

    def makes_quotes(self, restaurant: str) -> bool: ...

    async def quote(self, cart: Cart, deadline: Deadline) -> object: ...


async def open_ingress(
    stack: AsyncExitStack, basics: Basics, pos: Pos | None, *, backlog: Backlog, lag: Lag
) -> str:
    """For the platform's calls; returns the URL."""
    config, settings = basics.config, basics.config.ingress
    restaurants = {one.bbot_id for one in config.restaurants}
    context = app.IngressContext(
        reception=reception.build(
            basics.ledger,
            _build_gate(basics, pos, backlog),
            await _open_quotes(basics, pos),
            metrics=basics.metrics,
            known_restaurants=restaurants.__contains__,
            admission=Admission(basics.metrics, lag),
        ),
        ledger=basics.ledger,
        endpoints=assembly.build_endpoints(config),
        metrics=basics.metrics,
        budgets=Budgets(order=settings.order_budget, promo=settings.promo_budget),
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


def _build_gate(basics: Basics, pos: Pos | None, backlog: Backlog) -> Gate:
    return Gate(
        basics.pulses,
        assembly.build_gate_terms(basics.config),
        now=_now,
        live_probe=pos.probe if pos else None,
        waiting_since=backlog.waiting_since,
    )


async def _open_quotes(basics: Basics, pos: Pos | None) -> Quotes:
    def count(restaurant: str, problem: str) -> None:
        basics.metrics.quote_problems.labels(restaurant, problem).inc()

    quotes = Quotes(
        basics.ledger,
        assembly.build_offers(basics.config),
        now=_now,
        ask_adapter=pos.quote if pos else None,
        quoting=pos.makes_quotes if pos else lambda _restaurant: False,
        count=count,
    )
    await quotes.load()
    return quotes


def _now() -> datetime:
    return datetime.now(UTC)
