import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from bridge.broker import Lock, LockState

pytestmark = pytest.mark.broker

HOLDER = """
import asyncio, sys
from bridge.broker import Link, Lock, LockState, Names

async def main():
    link = Link([sys.argv[1]], "other")
    lock = Lock(link, Names(sys.argv[2]), "r", lambda state: print(state, flush=True))
    async with asyncio.TaskGroup() as group:
        group.create_task(link.run())
        group.create_task(lock.hold())

asyncio.run(main())
"""


@pytest.fixture
def lock(names, owned):
    def take(link, restaurant="r"):
        lock = Lock(link, names, restaurant, retry_after=0.05)
        lock.task = owned(lock.hold())
        return lock

    return take


async def test_only_one_of_two_gets_the_lock(lock, links, broker, eventually):
    first = lock(await links(broker.url))
    await eventually(lambda: first.is_held)
    second = lock(await links(broker.url))
    await eventually(lambda: second.state is LockState.REFUSED)
    assert "RESOURCE_LOCKED" in second.sentence
    assert first.is_held
    assert not second.is_held


async def test_each_restaurant_has_a_lock_of_its_own(lock, links, broker, eventually):
    one = lock(await links(broker.url), "r")
    two = lock(await links(broker.url), "s")
    await eventually(lambda: one.is_held and two.is_held)


async def test_a_released_lock_goes_to_the_one_who_waits(lock, links, broker, eventually):
    first = lock(await links(broker.url))
    await eventually(lambda: first.is_held)
    second = lock(await links(broker.url))
    await eventually(lambda: second.state is LockState.REFUSED)
    first.task.cancel()
    await eventually(lambda: second.is_held)
    assert not first.is_held


async def test_losing_the_connection_is_losing_the_lock_at_once(
    lock, links, proxy, broker, eventually
):
    link = await links(proxy.url)
    held = lock(link)
    await eventually(lambda: held.is_held)
    link.connection._wire.abort()
    await link.wait_lost(1)
    assert not held.is_held
    await eventually(lambda: held.is_held)
    assert link.generation == 2


async def test_the_lock_of_a_killed_process_goes_to_the_one_who_waits(
    lock, links, names, broker, eventually
):
    command = [sys.executable, "-c", HOLDER, broker.url, names.prefix]
    other = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        async with asyncio.timeout(60):
            while await other.stdout.readline() != b"held\n":
                pass
        waiting = lock(await links(broker.url))
        await eventually(lambda: waiting.state is LockState.REFUSED)
    finally:
        other.kill()
        await other.communicate()
    await eventually(lambda: waiting.is_held)
