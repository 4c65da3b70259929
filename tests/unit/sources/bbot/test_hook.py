import json

import pytest

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    ItemsRefunded,
    PriceCheck,
)
from bridge.sources.bbot import Hook, decode, recognise, sample


@pytest.mark.parametrize(
    ("event_type", "hook"),
    [
        ("pricecheck", Hook.PROMO),
        ("checkout_beginning", Hook.PROMO),
        ("checkout_finished", Hook.CHECKOUT_FINISHED),
        ("checkout_cancelled", Hook.CHECKOUT_CANCELLED),
        ("items_refunded", Hook.ITEMS_REFUNDED),
        ("something_new", Hook.INTEGRATION_CHANGED),
    ],
)
def test_an_event_type_tells_the_hook(event_type, hook):
    assert recognise({"event_type": event_type, "checkout_id": "c"}) is hook


@pytest.mark.parametrize("name", ["order_injection", "order_change"])
def test_an_order_without_event_type_is_taken_for_the_hook_whose_answer_counts(name):
    assert recognise(json.loads(sample(name))) is Hook.ORDER_INJECTION


@pytest.mark.parametrize("document", [{"order_id": "1"}, {"order": None}, {"order": "{}"}])
def test_half_an_order_is_still_an_order(document):
    assert recognise(document) is Hook.ORDER_INJECTION


@pytest.mark.parametrize("document", [{}, {"restaurant_id": "r"}, {"event_type": 7}])
def test_anything_else_is_kept_as_integration_changed(document):
    assert recognise(document) is Hook.INTEGRATION_CHANGED


def test_the_shape_decides_when_the_address_does_not():
    decoded = decode(None, sample("order_change"), "application/json")
    assert decoded.hook is Hook.ORDER_INJECTION
    assert decoded.event.type == "order_placed"


def test_the_address_decides_when_it_names_a_hook():
    decoded = decode(Hook.ORDER_CHANGE, sample("order_injection"), "application/json")
    assert decoded.hook is Hook.ORDER_CHANGE
    assert decoded.event.type == "order_changed"


PARTNER_HOOKS = [hook for hook in Hook if not hook.carries_order]
ORDER_HOOKS = [hook for hook in Hook if hook.carries_order]
PARTNER_SAMPLES = [
    ("pricecheck", Hook.PROMO, PriceCheck),
    ("checkout_beginning", Hook.PROMO, CheckoutStarted),
    ("checkout_finished", Hook.CHECKOUT_FINISHED, CheckoutFinished),
    ("checkout_cancelled", Hook.CHECKOUT_CANCELLED, CheckoutCancelled),
    ("items_refunded", Hook.ITEMS_REFUNDED, ItemsRefunded),
]


@pytest.mark.parametrize("address", [None, *Hook])
@pytest.mark.parametrize(("name", "hook", "kind"), PARTNER_SAMPLES)
def test_a_partner_message_is_what_its_event_type_says_at_every_address(
    name, hook, kind, address, hear
):
    decoded = hear(sample(name), address)
    assert decoded.hook is hook
    assert type(decoded.event) is kind


@pytest.mark.parametrize("address", PARTNER_HOOKS)
@pytest.mark.parametrize("more", [{}, {"event_type": None}, {"event_type": "order_injected"}])
def test_an_order_at_a_partner_address_is_asked_about_like_an_injection(
    address, more, document, hear
):
    decoded = hear(document | more, address)
    assert decoded.hook is Hook.ORDER_INJECTION
    assert decoded.event.type == "order_placed"


@pytest.mark.parametrize("address", PARTNER_HOOKS)
def test_an_order_as_text_is_an_order_at_a_partner_address_too(address, document, hear):
    document["order"] = json.dumps(document["order"])
    assert hear(document | {"checkout_id": "c"}, address).hook is Hook.ORDER_INJECTION


