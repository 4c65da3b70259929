import pytest

from bridge.broker.names import Names, Target

NAMES = Names()


def test_names_are_as_published():
    assert NAMES.orders == "pos-bridge.orders"
    assert NAMES.orders_queue("bar-1") == "pos-bridge.orders.bar-1.v1"
    assert NAMES.outcomes_queue("0b8d") == "pos-bridge.outcomes.0b8d.v1"
    assert NAMES.dead_queue == "pos-bridge.dead.v1"
    assert NAMES.availability == "pos-bridge.availability"
    assert NAMES.lock_queue("bar-1") == "pos-bridge.worker.bar-1"


def test_another_prefix_moves_every_name():
    assert Names("demo").orders_queue("r") == "demo.orders.r.v1"
    assert Names("demo").to_restaurant("r") == Target(exchange="demo.orders", key="r")


def test_an_ingress_is_reached_by_its_id():
    assert NAMES.to_ingress("i") == Target(exchange="pos-bridge.outcomes", key="i")


@pytest.mark.parametrize("bad", ["", "a.b", "a b", "é", "x" * 65])
def test_a_part_that_could_be_taken_for_another_name_is_refused(bad):
    with pytest.raises(ValueError, match="cannot be part"):
        NAMES.orders_queue(bad)


@pytest.mark.parametrize("bad", ["", "a b", ".a", "x" * 65])
def test_a_prefix_is_checked(bad):
    with pytest.raises(ValueError, match="cannot be a prefix"):
        Names(bad)
