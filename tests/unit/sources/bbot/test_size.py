"""What costs time to read is bounded; nobody who orders needs more."""

import json

import pytest

from bridge.sources.bbot import Hook
from bridge.sources.bbot.document import MAX_ENTRIES

LONGEST_BODY = 262_144


def a_unit(published, number, mods):
    unit = published["order"]["items"][0]
    return {**unit, "id": f"{unit['id']}-{number}", "mods": unit["mods"] * mods}


def cart_of(mods):
    """Dishes with modifiers as JSON inside texts, as a form has to send them."""
    items = [{"line_item_id": str(n), "mods": json.dumps([{}] * mods)} for n in range(50)]
    return {"event_type": "pricecheck", "cart_items_this_restaurant": items}


def test_the_busiest_order_that_fits_into_a_body_is_read(document, hear):
    document["order"]["items"] = [a_unit(document, number, 5) for number in range(230)]
    body = json.dumps(document).encode()
    assert 0.9 * LONGEST_BODY < len(body) < LONGEST_BODY
    decoded = hear(body, Hook.ORDER_INJECTION)
    assert sum(len(line.units) * len(line.modifiers) for line in decoded.event.order.lines) == 1150


def test_a_banquet_of_three_hundred_dishes_with_all_their_extras_is_read(hear):
    unit = {"name_when_purchased": "Dish", "mods": [{"name": "Extra"}] * 7}
    document = {"restaurant_id": "r", "order_id": "o", "order": {"items": [unit] * 300}}
    assert sum(len(line.units) for line in hear(document).event.order.lines) == 300


@pytest.mark.parametrize("hook", list(Hook))
def test_a_call_of_too_many_entries_is_refused_whatever_it_is(hook, fail):
    error = fail({"restaurant_id": "r", "checkout_id": "c", "x": [{}] * MAX_ENTRIES}, hook)
    assert (error.status, error.code, error.hook) == (400, "too_many", hook)
    assert (error.restaurant, error.checkout_id) == ("r", "c")


def test_an_order_with_too_many_entries_in_a_text_is_refused(document, fail):
    document["order"]["items"] = json.dumps([{}] * MAX_ENTRIES)
    error = fail(document, Hook.ORDER_INJECTION)
    assert (error.status, error.code) == (400, "too_many")
    assert "order.items has more than" in error.detail


def test_texts_in_a_cart_share_what_entries_there_may_be(hear):
    assert len(hear(cart_of(mods=10)).event.cart.lines) == 50
    assert len(hear(cart_of(mods=100)).event.cart.lines) == MAX_ENTRIES // 101


def test_texts_in_texts_count_like_all_others(hear):
    cart = cart_of(mods=100)
    items = [json.dumps(item) for item in cart["cart_items_this_restaurant"]]
    cart["cart_items_this_restaurant"] = items
    assert len(hear(cart).event.cart.lines) == (MAX_ENTRIES - len(items)) // 101