@pytest.mark.parametrize("nothing", [None, {}, "", [], 0])
def test_an_order_of_which_there_is_nothing_is_no_order(nothing, hear):
    document = {"order": nothing, "checkout_id": "c"}
    assert hear(document, Hook.CHECKOUT_FINISHED).hook is Hook.CHECKOUT_FINISHED
    finished = document | {"event_type": "checkout_finished"}
    assert hear(finished, Hook.ORDER_INJECTION).hook is Hook.CHECKOUT_FINISHED


@pytest.mark.parametrize("address", ORDER_HOOKS)
@pytest.mark.parametrize("event_type", ["checkout_finished", "something_new", 7, ""])
def test_an_order_at_its_own_address_is_one_whatever_else_it_says(
    address, event_type, document, hear
):
    assert hear(document | {"event_type": event_type}, address).hook is address


@pytest.mark.parametrize("address", ORDER_HOOKS)
@pytest.mark.parametrize("document", [{}, {"event_type": "something_new"}, {"order": {}}])
def test_what_is_no_order_at_an_address_for_orders_fails_as_one(address, document, fail):
    error = fail(document, address)
    assert (error.status, error.hook) == (422, address)


@pytest.mark.parametrize(
    ("name", "hook", "kind"),
    [sample for sample in PARTNER_SAMPLES if sample[0] != "checkout_beginning"],
)
def test_without_event_type_the_address_decides(name, hook, kind, published, hear):
    document = published(name)
    del document["event_type"]
    decoded = hear(document, hook)
    assert (decoded.hook, type(decoded.event)) == (hook, kind)


@pytest.mark.parametrize(
    "mark", ["cart_items_this_restaurant", "cart_items_pretax_cents_this_restaurant"]
)
def test_either_part_of_a_cart_marks_a_price_check(mark, hear):
    assert hear({mark: None}, Hook.PROMO).event.type == "price_check"


@pytest.mark.parametrize(
    ("document", "code"),
    [({"checkout_id": "c"}, "no_items"), ({"orderitems_now": []}, "no_checkout")],
)
def test_half_a_refund_is_refused_rather_than_put_away(document, code, fail):
    error = fail(document, Hook.ITEMS_REFUNDED)
    assert (error.hook, error.code) == (Hook.ITEMS_REFUNDED, code)


@pytest.mark.parametrize(
    ("address", "document"),
    [
        (Hook.PROMO, {"checkout_id": "c"}),
        (Hook.CHECKOUT_FINISHED, {"restaurant_id": "r"}),
        (Hook.CHECKOUT_CANCELLED, {}),
        (Hook.ITEMS_REFUNDED, {"restaurant_id": "r"}),
        (Hook.INTEGRATION_CHANGED, {"order_id": "1", "checkout_id": "c"}),
    ],
)
def test_what_has_no_mark_of_its_address_is_kept_as_integration_changed(address, document, hear):
    assert hear(document, address).hook is Hook.INTEGRATION_CHANGED


@pytest.mark.parametrize("address", [None, *PARTNER_HOOKS])
@pytest.mark.parametrize("event_type", ["checkout_reviewed", 7, ["checkout_finished"], True])
def test_an_unknown_event_type_never_acts_like_a_known_one(address, event_type, hear):
    document = {"event_type": event_type, "checkout_id": "c", "order_id": "1"}
    assert hear(document, address).hook is Hook.INTEGRATION_CHANGED


def test_half_an_order_is_refused_rather_than_put_away_as_paid(fail):
    error = fail({"restaurant_id": "r", "order_id": "1"}, None)
    assert (error.code, error.hook, error.order_id) == ("no_order", Hook.ORDER_INJECTION, "1")


def test_an_id_of_an_order_alone_makes_no_order_of_a_partners_message(hear):
    document = {"restaurant_id": "r", "order_id": "1"}
    assert hear(document, Hook.PROMO).hook is Hook.INTEGRATION_CHANGED


@pytest.mark.parametrize("address", [None, *Hook])
def test_a_body_that_cannot_be_read_is_known_by_its_address_only(address, fail):
    error = fail(
        b'{"event_type": "pricecheck", "restaurant_id": "r", "checkout_id": "c",}', address
    )
    assert (error.status, error.hook) == (400, address)
    assert (error.restaurant, error.checkout_id) == ("r", "c")
