import asyncio

import aio_pika
import pytest

from bridge.broker import (
    Consumer,
    End,
    Publisher,
    PublishResult,
    availability_queue,
    dead_queue,
    declare,
    orders_queue,
    unseal,
)
from bridge.broker import consumer as consumer_module
from tests.integration.broker.queues import count, take
from tests.unit.broker.messages import PULSE, handover

pytestmark = pytest.mark.broker


@pytest.fixture
async def queue(names, plant):
    await plant(orders_queue(names, "r"), dead_queue(names))
    return names.orders_queue("r")


@pytest.fixture
def send(names, publisher):
    async def send(*seqs):
        for seq in seqs:
            target = names.to_restaurant("r")
            result = await publisher.publish(target, handover(seq), timeout=10)
            assert result is PublishResult.CONFIRMED

    return send


class Kitchen:
    """A handler that remembers what it saw."""

    def __init__(self):
        self.seen = []
        self.received = []
        self.failing = False
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, received):
        self.received.append(received)
        if self.failing:
            raise RuntimeError("no paper")
        await self.open.wait()
        self.seen.append(received.message.seq)
        await received.ack()


@pytest.fixture
def kitchen():
    return Kitchen()


@pytest.fixture
async def consumer(links, broker, queue, kitchen, owned):
    """On a link of its own, as always: publishing may be blocked, consuming not."""
    consumer = Consumer(await links(broker.url), queue, kitchen, random=lambda: 0.0)
    owned(consumer.run())
    return consumer


async def test_messages_arrive_in_order_and_are_gone(
    queue, send, kitchen, consumer, link, eventually
):
    await send(*range(50))
    await eventually(lambda: consumer.counts["acked"] == 50)
    assert kitchen.seen == list(range(50))
    assert await count(link, queue) == 0


async def test_what_was_received_says_where_it_comes_from(send, kitchen, consumer, eventually):
    await send(1)
    await eventually(lambda: kitchen.seen)
    (received,) = kitchen.received
    assert received.message == handover(1)
    assert received.headers["event_id"] == "i:1"
    assert (received.redelivered, received.generation) == (False, 1)


async def test_a_handler_that_fails_does_not_lose_its_message(send, kitchen, consumer, eventually):
    kitchen.failing = True
    await send(1, 2, 3)
    await eventually(lambda: consumer.counts["failed"] >= 2)
    kitchen.failing = False
    await eventually(lambda: len(kitchen.seen) == 3)
    assert kitchen.seen == [1, 2, 3]
    assert kitchen.received[-1].redelivered


async def test_a_handler_that_forgets_to_settle_keeps_nothing(
    links, broker, queue, send, owned, eventually
):
    seen = []

    async def forgetful(received):
        seen.append(received.message.seq)
        if len(seen) > 1:
            await received.ack()

    consumer = Consumer(await links(broker.url), queue, forgetful, random=lambda: 0.0)
    owned(consumer.run())
    await send(1)
    await eventually(lambda: consumer.counts["acked"] == 1)
    assert seen == [1, 1]


async def test_an_acknowledgement_of_a_lost_connection_is_harmless(
    send, kitchen, consumer, broker, eventually
):
    kitchen.open.clear()
    await send(1)
    await eventually(lambda: kitchen.received)
    await consumer._link.connection.hang_up()
    kitchen.open.set()
    await eventually(lambda: consumer.counts["acked"] == 1)
    assert kitchen.seen == [1, 1]
    assert [each.generation for each in kitchen.received] == [1, 2]
    assert consumer.counts["stale"] == 1


async def test_what_cannot_be_read_goes_to_the_dead_letters(
    *, names, queue, send, kitchen, consumer, link, eventually
):
    async with link.connection.channel() as channel:
        exchange = await channel.get_exchange(names.orders, ensure=False)
        await exchange.publish(aio_pika.Message(b'{"type": "greeting"}'), "r")
    await send(1)
    await eventually(lambda: kitchen.seen == [1])
    assert consumer.counts["undecodable"] == 1
    (dead,) = await take(link, names.dead_queue, 1)
    assert dead.body == b'{"type": "greeting"}'


