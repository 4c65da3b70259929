import asyncio

import pytest

from bridge.broker import LinkState, Publisher, PublishResult, Queue, Target, orders_queue, unseal
from tests.integration.broker.queues import take
from tests.unit.broker.messages import handover

pytestmark = pytest.mark.broker


async def test_a_publish_into_a_queue_is_confirmed(names, plant, link, publisher):
    await plant(orders_queue(names, "r"))
    result = await publisher.publish(names.to_restaurant("r"), handover(), timeout=10)
    assert result is PublishResult.CONFIRMED
    (message,) = await take(link, names.orders_queue("r"), 1)
    assert unseal(message.body) == handover()
    assert (message.type, message.delivery_mode) == ("handover", 2)
    assert message.headers["event_id"] == "i:1"


async def test_a_publish_to_no_queue_comes_back(names, plant, publisher):
    await plant()
    result = await publisher.publish(names.to_restaurant("r"), handover(), timeout=10)
    assert result is PublishResult.RETURNED
    assert "NO_ROUTE" in publisher.last_problem


async def test_a_return_and_a_confirm_at_the_same_time_are_not_swapped(names, plant, publisher):
    await plant(orders_queue(names, "r"))
    same = handover()
    results = await asyncio.gather(
        *(
            publisher.publish(names.to_restaurant(restaurant), same, timeout=10)
            for restaurant in ["r", "nobody"] * 20
        )
    )
    assert results == [PublishResult.CONFIRMED, PublishResult.RETURNED] * 20


async def test_a_full_queue_answers_nacked(names, plant, publisher):
    full = Queue(
        name=names.orders_queue("r"),
        arguments=(("x-max-length", 1), ("x-overflow", "reject-publish")),
        binding=(names.orders, "r"),
    )
    await plant(full)
    results = [
        await publisher.publish(names.to_restaurant("r"), handover(seq), timeout=10)
        for seq in range(5)
    ]
    assert results[0] is PublishResult.CONFIRMED
    assert results[-1] is PublishResult.NACKED


async def test_a_channel_that_the_broker_closed_is_replaced(names, plant, link):
    await plant(orders_queue(names, "r"))
    publisher = Publisher(link, channels=1)
    missing = Target(exchange=f"{names.prefix}.missing", key="r")
    assert await publisher.publish(missing, handover(), timeout=10) is PublishResult.UNKNOWN
    assert "NOT_FOUND - no exchange" in publisher.last_problem
    result = await publisher.publish(names.to_restaurant("r"), handover(), timeout=10)
    assert result is PublishResult.CONFIRMED
    assert link.generation == 1


async def test_an_exchange_that_is_gone_is_told_of(names, link):
    told = []
    publisher = Publisher(link, on_missing=lambda: told.append(1))
    missing = Target(exchange=f"{names.prefix}.missing", key="r")
    await publisher.publish(missing, handover(), timeout=10)

    assert told


async def test_a_cancelled_caller_is_cancelled(names, plant, links, proxy):
    await plant(orders_queue(names, "r"))
    publisher = Publisher(await links(proxy.url))
    await publisher.publish(names.to_restaurant("r"), handover(), timeout=10)
    proxy.swallow()
    caller = asyncio.create_task(
        publisher.publish(names.to_restaurant("r"), handover(), timeout=60)
    )
    await asyncio.sleep(0.1)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert publisher.in_flight == 0


async def test_two_thousand_at_once_are_all_confirmed_under_ids_of_their_own(
    names, plant, link, publisher
):
    await plant(orders_queue(names, "r"))
    target = names.to_restaurant("r")
    results = await asyncio.gather(
        *(publisher.publish(target, handover(seq), timeout=60) for seq in range(2000))
    )
    assert set(results) == {PublishResult.CONFIRMED}
    messages = await take(link, names.orders_queue("r"), 2000)
    assert len({message.message_id for message in messages}) == 2000
    assert {unseal(message.body).seq for message in messages} == set(range(2000))


async def test_a_black_hole_makes_publishes_unknown_and_the_link_suspect(
    names, plant, links, proxy, broker
):
    await plant(orders_queue(names, "r"))
    link = await links(proxy.url, broker.url)
    publisher = Publisher(link, channels=1)
    target = names.to_restaurant("r")
    assert await publisher.publish(target, handover(), timeout=10) is PublishResult.CONFIRMED
    proxy.swallow()
    results = await asyncio.gather(
        *(publisher.publish(target, handover(2), timeout=0.5) for _ in range(2))
    )
    assert results == [PublishResult.UNKNOWN] * 2
    async with asyncio.timeout(30):
        await link.wait_lost(1)
        assert await link.wait_up() == 2
    assert await publisher.publish(target, handover(3), timeout=10) is PublishResult.CONFIRMED


async def test_a_silent_broker_is_given_up_before_it_gives_us_up(links, proxy, broker):
    link = await links(proxy.url, broker.url, heartbeat=2)
    proxy.swallow()
    async with asyncio.timeout(20):
        await link.wait_lost(1)
        assert await link.wait_up() == 2


async def test_an_unreachable_broker_means_not_sent(names, links, free_port):
    link = await links(f"amqp://127.0.0.1:{free_port}/", wait=False)
    async with asyncio.timeout(10):
        await link._until(lambda: link.state is LinkState.DOWN)
    result = await Publisher(link).publish(names.to_restaurant("r"), handover(), timeout=10)
    assert result is PublishResult.NOT_SENT


async def test_a_wrong_password_is_told_and_not_shown(broker, links):
    url = broker.url.replace("guest:guest", "guest:hunter2")
    link = await links(url, wait=False)
    async with asyncio.timeout(10):
        await link._until(lambda: link.state is LinkState.DOWN)
    assert "ACCESS_REFUSED" in link.reason
    assert "hunter2" not in link.reason
