from dataclasses import replace

import pytest

from bridge.broker import (
    Link,
    PublishResult,
    Queue,
    availability_queue,
    declare,
    exchanges,
    ingress_items,
    orders_queue,
)
from tests.integration.broker.queues import count
from tests.unit.broker.messages import handover

pytestmark = pytest.mark.broker


async def test_everything_is_declared_and_again_without_harm(names, plant, link):
    items = ingress_items(names, "i", ["r", "s"])
    await plant(*items)
    assert await declare(link.connection, [*items, availability_queue(names, "i-1")]) == ()
    assert await count(link, names.orders_queue("s")) == 0


async def test_another_queue_of_that_name_is_told_in_the_brokers_words(names, plant, link):
    other = Queue(name=names.orders_queue("r"), arguments=(("x-queue-type", "quorum"),))
    await plant(other, orders_queue(names, "s"))
    items = [*exchanges(names), orders_queue(names, "r"), orders_queue(names, "s")]
    (problem,) = await declare(link.connection, items)
    assert (problem.name, problem.code) == (names.orders_queue("r"), 406)
    assert "PRECONDITION_FAILED - inequivalent arg" in problem.sentence


async def test_what_comes_after_a_refusal_is_still_declared(names, plant, link):
    await plant(
        Queue(name=names.orders_queue("r"), arguments=(("x-queue-type", "quorum"),)),
        orders_queue(names, "s"),
    )
    async with link.connection.channel() as channel:
        await channel.queue_delete(names.orders_queue("s"))
    await declare(link.connection, [orders_queue(names, "r"), orders_queue(names, "s")])
    assert await count(link, names.orders_queue("s")) == 0
    assert link.generation == 1


async def test_a_closed_link_makes_everything_a_problem(names, link):
    connection = link.connection
    await link.close()
    problems = await declare(connection, exchanges(names))
    assert [problem.name for problem in problems] == [item.name for item in exchanges(names)]
    assert isinstance(link, Link)


async def test_a_queue_with_other_arguments_is_bound_and_carries_messages(
    names, plant, link, publisher
):
    await plant(Queue(name=names.orders_queue("r"), arguments=(("x-queue-type", "quorum"),)))
    target = names.to_restaurant("r")
    assert await publisher.publish(target, handover(1), timeout=10) is PublishResult.RETURNED

    (problem,) = await declare(link.connection, [orders_queue(names, "r")])
    assert "nor can it be bound" not in problem.sentence
    assert await publisher.publish(target, handover(1), timeout=10) is PublishResult.CONFIRMED


async def test_a_queue_that_cannot_even_be_bound_says_so(names, plant, link):
    await plant(Queue(name=names.orders_queue("r"), arguments=(("x-queue-type", "quorum"),)))
    nowhere = replace(orders_queue(names, "r"), binding=(f"{names.prefix}.gone", "r"))
    (problem,) = await declare(link.connection, [nowhere])

    assert "nor can it be bound: NOT_FOUND" in problem.sentence
