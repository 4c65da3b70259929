"""The shapes name what the readers look at, and nothing else."""

import typing
from collections import defaultdict

import pytest
from pydantic import BaseModel, RootModel

from bridge.sources.bbot import Hook, decode_document, recognise
from bridge.sources.bbot.call_shapes import CALLS

THING = {"?": 0}
CART = {
    "event_type": "checkout_beginning",
    "cart_items_this_restaurant": [
        # Without an id it is not read any further.
        {"lineitem_id": "1", "mods": [THING], "tags": [THING]},
        {"line_item_id": "2"},
    ],
    "prompts_to_guest": [{"prompt_id": "1", "choices": [{"selected": True}]}],
}
ORDER = {
    "id": "1",
    "restaurant_id": "2",
    "items": [{"mods": [THING]}],
    "table": THING,
    "delivery_address": THING,
}
LEFT = {"pretax_cents_now": 0, "tax_cents_now": 0}
# As empty as can be: where a reader falls back on another field, it has to.
EMPTIEST = {
    Hook.ORDER_INJECTION: {"order": ORDER | {"items": [{"name": "Ceviche", "mods": [THING]}]}},
    Hook.ORDER_CHANGE: {"order": ORDER},
    Hook.PROMO: CART,
    Hook.CHECKOUT_FINISHED: {"checkout_id": "1"},
    Hook.CHECKOUT_CANCELLED: {"checkout_id": "1"},
    Hook.ITEMS_REFUNDED: {
        "checkout_id": "1",
        "orderitems_now": [{"orderitem_id": "1", **LEFT}],
        "service_charges_now": [{"id": "1", **LEFT}],
    },
    Hook.INTEGRATION_CHANGED: {},
}
# A reader remarks on them: an entry counts as one unit, whatever they say.
WITHOUT_EFFECT = {"qty", "quantity"}


class Watched(dict):
    """An object of a payload that notes which of its fields are looked at."""

    def __init__(self, data, shape, seen):
        self.seen = seen[shape]
        super().__init__({name: watched(each, shape, name, seen) for name, each in data.items()})

    def get(self, name, default=None):
        self.seen.add(name)
        return super().get(name, default)

    def __contains__(self, name):
        self.seen.add(name)
        return super().__contains__(name)


def watched(value, shape, name, seen):
    inner = (
        shape_within(shape.model_fields[name].annotation) if name in shape.model_fields else None
    )
    if inner is None:
        return value
    if isinstance(value, list):
        return [Watched(each, inner, seen) for each in value]
    return Watched(value, inner, seen)


def shape_within(annotation):
    """The model of the objects in a field, None if it has none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if issubclass(annotation, RootModel) else annotation
    found = map(shape_within, typing.get_args(annotation))
    return next((shape for shape in found if shape is not None), None)


def seen_by(read, document, hook):
    seen = defaultdict(set)
    read(hook, Watched(document, CALLS[hook], seen))
    return seen


@pytest.mark.parametrize("hook", Hook)
def test_the_readers_look_at_what_the_shapes_name(hook):
    seen = seen_by(decode_document, EMPTIEST[hook], hook)
    told_apart_by = seen_by(lambda at, body: recognise(body, at), EMPTIEST[hook], hook)
    aside = told_apart_by[CALLS[hook]] | WITHOUT_EFFECT

    for shape, names in seen.items():
        assert set(shape.model_fields) <= names, shape
        assert names - set(shape.model_fields) <= aside, shape
    assert set(seen) == set(shapes(CALLS[hook]))


def shapes(shape):
    """A shape with all that are in it; one that is in itself once."""
    yield shape
    for info in shape.model_fields.values():
        inner = shape_within(info.annotation)
        if inner not in {None, shape}:
            yield from shapes(inner)
