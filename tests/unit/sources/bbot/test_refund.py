import json

import pytest

from bridge.model import ItemsRefunded, Remainder
from bridge.sources.bbot import Hook, sample


def row(item="unit-1", price=500, tax=44, **more):
    return {"orderitem_id": item, "pretax_cents_now": price, "tax_cents_now": tax} | more


@pytest.fixture
def refund(published):
    """The published refund with other items."""

    def document(*rows, **fields):
        return published("items_refunded") | {"orderitems_now": list(rows)} | fields

    return document


@pytest.fixture
def items(refund, hear):
    return lambda *rows: hear(refund(*rows)).event.items


def test_the_published_refund_is_read_whole(hear):
    assert hear(sample("items_refunded")).event == ItemsRefunded(
        restaurant="ecde3351-606c-4971-ab5a-792bccb0e5e2",
        checkout_id="df744d21-0a6b-444d-9f0b-39c9506af848",
        items=(
            Remainder(id="b855f81a-7c5f-489e-a281-e8a6aadafca5", price_cents=1194, tax_cents=106),
            Remainder(id="b855f3d0-1df3-4def-9b0a-82b548731b71", price_cents=0, tax_cents=0),
            Remainder(id="b855d217-4c17-484a-95df-157e2299a21b", price_cents=0, tax_cents=0),
        ),
        charges=(
            Remainder(id="b855e302-d39f-49d5-a969-b4beee5d2c71", price_cents=1008, tax_cents=89),
        ),
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [(0, 0), (-0, 0), ("0", 0), ("731", 731), (731.0, 731), (2**62, 2**62), (-200, -200)],
)
def test_whole_cents_are_taken_in_any_spelling(sent, read, items):
    (one,) = items(row(price=sent))
    assert one.price_cents == read


@pytest.mark.parametrize("name", ["pretax_cents_now", "tax_cents_now"])
@pytest.mark.parametrize("value", [None, "", 5.5, True, False, "5.00", "all", [], {}, 2**63, 1e20])
def test_money_in_doubt_is_refused_and_its_place_named(name, value, refund, fail):
    error = fail(refund(row("unit-1"), row("unit-2", **{name: value})))
    assert (error.status, error.code) == (422, "bad_money")
    assert f"orderitems_now[1].{name}" in error.detail


@pytest.mark.parametrize("name", ["pretax_cents_now", "tax_cents_now"])
@pytest.mark.parametrize("value", [None, 5.5, True, "5.00"])
def test_money_of_a_charge_is_held_to_the_same(name, value, refund, fail):
    charge = {"id": "charge-1", "pretax_cents_now": 1, "tax_cents_now": 1} | {name: value}
    error = fail(refund(row(), service_charges_now=[charge]))
    assert (error.code, f"service_charges_now[0].{name}" in error.detail) == ("bad_money", True)


def test_an_amount_that_is_missing_is_never_taken_for_nothing(refund, fail):
    entry = row()
    del entry["pretax_cents_now"]
    assert fail(refund(entry)).code == "bad_money"


def test_of_an_item_given_twice_the_lower_values_count(items):
    assert items(row(price=500, tax=0), row("other"), row(price=300, tax=44)) == (
        Remainder(id="unit-1", price_cents=300, tax_cents=0),
        Remainder(id="other", price_cents=500, tax_cents=44),
    )


def test_of_a_discount_given_twice_what_is_nearer_to_nothing_counts(items):
    assert items(row(price=-200, tax=-18), row(price=-100, tax=0)) == (
        Remainder(id="unit-1", price_cents=-100, tax_cents=0),
    )


def test_an_id_is_spelt_as_in_the_order(published, refund, hear):
    order = published("order_injection")
    order["order"]["items"][0]["id"] = order_id = " 0017\u0007 "
    order["order"]["items"][1]["id"] = 17
    placed = hear(order, Hook.ORDER_INJECTION).event.order
    left = hear(refund(row(order_id), row(17))).event.items
    assert [one.id for one in left] == [unit.id for unit in placed.lines[0].units]


@pytest.mark.parametrize("item", [None, "", True, 1.5, [], {}, "<id>"])
def test_an_item_that_is_not_named_is_refused(item, refund, fail):
    error = fail(refund(row("unit-1"), row(item)))
    assert (error.status, error.code) == (422, "bad_item")
    assert "orderitems_now[1].orderitem_id" in error.detail


@pytest.mark.parametrize("entry", [None, "unit-1", 7, [], json.dumps(row())])
def test_an_entry_that_is_no_object_is_refused(entry, refund, fail):
    error = fail(refund(row(), entry))
    assert (error.status, error.code) == (422, "bad_item")
    assert "orderitems_now[1]" in error.detail


@pytest.mark.parametrize("value", [None, "", {}, 7, "all", {"unit-1": 500}])
def test_a_refund_without_its_list_is_refused(value, refund, fail):
    error = fail(refund() | {"orderitems_now": value})
    assert (error.status, error.code, error.hook) == (422, "no_items", Hook.ITEMS_REFUNDED)
    assert "orderitems_now" in error.detail


def test_a_list_in_broken_text_is_refused(refund, fail):
    error = fail(refund() | {"orderitems_now": "[{"})
    assert (error.status, error.code) == (422, "bad_json")
    assert "orderitems_now" in error.detail


@pytest.mark.parametrize("charges", [None, "", []])
def test_a_refund_that_names_nothing_is_refused(charges, refund, fail):
    assert fail(refund(service_charges_now=charges)).code == "no_items"


def test_a_refund_may_name_a_charge_alone(refund, hear):
    event = hear(refund()).event
    assert (event.items, len(event.charges)) == ((), 1)


@pytest.mark.parametrize("charges", [None, "", []])
def test_there_may_be_no_service_charges(charges, refund, hear):
    assert hear(refund(row(), service_charges_now=charges)).event.charges == ()


@pytest.mark.parametrize("charges", [7, {"id": "c"}, "none", True])
def test_service_charges_of_another_shape_are_refused(charges, refund, fail):
    assert fail(refund(row(), service_charges_now=charges)).code == "no_items"


def test_a_refusal_says_whose_money_it_is(refund, fail):
    error = fail(refund(row(price=1.5)), Hook.PROMO)
    assert error.restaurant == "ecde3351-606c-4971-ab5a-792bccb0e5e2"
    assert error.checkout_id == "df744d21-0a6b-444d-9f0b-39c9506af848"


@pytest.mark.parametrize(
    "response", [None, "", {}, 7, {"discounts": [{"total_cents_to_add": 0.5}]}]
)
def test_what_we_answered_before_does_not_matter(response, refund, hear):
    assert hear(refund(row(), response=response)).event.items
