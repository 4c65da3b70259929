import json

import pytest

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


@pytest.mark.parametrize("hook", [hook for hook in Hook if not hook.carries_order])
def test_other_hooks_are_read_and_carry_no_event_yet(hook):
    decoded = decode(hook, b'{"event_type": "pricecheck"}', "application/json")
    assert (decoded.hook, decoded.event) == (hook, None)
