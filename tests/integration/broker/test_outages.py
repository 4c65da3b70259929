import asyncio

import pytest

from bridge.broker import (
    Consumer,
    LinkState,
    Names,
    Publisher,
    PublishResult,
    declare,
    exchanges,
    orders_queue,
)
from tests.unit.broker.messages import handover

pytestmark = pytest.mark.broker


@pytest.fixture
def broker(own_broker):
    return own_broker


@pytest.fixture
async def names(own_broker, links):
    names = Names(own_broker.fresh_prefix())
    link = await links(own_broker.url)
    assert await declare(link.connection, [*exchanges(names), orders_queue(names, "r")]) == ()
    return names


@pytest.fixture
async def ctl(own_broker):
    async def ctl(*arguments):
        return await asyncio.to_thread(own_broker.ctl, *arguments)

    yield ctl
    # A test that failed half way must not leave the node starved for the next one.
    await asyncio.to_thread(own_broker.start)
    await ctl("set_vm_memory_high_watermark", "absolute", "800MB")


async def publish_until_confirmed(publisher, names, seq):
    async with asyncio.timeout(90):
        while True:
            await publisher._link.wait_up()
            result = await publisher.publish(names.to_restaurant("r"), handover(seq), timeout=3)
            if result is PublishResult.CONFIRMED:
                return


@pytest.fixture
async def seen(names, own_broker, links, owned):
    """What a worker has recorded."""
    seen = []

    async def record(received):
        seen.append(received.message.seq)
        await received.ack()

    owned(Consumer(await links(own_broker.url), names.orders_queue("r"), record).run())
    return seen


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_broker_that_comes_back_has_lost_nothing(
    *, end, names, own_broker, links, owned, seen, eventually
):
    # A quorum queue younger than a second may come back without a leader after a SIGKILL.
    await asyncio.sleep(3)
    publisher = Publisher(await links(own_broker.url))

    async def send():
        for first in range(0, 300, 10):
            batch = range(first, first + 10)
            await asyncio.gather(*(publish_until_confirmed(publisher, names, n) for n in batch))
            await asyncio.sleep(0.02)

    sending = owned(send())
    await eventually(lambda: len(seen) > 20)
    await asyncio.to_thread(getattr(own_broker, end))
    await eventually(lambda: publisher._link.state is LinkState.DOWN)
    down = await publisher.publish(names.to_restaurant("r"), handover(999), timeout=3)
    assert down is PublishResult.NOT_SENT
    await asyncio.to_thread(own_broker.start)
    await sending
    await eventually(lambda: set(seen) == set(range(300)))
    assert publisher._link.generation >= 2


async def test_a_memory_alarm_blocks_publishing_and_says_so(
    names, own_broker, links, ctl, seen, eventually
):
    link = await links(own_broker.url)
    publisher = Publisher(link)
    target = names.to_restaurant("r")
    assert await publisher.publish(target, handover(1), timeout=10) is PublishResult.CONFIRMED
    await eventually(lambda: 1 in seen)
    await ctl("set_vm_memory_high_watermark", "absolute", "1")
    unsure = await publisher.publish(target, handover(2), timeout=3)
    assert unsure in {PublishResult.UNKNOWN, PublishResult.NOT_SENT}
    await eventually(lambda: link.state is LinkState.BLOCKED)
    assert await publisher.publish(target, handover(3), timeout=3) is PublishResult.NOT_SENT
    await ctl("set_vm_memory_high_watermark", "absolute", "800MB")
    await eventually(lambda: link.is_up)
    assert link.generation == 1
    assert await publisher.publish(target, handover(4), timeout=10) is PublishResult.CONFIRMED
    await eventually(lambda: 4 in seen)
