"""A cart, and what a guest is answered to it."""

import json

from bridge.model import (
    Cart,
    CartLine,
    Discount,
    GivenPrompt,
    Guest,
    Quote,
    Share,
)
from bridge.sources.bbot.reply import compose


def line(own_id, price, quantity=1):
    return CartLine(id=own_id, menu_item_id="m", name="n", quantity=quantity, price_cents=price)


CART = Cart(
    source="bbot",
    restaurant="grill",
    checkout_id="c-1",
    lines=(line("38654715", 1194, 3), line("-5", 250)),
    pretax_cents=3832,
    guest_id="eric@example.com",
    guest=Guest(name="Eric Wang", phone="555 555 5555", email="Eric@Example.com"),
    prompts=(GivenPrompt(id="example_bbot_0", kind="label", text="of another partner"),),
)


def answer(quote, cart=CART, *, allow=None):
    return json.loads(compose(quote, cart, allow=allow)[0])


def problems(quote, cart=CART, *, allow=None):
    return compose(quote, cart, allow=allow)[1]


def discounts(discount, cart=CART):
    return answer(Quote(discount=discount), cart)["discounts"]


def prompts(*given):
    return answer(Quote(prompts=given))["prompts_to_guest"]


def off(amount, *shares, name="Off"):
    rows = tuple(Share(line_id=line_id, amount_cents=cents) for line_id, cents in shares)
    return Discount(name=name, amount_cents=amount, shares=rows)


def rows(discount, cart=CART):
    (found,) = discounts(discount, cart)
    return {
        row["line_item_id"]: row["cents_to_add"] for row in found["distribution_among_line_items"]
    }
