"""The real daemon in this process with a real RabbitMQ: what becomes of events when it is odd."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker import Names
from bridge.daemon import Role
from tests.engine import RESTAURANT
from tests.integration.daemon.halves import PATIENCE

pytestmark = pytest.mark.broker


async def test_a_queue_that_was_deleted_is_made_again_and_its_events_come(
    broker, start, connection
):
    prefix = broker.fresh_prefix()
    ingress = await start(broker, "ingress", prefix, Role.INGRESS)
    await ingress.until("/readyz", lambda said: said["broker"]["ingress-publish"]["state"] == "up")
    assert await ingress.post("before") == 200
    await ingress.until("/api/v1/orders/before", lambda one: one["events"][0]["stage"] != "open")

    async with connection.channel() as channel:
        await channel.queue_delete(Names(prefix).orders_queue(RESTAURANT))
    assert await ingress.post("after") == 200
    await ingress.until(
        "/api/v1/orders/after", lambda one: one["events"][0]["stage"] == "published"
    )

    worker = await start(broker, "worker", prefix, Role.WORKER)
    await worker.until_state("after", "done")
    await ingress.until_state("after", "done")


async def test_of_two_that_do_everything_one_serves_and_both_take_orders(broker, start):
    prefix = broker.fresh_prefix()
    one = await start(broker, "one", prefix)
    await one.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    other = await start(broker, "other", prefix)
    await other.until("/readyz", lambda said: "refused" in said["broker"]["locks"][RESTAURANT])

    identity = (await one.ask("/readyz"))["ledger"]["identity"]
    heard = await other.until(
        "/readyz", lambda said: said["restaurants"][RESTAURANT].get("worker") == identity
    )
    assert heard["restaurants"][RESTAURANT]["state"] == "up"

    assert await other.post("order-1") == 200
    done = await other.until_state("order-1", "done")
    assert [delivery["operation"] for delivery in done["deliveries"]] == ["place"]
    assert (await one.ask("/api/v1/orders/order-1"))["state"] == "done"


async def test_who_stops_leaves_the_restaurant_to_the_next(broker, start):
    prefix = broker.fresh_prefix()
    one = await start(broker, "one", prefix)
    await one.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    other = await start(broker, "other", prefix)
    one.daemon.stop()
    await one.task

    await other.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    assert await other.post("order-1") == 200
    await other.until_state("order-1", "done")


async def test_a_stop_that_was_asked_for_warns_of_nothing(broker, start):
    bridge = await start(broker, "one", broker.fresh_prefix())
    await bridge.until("/readyz", lambda said: said["broker"].get("locks") == {RESTAURANT: "held"})
    assert await bridge.post("order-1") == 200
    await bridge.until_state("order-1", "done")
    with capture_logs() as logs:
        bridge.daemon.stop()
        await bridge.task

    assert [line["event"] for line in logs].count("broker_link_down") == 4
    assert [line for line in logs if line["log_level"] not in {"debug", "info"}] == []


async def test_a_broker_that_takes_no_publishes_neither_blocks_nor_keeps_it(own_broker, start):
    bridge = await start(own_broker, "one", own_broker.fresh_prefix())
    await bridge.until("/readyz", lambda said: said["broker"].get("locks") == {RESTAURANT: "held"})
    limit = ("set_vm_memory_high_watermark", "absolute")
    await asyncio.to_thread(own_broker.ctl, *limit, "1")
    try:
        statuses = [await bridge.post(f"order-{number}") for number in range(3)]
        await bridge.until(
            "/readyz", lambda said: said["broker"]["ingress-publish"]["state"] != "up"
        )
        bridge.daemon.stop()
        async with asyncio.timeout(PATIENCE):
            await bridge.task
    finally:
        await asyncio.to_thread(own_broker.ctl, *limit, "800MB")

    assert statuses == [200] * 3
