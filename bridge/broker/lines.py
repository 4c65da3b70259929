"""The two connections of one half of the bridge, and what is published over the first."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bridge.broker.dial import Connection
from bridge.broker.link import Link, LinkState
from bridge.broker.names import Names
from bridge.broker.publisher import Publisher
from bridge.broker.topology import Item, Problem, Queue, declare

# What is lacking at the broker, or could not be declared, is tried again after this time.
MEND_EVERY = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Degraded:
    """`generation`: of the connection that an exclusive item belongs to, and ends with."""

    item: Item
    sentence: str
    generation: int


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
        self.publisher = Publisher(self.publishing, channels, self._note_missing)
        self._declared = 0
        self._ready = asyncio.Event()
        self._degraded: dict[str, _Degraded] = {}
        self._lacks_exchange = False

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

    async def restore(self, *items: Item) -> bool:
        """Declare again what the broker turned out to lack; True if all of it is there now.

        What cannot be declared is told of, and tried again until it can.
        """
        found = await declare(self._find_connection(items), items)
        problems = {problem.name: problem for problem in found}
        for item in items:
            self._note_declared(item, problems.get(item.name))
        return not problems

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
        degraded = {name: one.sentence for name, one in self._degraded.items()}
        return {**links, "degraded": degraded} if degraded else links

    async def _keep_declared(self, items: Sequence[Item]) -> None:
        while True:
            generation = await self.publishing.wait_up()
            await self.restore(*items)
            # What hung on an exchange of these, and was too early for it.
            await self._mend_own()
            self._declared = generation
            self._ready.set()
            self._on_ready()
            await self._mend_until_lost(generation, items)
            self._ready.clear()

    async def _mend_until_lost(self, generation: int, items: Sequence[Item]) -> None:
        lost = asyncio.ensure_future(self.publishing.wait_lost(generation))
        try:
            while not (await asyncio.wait({lost}, timeout=MEND_EVERY))[0]:
                await self._mend(items)
        finally:
            lost.cancel()

    async def _mend(self, items: Sequence[Item]) -> None:
        """An exchange that is gone took all its bindings with it: then everything is declared."""
        lacking = self._list_degraded()
        if self._lacks_exchange:
            self._lacks_exchange = False
            lacking = [*items]
        shared = [item for item in lacking if not _is_exclusive(item)]
        if shared and await self.restore(*shared):
            self._on_ready()
        await self._mend_own()

    async def _mend_own(self) -> None:
        """What is exclusive belongs to the consuming connection, and to no later one."""
        own = [item for item in self._list_degraded() if _is_exclusive(item)]
        if own:
            await self.restore(*own)

    def _list_degraded(self) -> list[Item]:
        self._degraded = {
            name: one
            for name, one in self._degraded.items()
            if not _is_exclusive(one.item) or one.generation == self.consuming.generation
        }
        return [one.item for one in self._degraded.values()]

    def _note_declared(self, item: Item, problem: Problem | None) -> None:
        before = self._degraded.pop(item.name, None)
        if problem is None:
            if before is not None:
                log.info("broker_mended", name=item.name)
            return
        if before is None or before.sentence != problem.sentence:
            reason, code = problem.sentence, problem.code
            log.error("broker_degraded", name=item.name, reason=reason, code=code)
        self._degraded[item.name] = _Degraded(
            item=item, sentence=problem.sentence, generation=self.consuming.generation
        )

    def _find_connection(self, items: Sequence[Item]) -> Connection | None:
        """An alarm does not block the consuming one, and what is exclusive belongs to it."""
        if any(map(_is_exclusive, items)):
            return self.consuming.connection
        return self.consuming.connection or self.publishing.connection

    def _note_missing(self) -> None:
        self._lacks_exchange = True

    def _note_publishing(self, state: LinkState, _why: str) -> None:
        self._on_change(self.publishing.name, state)
        if self.is_ready:
            # Blocked until now: whoever has something to publish need not wait for its own time.
            self._on_ready()

    def _note_consuming(self, state: LinkState, _why: str) -> None:
        self._on_change(self.consuming.name, state)


def _is_exclusive(item: Item) -> bool:
    """True for what ends with its connection."""
    return isinstance(item, Queue) and item.exclusive
