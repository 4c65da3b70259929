"""The real daemon with a real RabbitMQ whose queues and exchanges change under it."""

import asyncio
from urllib.parse import urlsplit

import aio_pika
import orjson
import pytest

from bridge.broker import Link, Names, Queue, declare, exchanges
from bridge.broker import consumer as consumer_module
from bridge.broker import lines as lines_module
from bridge.daemon import Role
from bridge.ingress import courier as courier_module
from bridge.ledger.side_file import SIDE_FILE
from bridge.model.bounce import MOST_BOUNCES
from bridge.worker import intake
from tests.daemons import a_restaurant, until
from tests.engine import RESTAURANT
from tests.integration.daemon.halves import bridge

pytestmark = pytest.mark.broker


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """What is a matter of minutes is one of seconds."""
    monkeypatch.setattr(lines_module, "MEND_EVERY", 0.2)
    monkeypatch.setattr(consumer_module, "LOOK_EVERY", 0.5)
    monkeypatch.setattr(courier_module, "REST", 0.2)
    monkeypatch.setattr(courier_module, "LATE_AFTER", 0.5)
    monkeypatch.setattr(courier_module, "LOOK_EVERY", 0.2)


@pytest.fixture
def start(stack, tmp_path, own_broker):
    async def start(name, prefix, role=Role.ALL):
        directory = tmp_path / name
        directory.mkdir()
        restaurants = (a_restaurant(when_down="accept"),)
        return await stack.enter_async_context(
            bridge(directory, own_broker, prefix=prefix, role=role, restaurants=restaurants)
        )

    return start


@pytest.fixture
async def admin(own_broker, stack):
    """`await admin(what)`: do it on a channel of an administrator's connection."""
    link = Link([own_broker.url], "admin")
    task = asyncio.create_task(link.run())

    async def end():
        await link.close()
        await task

    stack.push_async_callback(end)

    async def do(what):
        async with asyncio.timeout(60):
            await link.wait_up()
        async with link.connection.channel() as channel:
            return await what(channel)

    do.link = link
    return do


async def until_served(one):
    await one.until("/readyz", lambda said: said["broker"].get("locks") == {RESTAURANT: "held"})
    await one.until("/readyz", lambda said: "not_read" not in said["broker"])


async def test_an_exchange_that_was_deleted_is_made_again_and_its_events_come(
    own_broker, start, admin
):
    prefix = own_broker.fresh_prefix()
    one = await start("one", prefix)
    await until_served(one)
    await admin(lambda channel: channel.exchange_delete(Names(prefix).orders))

    assert await one.post("order-1") == 200
    await one.until_state("order-1", "done")


async def test_a_queue_that_was_deleted_under_its_worker_is_read_again(own_broker, start, admin):
    prefix = own_broker.fresh_prefix()
    one = await start("one", prefix)
    await until_served(one)
    await admin(lambda channel: channel.queue_delete(Names(prefix).orders_queue(RESTAURANT)))

    assert await one.post("order-1") == 200
    await one.until_state("order-1", "done")


async def test_a_broker_that_was_wiped_loses_nothing(own_broker, start, admin):
    prefix = own_broker.fresh_prefix()
    ingress = await start("ingress", prefix, Role.INGRESS)
    for number in range(3):
        assert await ingress.post(f"order-{number}") == 200
    await ingress.until(
        "/api/v1/orders/order-2", lambda one: one["events"][0]["stage"] == "published"
    )
    for command in ("stop_app", "reset", "start_app"):
        await asyncio.to_thread(own_broker.ctl, command)

    await start("worker", prefix, Role.WORKER)
    for number in range(3):
        await ingress.until_state(f"order-{number}", "done")


async def test_a_queue_with_other_arguments_carries_orders_and_is_mended_once_it_is_deleted(
    own_broker, start, admin
):
    prefix = own_broker.fresh_prefix()
    names = Names(prefix)
    name = names.orders_queue(RESTAURANT)
    other = Queue(name=name, arguments=(("x-queue-type", "quorum"),))
    await admin(lambda _channel: declare(admin.link.connection, [*exchanges(names), other]))
    one = await start("one", prefix)
    await until_served(one)
    assert await one.post("order-1") == 200
    await one.until_state("order-1", "done")

    found = (await one.ask("/api/v1/findings"))["findings"]
    (finding,) = [each for each in found if name in each["text"]]
    assert finding["level"] == "bad"
    assert f"rabbitmqctl delete_queue {name}" in finding["hint"]

    await asyncio.to_thread(own_broker.ctl, "delete_queue", "--vhost", _vhost(own_broker), name)
    await one.until("/readyz", lambda said: "degraded" not in said["broker"])
    await until_served(one)
    assert await one.post("order-2") == 200
    await one.until_state("order-2", "done")


async def test_what_a_worker_will_not_have_is_left_to_a_person_and_goes_out_on_their_word(
    own_broker, start, monkeypatch
):
    take, refused = intake.take, []

    def refuse(tx, events, *more, **how):
        if any(event.event.order_id == "order-1" for event in events):
            refused.extend(event.copy for event in events)
            raise KeyError("a mistake of ours")
        return take(tx, events, *more, **how)

    monkeypatch.setattr(intake, "take", refuse)
    one = await start("one", own_broker.fresh_prefix())
    await until_served(one)
    assert await one.post("order-1") == 200
    assert await one.post("order-2") == 200
    await one.until_state("order-2", "done")
    await one.until_state("order-1", "held")
    assert set(refused) == set(range(1, MOST_BOUNCES + 1))
    found = (await one.ask("/api/v1/findings"))["findings"]
    assert [each["level"] for each in found if "go out no more: order-1" in each["text"]] == ["bad"]

    monkeypatch.setattr(intake, "take", take)
    status, _ = await one.tell("/api/v1/replay", {"order_id": "order-1"})
    assert status == 200
    await one.until_state("order-1", "done")


async def test_what_nobody_can_read_lies_aside_with_the_cause(own_broker, start, admin, tmp_path):
    prefix = own_broker.fresh_prefix()
    one = await start("one", prefix)
    await until_served(one)

    async def greet(channel):
        exchange = await channel.get_exchange(Names(prefix).orders, ensure=False)
        await exchange.publish(aio_pika.Message(b'{"type": "greeting"}'), RESTAURANT)

    await admin(greet)
    side_file = tmp_path / "one" / SIDE_FILE
    await until(side_file.exists)
    line = orjson.loads(await asyncio.to_thread(side_file.read_bytes))
    assert line["body"] == '{"type": "greeting"}'
    assert (
        line["why"]
        == f"unknown type 'greeting' (rejected in {Names(prefix).orders_queue(RESTAURANT)})"
    )


def _vhost(broker):
    return urlsplit(broker.url).path.removeprefix("/") or "/"
