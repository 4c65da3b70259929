"""Every call of the platform, with ids of our own; that of an order is in `tests.doorway`."""

import orjson

from bridge.sources.bbot import sample
from tests.doorway import BBOT_ID, an_injection

CHECKOUT = "checkout-order-1"
CEVICHE = "b80328d4-d5ff-4676-a224-22e7014a0d14"  # what is in the cart


def a_price_check(**changes):
    return _of_a_checkout("pricecheck", changes)


def a_start(**changes):
    """A guest begins to check out."""
    return _of_a_checkout("checkout_beginning", changes)


def a_finish(**changes):
    return _of_a_checkout("checkout_finished", changes)


def a_cancel(**changes):
    return _of_a_checkout("checkout_cancelled", changes)


def a_refund(**changes):
    return _of_a_checkout("items_refunded", changes)


def an_unknown_call(**changes):
    """Whatever the platform says when an integration is changed."""
    return orjson.dumps({"restaurant_id": BBOT_ID, "is_enabled": True, **changes})


def _of_a_checkout(name, changes):
    document = orjson.loads(sample(name))
    ids = {"restaurant_id": BBOT_ID, "checkout_id": CHECKOUT}
    return orjson.dumps(document | ids | changes)


# Each hook with what comes to it.
PARTNER_CALLS = (
    ("promo", a_price_check()),
    ("promo", a_start()),
    ("checkout-finished", a_finish()),
    ("checkout-cancelled", a_cancel()),
    ("items-refunded", a_refund()),
    ("integration-changed", an_unknown_call()),
)
ORDER_CALLS = (("order-injection", an_injection()), ("order-change", an_injection()))
