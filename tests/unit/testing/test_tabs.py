from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
    Remainder,
)
from bridge.testing.edits import closed, with_fee, with_lines
from bridge.testing.orders import OrderFactory
from bridge.testing.tabs import Tabs, dish_of
from tests.evening import NOW

ORDER = with_fee(OrderFactory(4).order("north", units=4), 500)
UNITS = [unit for line in ORDER.lines for unit in line.units]
PLACED = OrderPlaced(order=ORDER)
PAID = OrderChanged(order=ORDER)
ENDS = {"restaurant": "north", "checkout_id": ORDER.checkout_id}
FINISHED, CANCELLED = CheckoutFinished(**ENDS), CheckoutCancelled(**ENDS)


def later(order, **changes):
    return replace(order, modified_at=order.modified_at + timedelta(seconds=1), **changes)


def refunded(*left, fee=500, fee_tax=44):
    items = [
        Remainder(id=unit.id, price_cents=price, tax_cents=tax)
        for unit, (price, tax) in zip(UNITS, left, strict=False)
    ]
    charge = Remainder(id="fee", price_cents=fee, tax_cents=fee_tax)
    return ItemsRefunded(**ENDS, items=tuple(items), charges=(charge,))


def due(*events):
    tabs = Tabs()
    for event in events:
        tabs.learn(event)
    (found,) = tabs.close()
    return found


def test_what_was_placed_is_wanted_with_all_its_dishes():
    found = due(PLACED)
    assert found.is_wanted
    assert sum(found.must.values()) == 4
    assert found.must == {dish_of(line): line.quantity for line in ORDER.lines}


def test_a_cancel_takes_it_back_and_a_sign_brings_it_again():
    assert not due(PLACED, CANCELLED).is_wanted
    assert due(PLACED, CANCELLED).must == {}
    again = due(PLACED, CANCELLED, PAID)
    assert again.is_wanted
    assert again.refires == 1


@pytest.mark.parametrize("sign", [PAID, FINISHED])
def test_a_cancel_after_a_sign_means_nothing(sign):
    found = due(PLACED, sign, CANCELLED)
    assert found.is_wanted
    assert found.refires == 0


def test_a_finish_is_about_the_newest_order_of_its_checkout():
    second = OrderPlaced(order=replace(ORDER, id="second"))
    tabs = Tabs()
    for event in (PLACED, second, FINISHED, CANCELLED):
        tabs.learn(event)
    assert [each.is_wanted for each in tabs.close()] == [False, True]


def test_a_newer_change_counts_and_an_older_one_does_not():
    newer = later(ORDER, lines=ORDER.lines[:1])
    assert due(PLACED, OrderChanged(order=newer), PAID).must == {
        dish_of(ORDER.lines[0]): ORDER.lines[0].quantity
    }


def test_only_a_change_that_the_kitchen_must_hear_of_is_an_edit():
    moved = later(ORDER, table=replace(ORDER.table, name="Roof"))
    done = later(moved, closed_at=NOW)
    found = due(PLACED, PAID, OrderChanged(order=moved), OrderChanged(order=done))
    assert found.changes == 1
    assert found.facts["table"] == "Roof"


def test_refunds_are_added_up_to_the_cent_whatever_order_they_come_in():
    price, tax = UNITS[0].price_cents, UNITS[0].tax_cents
    one, two = refunded((price - 7, tax)), refunded((price - 9, tax - 1), fee=480, fee_tax=40)
    assert due(PLACED, one, two).refunded_cents == 9 + 1 + 20 + 4
    assert due(PLACED, two, one).refunded_cents == 9 + 1 + 20 + 4
    assert due(PLACED, two, two).refunded_cents == 9 + 1 + 20 + 4


def test_a_dish_refunded_whole_before_it_was_begun_is_not_to_be_made():
    found = due(PLACED, PAID, refunded((0, 0)))
    assert sum(found.must.values()) == 3
    assert found.may == ()


def test_one_that_was_begun_may_stay_on_the_ticket():
    done = OrderChanged(order=later(closed(ORDER, NOW)))
    found = due(PLACED, done, refunded((0, 0)))
    assert sum(found.must.values()) == 3
    assert len(found.may) == 1


def test_a_refund_of_another_order_says_nothing_of_this_one():
    other = ItemsRefunded(**ENDS, items=(Remainder(id="x", price_cents=0, tax_cents=0),))
    assert due(PLACED, CANCELLED, other).refunds == 0
    assert due(PLACED, CANCELLED, other).must == {}


def test_an_order_that_was_empty_in_between_is_a_new_ticket():
    empty = later(with_lines(ORDER, ()))
    full = later(empty, lines=ORDER.lines)
    found = due(PLACED, PAID, OrderChanged(order=empty), OrderChanged(order=full))
    assert found.refires == 1
    assert found.is_wanted


def test_only_an_order_that_nobody_has_paid_for_may_wait():
    assert due(PLACED).may_wait
    assert not due(PLACED, FINISHED).may_wait
    assert not due(PLACED, CANCELLED).may_wait


def test_of_a_call_without_an_answer_nobody_knows():
    tabs = Tabs()
    tabs.learn(PLACED)
    tabs.doubt(CANCELLED)
    (found,) = tabs.close()
    assert found.is_unclear


def test_a_refused_order_is_known_by_name_only():
    tabs = Tabs()
    tabs.name(ORDER)
    (found,) = tabs.close()
    assert not found.is_known
    assert not found.is_wanted


def test_each_cancel_of_what_was_not_paid_is_one_void():
    assert due(PLACED, CANCELLED, CANCELLED).voids == 1
    assert due(PLACED, CANCELLED, PLACED, CANCELLED).voids == 2
    assert due(PLACED, PAID, CANCELLED).voids == 0


def test_an_order_of_which_nothing_is_left_is_a_void_too():
    empty = later(with_lines(ORDER, ()))
    assert due(PLACED, PAID, OrderChanged(order=empty)).voids == 1


def test_what_a_runner_reads_is_that_of_the_newest_state():
    newest = later(ORDER, facts=(("Staff note", "no rush"),), due_at=NOW)
    facts = due(PLACED, PAID, OrderChanged(order=newest)).facts
    assert facts["notes"] == "Staff note: no rush"
    assert facts["due"] == "2026-01-09T18:00+00:00"
    assert facts["guest"] == ORDER.guest.name
