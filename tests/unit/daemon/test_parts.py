import asyncio

import pytest

from bridge.daemon.parts import PartEnded, run_parts


async def go_on(ended=None):
    try:
        await asyncio.Event().wait()
    finally:
        if ended is not None:
            ended.append(True)


async def die():
    raise RuntimeError("a bug")


async def come_to_an_end():
    return


async def be_cancelled():
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def test_the_error_of_one_is_the_error_of_all():
    with pytest.raises(RuntimeError, match="a bug"):
        await run_parts(good=go_on(), bad=die())


@pytest.mark.parametrize("end", [come_to_an_end, be_cancelled])
async def test_no_end_goes_unnoticed(end):
    with pytest.raises(PartEnded, match="the bad one"):
        await run_parts(good=go_on(), **{"the bad one": end()})


async def test_with_one_all_end():
    ended = []
    with pytest.raises(RuntimeError):
        await run_parts(good=go_on(ended), bad=die())

    assert ended


async def test_a_cancellation_ends_all_of_them():
    ended = []
    task = asyncio.create_task(run_parts(one=go_on(ended), other=go_on(ended)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert len(ended) == 2
