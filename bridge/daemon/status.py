"""One line for the people who ask `systemctl status`, and the numbers behind /metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bridge.model import PosState
from bridge.notify import Notifier

REFRESH_EVERY = 10.0
READY_AGAIN = 1.0
NAMED = 3

Health = dict[str, Any]


class Status:
    """Tells the service manager that the bridge is ready, again until it is heard; then how it is.

    Reading the health refreshes the numbers of /metrics, too.
    """

    def __init__(self, notifier: Notifier, health: Callable[[], Awaitable[Health]]) -> None:
        self._notifier = notifier
        self._health = health
        self._is_ready_known = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tell()
            await asyncio.sleep(REFRESH_EVERY if self._is_ready_known else READY_AGAIN)

    async def tell(self) -> None:
        if not self._is_ready_known:
            self._is_ready_known = self._notifier.ready("ready")
        self._notifier.status(summarize(await self._health()))


def summarize(health: Health) -> str:
    """What a person wants to know first, in one line."""
    ledger = health["ledger"]
    if not ledger["writable"]:
        return f"NO ORDER CAN BE TAKEN: the ledger cannot be written ({ledger['reason']})"
    found = [_backlog(ledger), *_links(health["broker"]), *_restaurants(health["restaurants"])]
    return "; ".join(one for one in found if one)


def _backlog(ledger: Health) -> str:
    number = ledger["events_waiting"]
    if not number:
        return "no event waits"
    return f"{number} events wait for a worker, the oldest since {ledger['oldest_waiting_at']}"


def _links(broker: Health) -> list[str]:
    links = {name: one for name, one in broker.items() if "state" in one}
    bad = [f"{name} {one['state']}" for name, one in links.items() if one["state"] != "up"]
    missing = [name for name, state in broker.get("locks", {}).items() if state != "held"]
    return [
        f"broker: {', '.join(bad)}" if bad else "",
        _named("events do not get through", list(broker.get("not_through", {}))),
        _named("not declared at the broker", list(broker.get("degraded", {}))),
        _named("queue not read", list(broker.get("not_read", {}))),
        _named("served elsewhere or not locked", missing),
    ]


def _restaurants(restaurants: Health) -> list[str]:
    down = [name for name, one in restaurants.items() if one["state"] == PosState.DOWN]
    unknown = [name for name, one in restaurants.items() if one["state"] == PosState.UNKNOWN]
    held = sum(one["deliveries"].get("held", 0) for one in restaurants.values())
    return [
        _named("POS down", down),
        _named("POS unknown", unknown),
        f"{held} held for a person to decide" if held else "",
    ]


def _named(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}"
