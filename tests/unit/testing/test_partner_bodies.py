from pathlib import Path

import orjson
import pytest

from bridge.model import CheckoutStarted, ItemsRefunded, Line, Modifier, PriceCheck
from bridge.testing.guests import Mix
from bridge.testing.partner_bodies import line_id
from tests.evening import tell

SAMPLES = Path(__file__).parents[3] / "bridge/sources/bbot/samples"
CEVICHE = "b80328d4-d5ff-4676-a224-22e7014a0d14"
OTHER_CEVICHE = "5100d13b-05dc-4908-ae66-c2d9d63e704d"


def a_line(dish, *mods, notes=""):
    modifiers = tuple(Modifier(id=each, name=each) for each in mods)
    return Line(name="", menu_item_id=dish, units=(), modifiers=modifiers, notes=notes)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (a_line(CEVICHE, "b80330d7-9abd-40f9-8c88-b006d4308267"), "38654715"),
        (a_line(OTHER_CEVICHE, "bc7ba7fd-55cd-4f03-8bfb-af8bbf63b9bf"), "-1068112470"),
        (
            a_line(OTHER_CEVICHE, "bc7ba7fd-55cd-4f03-8bfb-af8bbf63b9bf", notes="no onion"),
            "395473492",
        ),
        (
            a_line(OTHER_CEVICHE, "bc7ba7fd-55cd-4f03-8bfb-af8bbf63b9bf", notes="no onion 🌶"),
            "457311174",
        ),
    ],
)
def test_the_id_of_a_line_is_the_one_that_the_platform_computes(line, expected):
    assert line_id(line) == expected


def test_the_order_of_modifiers_does_not_count():
    assert line_id(a_line("x", "a", "b")) == line_id(a_line("x", "b", "a"))


def first(kind, steps):
    return next(step.document for step in steps if isinstance(step.event, kind))


@pytest.fixture(scope="module")
def steps():
    mix = Mix(refunds=1, fees=1)
    return [step for steps in tell(10, mix=mix) for step in steps]


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        (PriceCheck, "pricecheck.json"),
        (CheckoutStarted, "checkout_beginning.json"),
        (ItemsRefunded, "items_refunded.json"),
    ],
)
def test_a_body_has_the_fields_of_the_published_sample(kind, sample, steps):
    published = orjson.loads((SAMPLES / sample).read_bytes())
    document = first(kind, steps)
    assert published.keys() <= document.keys()
    assert published["event_type"] == document["event_type"]
    for name in ("cart_items_this_restaurant", "orderitems_now", "service_charges_now"):
        if name in published:
            assert document[name][0].keys() == published[name][0].keys()


def test_a_cart_does_not_have_the_modifiers_in_the_price_of_the_dish(steps):
    for step in steps:
        if isinstance(step.event, PriceCheck):
            assert step.document["cart_items_pretax_cents_this_restaurant"] == sum(
                item["qty"]
                * (item["pretax_cents"] + sum(mod["pretax_cents"] for mod in item["mods"]))
                for item in step.document["cart_items_this_restaurant"]
            )


def test_a_refund_names_the_line_of_each_unit(steps):
    for step in steps:
        if isinstance(step.event, ItemsRefunded):
            lines = {item["line_item_id"] for item in step.document["cart_items_this_restaurant"]}
            known = {row["lineitem_id"] for row in step.document["orderitems_now"]}
            # A dish that staff added was in no cart.
            assert known <= lines | {""}
