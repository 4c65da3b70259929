import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.sources.bbot import Hook, decode
from bridge.testing.bodies import change_body, injection_body
from bridge.testing.orders import OrderFactory

PUBLISHED = {
    "top": "restaurant_id order_id order",
    "order": (
        "id restaurant_id table fulfillment_method orderNumberToday items time last_modified "
        "time_closed bartending_station_id extra_checkout_info user_desired_time checkout_id "
        "mobile deliveryAddress integrations guest_id guest_email guest_name guest_first_name "
        "guest_last_name guest_special_offers pretax_cents tip_cents fee_pretax_cents tax_cents "
        "total_cents snooze_till delivery_provider fees_on_my_receipt loyalty_webhook_discounts "
        "charge"
    ),
    "item": (
        "id menuitem_id name_when_purchased mods special_instructions pretax_cents tags tax_cents "
        "tip_in_cents status orderitempromotions order_id"
    ),
    "mod": "id name tax_cents pretax_cents orig_pretax_cents",
    "table": "id display_name short_id hostname",
    "address": "street apartment city zip state country_code delivery_instructions",
}


@pytest.fixture
def order():
    factory = OrderFactory(11)
    return next(
        order
        for order in (factory.order(units=20) for _ in range(50))
        if order.fulfilment_code == "driver_delivery"
    )


@pytest.fixture
def body(order):
    return injection_body(order)


def keys(name):
    return PUBLISHED[name].split()


def test_the_fields_are_the_published_ones_in_their_order(body):
    item = next(one for one in body["order"]["items"] if one["mods"])
    assert list(body) == keys("top")
    assert list(body["order"]) == keys("order")
    assert list(item) == keys("item")
    assert list(item["mods"][0]) == keys("mod")
    assert list(body["order"]["table"]) == keys("table")
    assert list(body["order"]["deliveryAddress"]) == keys("address")


def test_there_is_one_item_for_each_unit(order, body):
    assert len(body["order"]["items"]) == 20
    assert (
        sum(item["pretax_cents"] for item in body["order"]["items"])
        == (body["order"]["pretax_cents"])
    )
    assert {item["order_id"] for item in body["order"]["items"]} == {order.id}


def test_the_card_is_charged_the_total(body):
    assert body["order"]["charge"]["amount"] == body["order"]["total_cents"]


def test_a_free_order_has_no_charge(order):
    free = replace(order, totals=replace(order.totals, total_cents=0))
    assert injection_body(free)["order"]["charge"] is None


def test_times_are_written_as_published(order):
    odd = replace(order, placed_at=datetime(2021, 12, 8, 0, 53, 52, 57350, tzinfo=UTC))
    written = injection_body(odd)["order"]
    assert written["time"] == "2021-12-08T00:53:52.057350Z"
    assert written["snooze_till"] == "1900-01-01T00:00:00Z"
    assert written["user_desired_time"] is None


def test_a_change_differs_only_in_its_time(order, body):
    changed = change_body(order)
    assert changed["order"].pop("last_modified") > body["order"].pop("last_modified")
    assert changed == body


def test_a_body_is_decoded_to_the_order_it_was_made_of():
    factory = OrderFactory(9)
    for order in (factory.order() for _ in range(50)):
        body = json.dumps(injection_body(order)).encode()
        assert decode(Hook.ORDER_INJECTION, body, "application/json").event.order == order


def test_a_body_is_plain_json(body):
    assert json.loads(json.dumps(body)) == body
