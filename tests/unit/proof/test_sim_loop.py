"""Time passes only when everybody waits, and the dead do nothing."""

import asyncio
from contextvars import copy_context

import pytest

from tests.proof.sim.loop import LIFE, Life, SimLoop, clock


@pytest.fixture
def loop():
    loop = SimLoop()
    yield loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_an_hour_is_over_at_once(loop):
    began = clock.at

    loop.run_until_complete(asyncio.sleep(3600))

    assert clock.at == pytest.approx(began + 3600)


def test_who_waits_less_is_first(loop):
    done = []

    async def wait(seconds):
        await asyncio.sleep(seconds)
        done.append(seconds)

    async def main():
        await asyncio.gather(wait(3), wait(1), wait(2))

    loop.run_until_complete(main())

    assert done == [1, 2, 3]


def test_a_time_out_comes_in_time(loop):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await asyncio.sleep(10)
        return clock.at

    began = clock.at
    assert loop.run_until_complete(main()) == pytest.approx(began + 2.5)


def test_a_wait_for_ever_is_told(loop):
    with pytest.raises(RuntimeError, match="waits for ever"):
        loop.run_until_complete(loop.create_future())


def test_the_dead_run_not_one_instruction_more(loop):
    life, done = Life(owner=None), []
    context = copy_context()
    context.run(LIFE.set, life)

    async def live():
        try:
            await asyncio.sleep(1)
            done.append("woke up")
        finally:
            done.append("tidied up")

    async def main():
        task = loop.create_task(live(), context=context)
        loop.call_later(1.5, done.append, "the others go on")
        await asyncio.sleep(0.5)
        life.is_over = True
        loop.forget(life)
        loop.call_soon(done.append, "too late", context=context)
        loop.call_later(0.1, done.append, "later still", context=context)
        await asyncio.sleep(2)
        assert not task.done()
        life.is_over = False

    loop.run_until_complete(main())

    assert done == ["the others go on"]
