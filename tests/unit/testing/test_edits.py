import pytest

from bridge.testing.edits import (
    closed,
    discounted,
    first_units,
    moved,
    noted,
    progressed,
    reissued,
    with_fee,
    without_one,
)
from bridge.testing.orders import OrderFactory, tax_on
from tests.evening import NOW


@pytest.fixture
def order():
    return with_fee(OrderFactory(6).order(units=6), 300)


def units(order):
    return [unit for line in order.lines for unit in line.units]


def adds_up(order):
    totals = order.totals
    parts = totals.pretax_cents + totals.tax_cents + totals.tip_cents + totals.fee_cents
    return totals.total_cents == parts


def test_a_service_charge_is_on_the_bill_with_its_tax(order):
    plain = with_fee(order, 0)
    assert order.totals.fee_cents == 300
    assert order.totals.tax_cents == plain.totals.tax_cents + tax_on(300)
    assert adds_up(order)


def test_a_cart_fills_unit_by_unit(order):
    assert [len(units(first_units(order, number))) for number in range(7)] == list(range(7))
    assert units(first_units(order, 6)) == units(order)


def test_a_discount_lowers_price_and_tax(order):
    dear = next(unit for unit in units(order) if unit.price_cents > 100)
    cheaper = discounted(order, {dear.id: 100})
    (found,) = (unit for unit in units(cheaper) if unit.id == dear.id)
    assert found.price_cents == dear.price_cents - 100
    assert found.tax_cents == tax_on(found.price_cents)
    assert adds_up(cheaper)
    assert cheaper.totals.fee_cents == 300


def test_another_attempt_orders_the_same_under_other_ids(order, chance):
    again = reissued(order, chance)
    assert again.id != order.id
    assert not {unit.id for unit in units(again)} & {unit.id for unit in units(order)}
    assert again.totals == order.totals


def test_a_moved_order_is_at_another_table(order, chance):
    assert all(moved(order, chance).table.name != order.table.name for _ in range(20))


def test_a_note_says_something_new_to_the_kitchen(order, chance):
    for _ in range(20):
        changed = noted(order, chance)
        assert changed.facts or any(line.notes for line in changed.lines)
        assert len(units(changed)) == 6


def test_a_unit_can_be_taken_off_but_not_the_last_one(order, chance):
    ids = frozenset(unit.id for unit in units(order))
    for left in (5, 4, 3, 2, 1, 1):
        order = without_one(order, chance, ids)
        assert len(units(order)) == left
        assert adds_up(order)


def test_only_units_that_are_named_are_taken_off(order, chance):
    assert without_one(order, chance, frozenset()) == order


def test_in_the_end_every_unit_is_done(order, chance):
    begun = progressed(order, "accepted", chance)
    assert {unit.status for unit in units(begun)} <= {"accepted", "waiting"}
    done = closed(begun, NOW)
    assert {unit.status for unit in units(done)} == {"done"}
    assert done.closed_at == NOW
