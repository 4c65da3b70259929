"""With a real broker: exactly one frame is lost, and what the bridge makes of it."""

import asyncio

import pytest
from yarl import URL

from bridge.broker import Consumer, LinkState, Publisher, PublishResult, orders_queue
from tests.integration.broker.queues import count
from tests.proof.proxy import AmqpFrames, Cut, Delay, Drip, HalfClose, Hole, Proxy, Reset, Way
from tests.unit.broker.messages import handover

pytestmark = pytest.mark.broker

PATIENCE = 30.0


@pytest.fixture
async def wire(broker):
    url = URL(broker.url)
    async with Proxy((url.host, url.port), AmqpFrames) as wire:
        yield wire


@pytest.fixture
def wired(broker, wire):
    return str(URL(broker.url).with_host("127.0.0.1").with_port(wire.port))


@pytest.fixture
async def queue(names, plant):
    await plant(orders_queue(names, "r"))
    return names.orders_queue("r")


@pytest.fixture
async def publisher(links, wired):
    return Publisher(await links(wired))


def publish(publisher, names, seq=1):
    return publisher.publish(names.to_restaurant("r"), handover(seq), timeout=5)


async def test_a_lost_confirm_leaves_the_message_at_the_broker(
    names, queue, publisher, wire, owned, link
):
    lost = owned(wire.suffer(Cut("basic.ack", Way.DOWN), PATIENCE))
    await asyncio.sleep(0)

    assert await publish(publisher, names) is PublishResult.UNKNOWN

    assert await lost
    assert await count(link, queue) == 1


async def test_a_lost_publish_leaves_nothing(names, queue, publisher, wire, owned, link):
    lost = owned(wire.suffer(Cut("basic.publish", Way.UP), PATIENCE))
    await asyncio.sleep(0)

    assert await publish(publisher, names) is PublishResult.UNKNOWN

    assert await lost
    assert await count(link, queue) == 0


async def test_a_lost_ack_of_a_consumer_brings_the_message_again(
    *, names, queue, links, wired, wire, owned, eventually, link
):
    seen = []

    async def record(received):
        seen.append((received.message.seq, received.redelivered))
        await received.ack()

    lost = owned(wire.suffer(Cut("basic.ack", Way.UP), PATIENCE))
    owned(Consumer(await links(wired), queue, record).run())
    await publish(Publisher(link), names)

    await eventually(lambda: len(seen) == 2)
    assert seen == [(1, False), (1, True)]
    assert await lost


@pytest.mark.parametrize(
    "trouble", [Reset(), HalfClose(Way.UP), HalfClose(Way.DOWN), Hole(Way.UP), Hole(Way.DOWN)]
)
async def test_whatever_ends_a_wire_the_link_comes_back(
    trouble, names, queue, publisher, wire, eventually
):
    publishing = asyncio.create_task(publish(publisher, names))

    assert await wire.suffer(trouble, 0.5)

    await publishing
    await eventually(lambda: publisher._link.generation == 2 and publisher._link.is_up)
    assert await publish(publisher, names, 2) is PublishResult.CONFIRMED


@pytest.mark.parametrize("trouble", [Delay(0.05), Drip(Way.UP), Drip(Way.DOWN)])
async def test_a_slow_wire_loses_nothing(trouble, names, queue, publisher, wire, link):
    slow = asyncio.create_task(wire.suffer(trouble, 2.0))
    await asyncio.sleep(0)

    assert await publish(publisher, names) is PublishResult.CONFIRMED

    assert await slow
    assert publisher._link.generation == 1
    assert await count(link, queue) == 1


async def test_a_wire_without_a_broker_throws_out_whoever_comes(links, free_port, eventually):
    async with Proxy(("127.0.0.1", free_port), AmqpFrames) as wire:
        link = await links(f"amqp://guest:guest@127.0.0.1:{wire.port}/", wait=False)
        await eventually(lambda: link.state is LinkState.DOWN)
