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
    a link; `on_ready` is called whenever publishing has become possible (again).
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
        self._on_change = on_change
        self._on_ready = on_ready
        self.publishing = Link(urls, f"{name}-publish", self._note_publishing)
        self.consuming = Link(urls, f"{name}-consume", self._note_consuming)
        self.publisher = Publisher(self.publishing, channels)
        self._declared = 0
        self._ready = asyncio.Event()
        self._degraded: dict[str, str] = {}

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
            tasks.create_task(self._keep_declared(items), name="topology")

    async def restore(self, *items: Item) -> None:
        """Declare again what the broker turned out to lack."""
        for item in items:
            self._degraded.pop(item.name, None)
        for problem in await declare(self.publishing.connection, items):
            self._degraded[problem.name] = problem.sentence
            log.error(
                "broker_degraded",
                name=problem.name,
                reason=problem.sentence,
                code=problem.code,
            )

    def describe(self) -> dict[str, Any]:
        """By link: its state, why, and where to; and what could not be declared, if anything."""
        links: dict[str, Any] = {
            link.name: {
                "state": str(link.state),
                "reason": link.reason,
                "server": str(link.address),
            }
            for link in (self.publishing, self.consuming)
        }
        return {**links, "degraded": dict(self._degraded)} if self._degraded else links

    async def _keep_declared(self, items: Sequence[Item]) -> None:
        while True:
            generation = await self.publishing.wait_up()
            self._degraded.clear()
            await self.restore(*items)
            self._declared = generation
            self._ready.set()
            self._on_ready()
            await self.publishing.wait_lost(generation)
            self._ready.clear()

    def _note_publishing(self, state: LinkState, _why: str) -> None:
        self._on_change(self.publishing.name, state)
        if self.is_ready:
            # Blocked until now: whoever has something to publish need not wait for its own time.
            self._on_ready()

    def _note_consuming(self, state: LinkState, _why: str) -> None:
        self._on_change(self.consuming.name, state)
