import asyncio

import pytest
from aio_pika.exceptions import AMQPConnectionError, ChannelPreconditionFailed
from aiormq.exceptions import ChannelLockedResource

from bridge.broker.guard import BrokerError, Disconnected, NoReply, Refused, call


async def raising(error):
    raise error


async def test_a_result_is_passed_on():
    async def answer():
        return 7

    assert await call(answer(), limit=1) == 7


async def test_a_cancellation_by_nobody_is_a_lost_connection():
    with pytest.raises(Disconnected):
        await call(raising(asyncio.CancelledError()), limit=1)
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_of_the_caller_stays_one_and_ends_the_call():
    ended = asyncio.Event()

    async def hang():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    caller = asyncio.create_task(call(hang(), limit=60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await ended.wait()


async def test_silence_is_no_reply():
    with pytest.raises(NoReply):
        await call(asyncio.Event().wait(), limit=0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ChannelPreconditionFailed("PRECONDITION_FAILED - inequivalent arg"), 406),
        (ChannelLockedResource("RESOURCE_LOCKED - no"), 405),
    ],
)
async def test_a_refusal_keeps_the_brokers_sentence(error, code):
    with pytest.raises(Refused) as caught:
        await call(raising(error), limit=1)
    assert (caught.value.code, caught.value.sentence) == (code, str(error))


@pytest.mark.parametrize("error", [AMQPConnectionError("x"), OSError("x"), AttributeError("x")])
async def test_whatever_else_the_library_raises_is_trouble_with_the_broker(error):
    with pytest.raises(BrokerError, match=type(error).__name__):
        await call(raising(error), limit=1)
