import pytest

from bridge.broker.names import Names
from bridge.broker.topology import (
    Queue,
    availability_queue,
    dead_queue,
    declare,
    ingress_items,
    lock_queue,
    orders_queue,
    outcomes_queue,
    worker_items,
)

NAMES = Names()


def test_an_orders_queue_is_safe_on_every_version():
    assert dict(orders_queue(NAMES, "r").arguments) == {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-delivery-limit": 10_000,
        "x-dead-letter-exchange": "pos-bridge.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def test_the_orders_queue_is_bound_by_its_restaurant():
    assert orders_queue(NAMES, "r").binding == ("pos-bridge.orders", "r")


def test_outcomes_reach_their_ingress_through_an_exchange_of_ours():
    assert outcomes_queue(NAMES, "i").binding == ("pos-bridge.outcomes", "i")


@pytest.mark.parametrize("queue", [dead_queue(NAMES), outcomes_queue(NAMES, "i")])
def test_no_queue_is_left_to_the_silent_limit_of_newer_brokers(queue):
    assert ("x-delivery-limit", 10_000) in queue.arguments


def test_only_what_dies_with_its_connection_is_exclusive():
    transient = [availability_queue(NAMES, "i"), lock_queue(NAMES, "r")]
    lasting = [item for item in ingress_items(NAMES, "i", ["r"]) if isinstance(item, Queue)]
    assert all(queue.exclusive for queue in transient)
    assert not any(queue.exclusive for queue in lasting)


def test_exchanges_are_declared_before_the_queues_that_name_them():
    kinds = [isinstance(item, Queue) for item in ingress_items(NAMES, "i", ["r", "s"])]
    assert kinds == sorted(kinds)


def test_an_ingress_declares_the_queues_of_workers_that_come_later():
    assert set(worker_items(NAMES, ["r"])) < set(ingress_items(NAMES, "i", ["r"]))


async def test_without_a_connection_everything_is_a_problem():
    problems = await declare(None, [lock_queue(NAMES, "r")])
    assert [(problem.name, problem.code) for problem in problems] == [("pos-bridge.worker.r", 0)]
