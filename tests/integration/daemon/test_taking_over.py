"""Several workers for one restaurant, with a real RabbitMQ: what may have been done already."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker import Names
from bridge.daemon import Role
from bridge.testing.fake_pos import FakePos
from tests.daemons import a_restaurant
from tests.engine import RESTAURANT
from tests.integration.daemon.halves import PATIENCE

pytestmark = pytest.mark.broker


@pytest.fixture
async def printer(stack):
    """Nobody can ask it what it has printed."""
    return await stack.enter_async_context(FakePos())


@pytest.fixture
def blind(printer):
    restaurant = a_restaurant(adapter="fake-blind", settings={"url": printer.url})
    return {"restaurants": (restaurant,)}


@pytest.fixture
def take_and_vanish(connection):
    """A worker that takes one event out of the queue, and ends before it acknowledges it."""

    async def take_and_vanish(prefix):
        taken = asyncio.Event()

        async def take(_message):
            taken.set()

        async with asyncio.timeout(PATIENCE), connection.channel() as channel:
            queue = await channel.get_queue(Names(prefix).orders_queue(RESTAURANT))
            await queue.consume(take)
            await taken.wait()

    return take_and_vanish


def is_published(order):
    return order["events"][0]["stage"] == "published"


async def test_what_a_lost_worker_may_have_printed_is_asked_of_people(
    broker, start, blind, printer, take_and_vanish
):
    prefix = broker.fresh_prefix()
    ingress = await start(broker, "ingress", prefix, Role.INGRESS)
    assert await ingress.post("doubtful") == 200
    await ingress.until("/api/v1/orders/doubtful", is_published)
    await take_and_vanish(prefix)
    assert await ingress.post("fresh") == 200
    await ingress.until("/api/v1/orders/fresh", is_published)

    worker = await start(broker, "worker", prefix, Role.WORKER, **blind)
    held = await worker.until_state("doubtful", "held")
    await worker.until_state("fresh", "done")

    (delivery,) = held["deliveries"]
    assert delivery["reason"] == "may_be_there"
    assert len(printer.tickets) == 1


async def test_a_restart_of_the_only_worker_asks_nobody(
    broker, start, blind, printer, take_and_vanish
):
    prefix = broker.fresh_prefix()
    ingress = await start(broker, "ingress", prefix, Role.INGRESS)
    before = await start(broker, "worker", prefix, Role.WORKER, **blind)
    await before.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    before.daemon.stop()
    await before.task
    assert await ingress.post("order-1") == 200
    await ingress.until("/api/v1/orders/order-1", is_published)
    await take_and_vanish(prefix)

    worker = await start(broker, "worker", prefix, Role.WORKER, **blind)
    await worker.until_state("order-1", "done")
    assert len(printer.tickets) == 1


async def test_an_idle_worker_says_which_one_serves_in_its_place(broker, start):
    prefix = broker.fresh_prefix()
    one = await start(broker, "one", prefix, Role.WORKER)
    await one.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    identity = (await one.ask("/readyz"))["ledger"]["identity"]
    with capture_logs() as logs:
        other = await start(broker, "other", prefix, Role.WORKER)
        await other.until(
            "/api/v1/restaurants", lambda said: said["restaurants"][0].get("worker") == identity
        )

    (restaurant,) = (await other.ask("/api/v1/restaurants"))["restaurants"]
    assert restaurant["lock"].startswith("refused: RESOURCE_LOCKED")
    found = (await other.ask("/api/v1/findings"))["findings"]
    assert any(identity in each["text"] and "stays idle" in each["text"] for each in found)
    (told,) = [line for line in logs if line["event"] == "served_elsewhere"]
    assert (told["worker"], told["log_level"]) == (identity, "warning")


async def test_a_restaurant_whose_worker_lost_its_disk_is_taken_over(broker, start, blind, printer):
    prefix = broker.fresh_prefix()
    path = f"/api/v1/restaurants/{RESTAURANT}/take-over"
    ingress = await start(broker, "ingress", prefix, Role.INGRESS)
    lost = await start(broker, "lost", prefix, Role.WORKER, **blind)
    await lost.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    identity = (await lost.ask("/readyz"))["ledger"]["identity"]
    assert await ingress.post("printed") == 200
    await ingress.until_state("printed", "done")
    assert (await lost.tell(f"/api/v1/restaurants/{RESTAURANT}/pause", {"reason": "test"}))[
        0
    ] == 200
    assert await ingress.post("half-way") == 200
    await ingress.until_state("half-way", "ready")

    worker = await start(broker, "new", prefix, Role.WORKER, **blind)
    await worker.until(
        "/api/v1/restaurants", lambda said: said["restaurants"][0].get("worker") == identity
    )
    status, answer = await worker.tell(path, {"dry_run": True})
    assert (status, answer["code"]) == (409, "served_elsewhere")
    assert identity in answer["detail"]

    lost.daemon.stop()
    await lost.task
    await worker.until("/readyz", lambda said: said["broker"]["locks"] == {RESTAURANT: "held"})
    assert await worker.tell(path, {"who": "ana"}) == (
        200,
        {"dry_run": False, "restaurant": RESTAURANT, "moved": []},
    )

    held = await worker.until_state("half-way", "held")
    assert held["deliveries"][0]["reason"] == "may_be_there"
    await ingress.until_state("half-way", "held")
    assert await ingress.post("next") == 200
    await ingress.until_state("next", "done")
    assert (await ingress.ask("/api/v1/orders/printed"))["state"] == "done"
    assert len(printer.tickets) == 2
