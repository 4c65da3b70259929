from collections import Counter
from datetime import UTC, datetime

import pytest

from bridge.testing.menus import MENUS
from bridge.testing.orders import MOST_UNITS, OrderFactory, merged

SAMPLE = range(300)


@pytest.fixture(scope="module")
def evening():
    factory = OrderFactory(seed=3)
    return [factory.order("north") for _ in SAMPLE]


def test_the_same_seed_makes_the_same_orders():
    assert OrderFactory(5).order() == OrderFactory(5).order()


def test_another_seed_makes_others():
    assert OrderFactory(5).order() != OrderFactory(6).order()


def test_every_order_and_unit_has_an_id_of_its_own(evening):
    units = [unit.id for order in evening for line in order.lines for unit in line.units]
    assert len({order.id for order in evening}) == len(evening)
    assert len(set(units)) == len(units)


def test_sizes_go_from_one_to_many(evening):
    sizes = Counter(sum(line.quantity for line in order.lines) for order in evening)
    assert min(sizes) == 1
    assert 20 < max(sizes) <= MOST_UNITS
    assert sizes[2] > 30


def test_a_size_can_be_asked_for():
    order = OrderFactory(1).order(units=MOST_UNITS)
    assert sum(line.quantity for line in order.lines) == MOST_UNITS


def test_the_money_adds_up(evening):
    for order in evening:
        units = [unit for line in order.lines for unit in line.units]
        totals = order.totals
        assert totals.pretax_cents == sum(unit.price_cents for unit in units)
        assert totals.tax_cents == sum(unit.tax_cents for unit in units)
        assert totals.total_cents == totals.pretax_cents + totals.tip_cents + totals.tax_cents


def test_equal_units_stand_together(evening):
    assert all(merged(order.lines) == order.lines for order in evening)


def test_a_restaurant_keeps_its_menu(evening):
    names = {line.name for order in evening for line in order.lines}
    assert any(names <= {dish.name for dish in menu} for menu in MENUS)


def test_the_clock_is_the_one_that_is_given():
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert OrderFactory(1, lambda: moment).order().placed_at == moment


def test_an_edited_order_is_newer_and_has_one_unit_more():
    factory = OrderFactory(1)
    order = factory.order(units=3)
    edited = factory.edited(order)
    assert edited.is_newer_than(order)
    assert sum(line.quantity for line in edited.lines) == 4
    assert edited.id == order.id
