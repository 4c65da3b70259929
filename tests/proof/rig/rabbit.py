"""A broker of our own, and all that may become of one."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import AMQPError
from yarl import URL

from bridge.broker import Names
from tests.proof.rig.schedule import Injection
from tests.proof.rig.site import BROKER_LOGIN, VIRTUAL_HOST
from tests.rabbitmq_node import HOST, LocalNode

_PLENTY: Final = "800MB"
_PURGE_EVERY: Final = 0.05
_PATIENCE: Final = 10.0
_TRIES: Final = 5
# As if somebody had made the queue by hand: no limit, no dead letters, any number of consumers.
_OTHER: Final = {"x-queue-type": "quorum"}


class Rabbit:
    """Its faults; each is over, and the broker whole again, when the call returns."""

    def __init__(self, node: LocalNode, restaurants: Sequence[str], seed: int) -> None:
        self._node = node
        self._names = Names()
        self._restaurants = restaurants
        self._chance = random.Random(f"broker/{seed}")  # noqa: S311  of a load
        self._faults = {
            "restart": self._restart,
            "kill": self._kill,
            "queue deleted": self._delete_queue,
            "queues purged": self._purge,
            "wiped": self._wipe,
            "alarm": self._alarm,
            "arguments changed": self._change_arguments,
        }

    @property
    def troubles(self) -> frozenset[str]:
        return frozenset(self._faults)

    async def prepare(self) -> None:
        """A virtual host that can be wiped."""
        await self._ctl("add_vhost", VIRTUAL_HOST)
        await self._ctl("set_permissions", "-p", VIRTUAL_HOST, BROKER_LOGIN[0], ".*", ".*", ".*")

    async def suffer(self, injection: Injection) -> bool:
        """False if there was nothing to do it to."""
        try:
            return await self._faults[injection.trouble](injection.seconds)
        except AMQPError:
            # Without its queue, which whoever needs it is about to declare.
            return False

    async def _restart(self, seconds: float) -> bool:
        await asyncio.to_thread(self._node.stop)
        return await self._come_back(seconds)

    async def _kill(self, seconds: float) -> bool:
        await asyncio.to_thread(self._node.kill)
        return await self._come_back(seconds)

    async def _come_back(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._node.start)
        return True

    async def _delete_queue(self, _seconds: float) -> bool:
        names = (await self._ctl("list_queues", "-p", VIRTUAL_HOST, "name")).split()
        queues = [name for name in names if name.startswith(self._names.prefix)]
        if not queues:
            return False
        async with self._open() as channel:
            await channel.queue_delete(self._chance.choice(sorted(queues)))
        return True

    async def _purge(self, seconds: float) -> bool:
        """Whatever waits for a worker is gone."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        async with self._open() as channel:
            queues = [
                await channel.get_queue(self._names.orders_queue(name), ensure=False)
                for name in self._restaurants
            ]
            while loop.time() < ends:
                for queue in queues:
                    await queue.purge()
                await asyncio.sleep(_PURGE_EVERY)
        return True

    async def _wipe(self, seconds: float) -> bool:
        await self._ctl("delete_vhost", VIRTUAL_HOST)
        await asyncio.sleep(seconds)
        await self.prepare()
        return True

    async def _alarm(self, seconds: float) -> bool:
        await self._ctl("set_vm_memory_high_watermark", "absolute", "1")
        await asyncio.sleep(seconds)
        await self._ctl("set_vm_memory_high_watermark", "absolute", _PLENTY)
        return True

    async def _change_arguments(self, seconds: float) -> bool:
        """Until somebody deletes the queue that is not as it should be."""
        name = self._chance.choice(list(self._restaurants))
        queue = self._names.orders_queue(name)
        for _try in range(_TRIES):
            try:
                await self._replace(queue, self._names.orders, name)
            except AMQPError:
                # Who misses it was quicker.
                continue
            await asyncio.sleep(seconds)
            async with self._open() as channel:
                await channel.queue_delete(queue)
            return True
        return False

    async def _replace(self, name: str, exchange: str, key: str) -> None:
        async with self._open() as channel:
            await channel.queue_delete(name)
            queue = await channel.declare_queue(name, durable=True, arguments=_OTHER)
            await queue.bind(exchange, key)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[AbstractChannel]:
        url = URL(self._node.url).with_path(f"/{VIRTUAL_HOST}")
        async with asyncio.timeout(_PATIENCE):
            connection = await aio_pika.connect(url)
        async with connection, connection.channel() as channel:
            yield channel

    async def _ctl(self, *arguments: str) -> str:
        return await asyncio.to_thread(self._node.ctl, *arguments)


def address_of(node: LocalNode) -> tuple[str, int]:
    """Where it listens, also while it is down."""
    return HOST, node.port
