"""The two connections of one half of the bridge, and what is published over the first."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from bridge.broker.link import Link, LinkState
from bridge.broker.names import Names
from bridge.broker.publisher import Publisher
from bridge.broker.topology import Item, declare

log = structlog.get_logger()


class Lines:
    """Separate connections, because an alarm at the broker stops publishers only.

    The links are called `<name>-publish` and `<name>-consume`. `on_change` hears of each turn of
    a link; `on_ready` is called when queues are declared on a new connection.
    """

    def __init__(
        self,
        urls: Sequence[str],
        name: str,
        *,
        names: Names,
        channels: int,
        on_change: Callable[[str, LinkState], None],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.names = names
        self.publishing = _link(urls, f"{name}-publish", on_change)
        self.consuming = _link(urls, f"{name}-consume", on_change)
        self.publisher = Publisher(self.publishing, channels)
        self._on_ready = on_ready
        self._declared = 0
        self._ready = asyncio.Event()

    async def wait_ready(self) -> None:
        """Until a publish can be tried, or a queue consumed."""
        await self._ready.wait()

    @property
    def is_ready(self) -> bool:
        """True when a publish can be tried: connected, and what it needs was declared."""
        return self.publishing.is_up and self._declared == self.publishing.generation

    async def run(self, items: Sequence[Item]) -> None:
        """Keep both up until cancelled; declare `items` on each new connection."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.publishing.run(), name=self.publishing.name)
            tasks.create_task(self.consuming.run(), name=self.consuming.name)
            tasks.create_task(self._declare(items), name="topology")

    def describe(self) -> dict[str, Any]:
        """By link: its state, why, and where to."""
        return {
            link.name: {
                "state": str(link.state),
                "reason": link.reason,
                "server": str(link.address),
            }
            for link in (self.publishing, self.consuming)
        }

    async def _declare(self, items: Sequence[Item]) -> None:
        while True:
            generation = await self.publishing.wait_up()
            for problem in await declare(self.publishing.connection, items):
                log.error(
                    "broker_degraded",
                    name=problem.name,
                    reason=problem.sentence,
                    code=problem.code,
                )
            self._declared = generation
            self._ready.set()
            self._on_ready()
            await self.publishing.wait_lost(generation)
            self._ready.clear()


def _link(urls: Sequence[str], name: str, on_change: Callable[[str, LinkState], None]) -> Link:
    return Link(urls, name, lambda state, _why: on_change(name, state))