async def test_a_rejected_message_goes_to_the_dead_letters(
    *, names, queue, send, links, broker, link, owned
):
    async def refuse(received):
        await received.reject_to_dead("not ours")

    consumer = Consumer(await links(broker.url), queue, refuse)
    owned(consumer.run())
    await send(7)
    (dead,) = await take(link, names.dead_queue, 1)
    assert unseal(dead.body).seq == 7
    assert dead.headers["x-death"][0]["queue"] == queue


async def test_a_deleted_queue_is_noticed_and_restored(
    *, names, queue, send, kitchen, links, broker, link, owned, eventually
):
    own = await links(broker.url)

    async def restore():
        assert await declare(own.connection, [orders_queue(names, "r")]) == ()

    consumer = Consumer(own, queue, kitchen, on_lost=restore, random=lambda: 0.0)
    owned(consumer.run())
    await eventually(lambda: consumer.is_consuming)
    async with link.connection.channel() as channel:
        await channel.queue_delete(queue)
    await eventually(lambda: consumer.last_end is not None and consumer.is_consuming)
    await send(1)
    await eventually(lambda: kitchen.seen == [1])


async def test_a_consumer_that_gets_nothing_of_what_waits_is_made_anew(
    *, queue, send, kitchen, links, broker, owned, eventually, monkeypatch
):
    """The broker delivers to a single consumer: to another one, which takes nothing more."""
    monkeypatch.setattr(consumer_module, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(consumer_module, "LOOK_AGAIN", 0.1)
    busy = Kitchen()
    busy.open.clear()
    owned(Consumer(await links(broker.url), queue, busy, prefetch=1).run())
    await send(1)
    await eventually(lambda: busy.received)
    consumer = Consumer(await links(broker.url), queue, kitchen, random=lambda: 0.0)
    owned(consumer.run())
    await eventually(lambda: consumer.is_consuming)
    await send(2)
    await eventually(lambda: consumer.counts["end_stalled"])

    busy.open.set()
    await eventually(lambda: set(busy.seen + kitchen.seen) == {1, 2})


async def test_a_queue_that_is_not_there_yet_is_waited_for(
    *, names, plant, kitchen, links, broker, owned, eventually
):
    consumer = Consumer(
        await links(broker.url), names.orders_queue("late"), kitchen, random=lambda: 0.0
    )
    owned(consumer.run())
    await eventually(lambda: consumer.last_end is End.MISSING)
    await plant(orders_queue(names, "late"))
    await eventually(lambda: consumer.is_consuming)


async def test_a_paused_consumer_leaves_messages_in_their_queue(
    queue, send, kitchen, consumer, link, eventually
):
    await eventually(lambda: consumer.is_consuming)
    consumer.pause()
    await eventually(lambda: not consumer.is_consuming)
    await send(1, 2)
    assert await count(link, queue) == 2
    consumer.resume()
    await eventually(lambda: kitchen.seen == [1, 2])


async def test_stopping_lets_running_handlers_finish_and_gives_back_the_rest(
    queue, send, kitchen, consumer, link, eventually
):
    kitchen.open.clear()
    await send(1, 2)
    await eventually(lambda: len(kitchen.received) == 2)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(0)
    await send(3)
    kitchen.open.set()
    await stopping
    assert kitchen.seen == [1, 2]
    (left,) = await take(link, queue, 1)
    assert unseal(left.body).seq == 3


async def test_the_broker_closing_the_channel_is_survived(
    queue, send, kitchen, consumer, link, eventually
):
    await send(1)
    await eventually(lambda: kitchen.seen == [1])
    # The same tag twice: a protocol error, for which the broker closes the channel.
    await kitchen.received[0]._incoming.channel.basic_ack(1)
    await eventually(lambda: consumer.last_end is End.CHANNEL_CLOSED and consumer.is_consuming)
    await send(2)
    await eventually(lambda: kitchen.seen == [1, 2])


async def test_a_pulse_reaches_every_ingress(names, plant, links, broker, owned, eventually):
    await plant()
    heard = []

    async def listen(received):
        heard.append(received.message)
        await received.ack()

    for listener in ("i1", "i2"):
        own = await links(broker.url)
        await declare(own.connection, [availability_queue(names, listener)])
        owned(Consumer(own, names.availability_queue(listener), listen).run())
    publisher = Publisher(await links(broker.url))
    result = await publisher.publish(names.to_all_ingresses(), PULSE, timeout=10)
    assert result is PublishResult.CONFIRMED
    await eventually(lambda: heard == [PULSE, PULSE])
