import asyncio
from contextlib import suppress

import pytest

from bridge.broker import Link, Names, Publisher, declare, exchanges
from bridge.broker.topology import Exchange
from tests.integration.broker.proxy import Proxy
from tests.rabbitmq_node import free_ports


@pytest.fixture
def names(broker):
    return Names(broker.fresh_prefix())


@pytest.fixture
async def links():
    """`await links(url)`: a link that is up; all end with the test."""
    started = []

    async def start(*urls, heartbeat=10, wait=True):
        link = Link(urls, f"test-{len(started)}", heartbeat=heartbeat, probe_every=0.1)
        started.append((link, asyncio.create_task(link.run())))
        if wait:
            async with asyncio.timeout(30):
                await link.wait_up()
        return link

    yield start
    for link, _ in started:
        await link.close()
    await asyncio.gather(*(task for _, task in started))


@pytest.fixture
async def link(links, broker):
    return await links(broker.url)


@pytest.fixture
def publisher(link):
    return Publisher(link)


@pytest.fixture
async def plant(broker, names, links):
    """Declares with no problem, and removes it all after the test."""
    gardener = await links(broker.url)
    planted = list(exchanges(names))

    async def plant(*items):
        planted.extend(items)
        problems = await declare(gardener.connection, [*exchanges(names), *items])
        assert problems == ()

    yield plant
    async with asyncio.timeout(60):
        await gardener.wait_up()
        async with gardener.connection.channel() as channel:
            for item in planted:
                if isinstance(item, Exchange):
                    await channel.exchange_delete(item.name)
                elif not item.exclusive:
                    await channel.queue_delete(item.name)


@pytest.fixture
async def owned():
    """Starts a coroutine that ends with the test."""
    tasks = []

    def own(coroutine):
        tasks.append(asyncio.create_task(coroutine))
        return tasks[-1]

    yield own
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def proxy(broker):
    async with Proxy(broker.url) as proxy:
        yield proxy


@pytest.fixture
def eventually():
    """Waits for a fact; the limit only ends a test that would fail anyway."""

    async def wait(holds, limit=60.0):
        async with asyncio.timeout(limit):
            while not holds():  # noqa: ASYNC110  a fact at the broker has no event
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def free_port():
    return free_ports(1)[0]
