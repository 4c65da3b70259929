"""What the console is given by the daemon, and how its handlers reach it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiohttp import web

from bridge.console.problem import Refusal
from bridge.ledger import Ledger
from bridge.ledger.decisions import Answer, Demand
from bridge.telemetry import Metrics

BOARD: Final = "board"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantView:
    """A restaurant as the console shows it; `timezone` is an IANA name.

    `waits_for_sign`: its orders wait until the platform says that the guest paid.
    `quotes_in_vain`: its adapter makes quotes, and no process asks for them.
    """

    id: str
    name: str
    adapter: str
    timezone: str
    waits_for_sign: bool = False
    quotes_in_vain: bool = False

    @property
    def has_board(self) -> bool:
        """True if its tickets stand on the kitchen board and nowhere else."""
        return self.adapter == BOARD


class Desk(Protocol):
    """Carries out what people decide, where the worker is."""

    async def decide(self, demand: Demand) -> Answer: ...

    async def pause(self, restaurant: str, *, who: str, reason: str) -> None: ...

    async def resume(self, restaurant: str, *, who: str) -> None: ...

    async def take_over(self, restaurant: str, *, who: str, dry_run: bool) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleContext:
    """`health` gives {"ready": bool, "ledger": ..., "broker": ..., "restaurants": {id: ...}}.

    Without a `token` nobody gets in, except over the listener that is built as trusted.
    Boards, and the desk, are where the worker is: without `has_worker` this console only names
    that place.
    """

    ledger: Ledger
    restaurants: Sequence[RestaurantView]
    token: str | None
    metrics: Metrics
    health: Callable[[], Awaitable[dict[str, Any]]]
    now: Callable[[], float]
    has_worker: bool = True
    find_desk: Callable[[], Desk | None] = lambda: None

    def find(self, restaurant: str) -> RestaurantView:
        """Raises Refusal (404), which names the ones there are."""
        for view in self.restaurants:
            if view.id == restaurant:
                return view
        known = [view.id for view in self.restaurants]
        raise Refusal(
            404,
            "unknown_restaurant",
            f"no restaurant is called {restaurant!r} here; known: {', '.join(known) or 'none'}",
            restaurants=known,
        )

    async def find_kitchen(self, restaurant: str) -> RestaurantView:
        """As `find`, for what only the worker's console has: else Refusal (421) says where."""
        view = self.find(restaurant)
        if self.has_worker:
            return view
        raise await self.elsewhere(restaurant, "the kitchen board is")

    async def elsewhere(self, restaurant: str, what: str) -> Refusal:
        """The refusal (421) that says where the worker is."""
        known = (await self.health()).get("restaurants", {})
        places = [known.get(restaurant, {})] if restaurant else known.values()
        consoles = sorted({place.get("console", "") for place in places} - {""})
        place = ", ".join(consoles) or "not known yet: no worker was heard"
        return Refusal(
            421,
            "worker_is_elsewhere",
            f"this process takes orders in; {what} at the worker's console: {place}",
            console=consoles[0] if len(consoles) == 1 else "",
        )


CONTEXT: Final = web.AppKey("context", ConsoleContext)


def context_of(request: web.Request) -> ConsoleContext:
    return request.app[CONTEXT]
