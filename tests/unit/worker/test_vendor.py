import asyncio

import pytest

from bridge.worker import vendor
from bridge.worker.vendor import AdapterBugError, AdapterStuckError, call


async def answer(value):
    return value


async def fail(error):
    raise error


async def never():
    await asyncio.Event().wait()


async def test_the_answer_comes_back():
    assert await call(answer(7), int, limit=1.0) == 7


async def test_an_answer_of_another_kind_is_a_bug_of_the_adapter():
    with pytest.raises(AdapterBugError, match="str was returned instead of int"):
        await call(answer("7"), int, limit=1.0)


async def test_an_error_comes_back_as_it_is():
    with pytest.raises(KeyError):
        await call(fail(KeyError("x")), int, limit=1.0)


async def test_a_call_that_cancels_itself_cancels_nobody_else():
    with pytest.raises(AdapterBugError, match="cancelled itself"):
        await call(fail(asyncio.CancelledError()), int, limit=1.0)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_a_call_that_wants_to_end_the_program_is_a_bug_of_the_adapter(error):
    with pytest.raises(AdapterBugError, match=type(error).__name__):
        await call(fail(error), int, limit=1.0)


async def test_a_call_that_is_stopped_before_it_began_leaves_nothing_behind():
    asked, test = answer(7), asyncio.current_task()

    def end_the_loop():
        for task in asyncio.all_tasks() - {test}:
            task.cancel()

    calling = asyncio.create_task(call(asked, int, limit=1.0))
    asyncio.get_running_loop().call_soon(end_the_loop)
    await asyncio.wait({calling})
    assert asked.cr_frame is None


async def test_a_call_that_takes_too_long_is_stopped():
    with pytest.raises(TimeoutError):
        await call(never(), int, limit=0.0)


async def test_a_call_that_cannot_be_stopped_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(vendor, "LET_GO", 0.0)
    release = asyncio.Event()

    async def deaf():
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(AdapterStuckError):
        await call(deaf(), int, limit=0.0)
    assert len(vendor._stubborn) == 1
    release.set()
    await asyncio.wait(tuple(vendor._stubborn))
    assert not vendor._stubborn


async def test_a_caller_that_is_cancelled_takes_its_call_along():
    started, stopped = asyncio.Event(), asyncio.Event()

    async def tell():
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    caller = asyncio.create_task(call(tell(), int, limit=60.0))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await stopped.wait()
