"""Every quirk that the platform is known to have is played: none may fall away unseen.

Looks at the bytes of a whole evening, and knows nothing of how they were made.
"""

import gzip
import json
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest

from bridge.model import ItemsRefunded
from bridge.testing.guests import Mix
from tests.evening import disturbed

MIX = Mix(failures=0.2, refunds=0.6, fees=0.5, edits=0.4, others=0.5, traits=0.15, again=0.05)
CODES = ("HAPPY=12.5%", "WELCOME=300/guest")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FULFILMENTS = {
    "patron_pickup",
    "server_delivery",
    "runner_with_cc",
    "robot_delivery",
    "driver_delivery",
    "runner_nofeedback",
    "pickup_nofeedback",
    "catering",
}
HOOKS = {
    "pricecheck",
    "checkout-beginning",
    "order-injection",
    "order-change",
    "checkout-finished",
    "checkout-cancelled",
    "items-refunded",
}


class Seen:
    """One call as it went out; `json` is the object in it, if it is one."""

    def __init__(self, call):
        self.call = call
        self.body = call.dressed.body
        self.text = self.body.decode("utf-8-sig")
        self.label = call.step.label
        self.is_broken = call.is_broken
        try:
            found = json.loads(self.text)
        except ValueError:
            found = None
        self.json = found if isinstance(found, dict) else {}
        self.objects = list(_objects(self.json))
        self.prompts = _list(self.json.get("prompts_to_guest"))
        self.cart = _list(self.json.get("cart_items_this_restaurant"))
        order = self.json.get("order")
        self.order = order if isinstance(order, dict) else {}
        self.is_start = self.label == "checkout-beginning" and self.json
        self.is_check = self.label == "pricecheck" and self.json

    def any(self, *names):
        """All values under these names, however deep."""
        return [found[name] for found in self.objects for name in names if name in found]


def _list(value):
    return value if isinstance(value, list) else []


def _objects(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _objects(each)


def is_form(seen):
    return seen.call.dressed.content_type == "application/x-www-form-urlencoded"


def has_curly(seen):
    names = ("mobile", "guest_email", "guest_name")
    return seen.is_broken and all(f'"{name}":\u201c' in seen.text for name in names)


def types_of(seen):
    return {
        (prompt["prompt_id"], prompt["prompt_type"])
        for prompt in seen.prompts
        if isinstance(prompt["prompt_id"], str)
    }


def ids_twice(seen):
    times = Counter(prompt["prompt_id"] for prompt in seen.prompts)
    return max(times.values(), default=0) > 1


def sums_up(seen):
    order = seen.order
    names = ("pretax_cents", "tip_cents", "fee_pretax_cents", "tax_cents", "total_cents")
    parts = [order.get(name) for name in names]
    return not all(type(each) is int for each in parts) or sum(parts[:-1]) == parts[-1]


def top_is_other(seen, *, known):
    """The ids at the top are not those of the order; `known`: they look like real ones."""
    top, nested = seen.json.get("order_id"), seen.order.get("id")
    if not (isinstance(top, str) and nested) or top == str(nested):
        return False
    return bool(UUID.fullmatch(top)) is known


# By number of the contract: what shows that a call has it.
QUIRKS = {
    "Q1 nested values lost in a form under a JSON header": lambda seen: (
        seen.is_broken and not is_form(seen) and "order=id&order=" in seen.text
    ),
    "Q2 lists as JSON in a text": lambda seen: isinstance(seen.json.get("prompts_to_guest"), str),
    "Q3 a form": lambda seen: is_form(seen) and dict(parse_qsl(seen.text)),
    "Q3 true and false as words of Python in a form": lambda seen: (
        is_form(seen) and "verified=False" in seen.text
    ),
    "Q4 curly quotes around three values": has_curly,
    "Q4 curly quotes in a name": lambda seen: any(
        isinstance(name, str) and "\u201cAce\u201d" in name for name in seen.any("guest_name")
    ),
    "Q5 None and True": lambda seen: seen.is_broken and '":None,"is_new":True' in seen.text,
    "Q5 a dict as Python prints it": lambda seen: (
        seen.is_broken and "'response': None" in seen.text
    ),
    "Q6 a trailing comma": lambda seen: seen.is_broken and seen.text.endswith(",}"),
    "Q7 a placeholder with a no-break space for an email": lambda seen: any(
        isinstance(email, str) and "\u00a0" in email for email in seen.any("guest_email")
    ),
    "Q8 accents as they are": lambda seen: "\u00c8" in seen.text,
    "Q8 accents as escapes": lambda seen: "\\u00c8" in seen.text,
    "Q8 accents apart": lambda seen: unicodedata.normalize("NFC", seen.text) != seen.text,
    "Q9 a byte order mark": lambda seen: seen.body.startswith(b"\xef\xbb\xbf"),
    "Q9 NaN": lambda seen: seen.is_broken and ":NaN," in seen.text,
    "Q9 a key twice": lambda seen: seen.is_broken and '"x","checkout_id"' in seen.text,
    "Q9 a list at the top": lambda seen: seen.is_broken and seen.text.startswith("[{"),
    "Q9 beyond 64 bits": lambda seen: not seen.is_broken and 2**70 in seen.json.values(),
    "Q9 a price beyond 64 bits": lambda seen: seen.is_broken and 2**70 in seen.any("pretax_cents"),
    "Q9 fractions for whole cents": lambda seen: any(
        type(each) is float for each in seen.any("pretax_cents")
    ),
    "Q9 digits for whole cents": lambda seen: any(
        type(each) is str for each in seen.any("pretax_cents") if not seen.is_broken
    ),
    "Q10 a number for a prompt's id": lambda seen: any(
        type(each["prompt_id"]) is int for each in seen.prompts
    ),
    "Q11 two prompts with one id": ids_twice,
    "Q12 buttontext alone": lambda seen: any(
        "buttontext" in each and "button_text" not in each for each in seen.prompts
    ),
    "Q12 button_text alone": lambda seen: any(
        "button_text" in each and "buttontext" not in each for each in seen.prompts
    ),
    "Q13 a button of Bbot's own beside ours": lambda seen: any(
        type(each["prompt_id"]) is int and str(before["prompt_id"]).startswith("pos-bridge")
        for before, each in pairwise(seen.prompts)
    ),
    "Q14 a field of ours as a label": lambda seen: ("pos-bridge:code", "label") in types_of(seen),
    "Q14 a field of another's as a label": lambda seen: ("other_1", "label") in types_of(seen),
    "Q15 prompts of others": lambda seen: any(
        str(each["prompt_id"]).startswith("other_") for each in seen.prompts
    ),
    "Q16 lineitem_id in a cart": lambda seen: any("lineitem_id" in each for each in seen.cart),
    "Q16 a number for a line's id": lambda seen: any(
        type(each.get("line_item_id")) is int for each in seen.cart
    ),
    "Q17 UUIDs for lines": lambda seen: any(
        UUID.fullmatch(str(each.get("line_item_id"))) for each in seen.cart
    ),
    "Q18 menuItemId and menuitem_id": lambda seen: (
        seen.any("menuItemId") or seen.any("menuitem_id")
    ),
    "Q19 a number for a guest": lambda seen: type(seen.json.get("guest_id")) is int,
    "Q19 an address for a guest": lambda seen: "@" in str(seen.json.get("guest_id")),
    "Q20 no UUID for an order": lambda seen: (
        seen.order and not UUID.fullmatch(str(seen.order.get("id")))
    ),
    "Q20 no UUID for a checkout": lambda seen: (
        seen.json.get("checkout_id") and not UUID.fullmatch(str(seen.json["checkout_id"]))
    ),
    "Q21 tags of dishes in an order": lambda seen: any(
        each.get("tags") for each in _list(seen.order.get("items"))
    ),
    "Q21 tags as objects": lambda seen: any(
        isinstance(tag, dict) for each in seen.cart for tag in each.get("tags", ())
    ),
    **{
        f"Q22 nothing in {name}": lambda seen, name=name: "" in seen.any(name)
        for name in ("sku", "special_instructions", "apartment", "size", "heading", "value")
    },
    "Q23 a price check without an email": lambda seen: (
        seen.is_check and "guest_email" not in seen.json
    ),
    "Q23 a start without prompts and guest": lambda seen: (
        seen.is_start and not any("guest" in name for name in seen.json)
    ),
    "Q23 a refund without a guest": lambda seen: (
        seen.label == "items-refunded"
        and seen.json
        and not any(name.startswith("guest") for name in seen.json)
    ),
    "Q24 placeholders at the top": lambda seen: top_is_other(seen, known=False),
    "Q24 other real ids at the top": lambda seen: top_is_other(seen, known=True),
    "Q25 a change at the injection's address": lambda seen: (
        seen.label == "order-injection"
        and not seen.is_broken
        and seen.call.step.event.order.closed_at is not None
    ),
    "Q25 a change at the address for all": lambda seen: (
        seen.label == "order-injection"
        and seen.call.is_bare
        and seen.call.step.event.order.modified_at.microsecond > 11
    ),
    "2.3 a total off by a cent": lambda seen: not seen.is_broken and not sums_up(seen),
    "2.3 a discount in a refund": lambda seen: any(
        int(each) > 0 for each in seen.any("original_discount_cents")
    ),
    "2.4 modifiers of modifiers in a cart": lambda seen: any(
        mod.get("mods") for each in seen.cart for mod in each["mods"]
    ),
    "2.4 modifiers three deep": lambda seen: any(
        deep.get("mods") for each in seen.cart for mod in each["mods"] for deep in mod["mods"]
    ),
    "2.4 modifiers of modifiers in an order": lambda seen: any(
        mod.get("mods") for each in _list(seen.order.get("items")) for mod in each["mods"]
    ),
    "2.4 a negative id of a line": lambda seen: any(
        str(each.get("line_item_id")).startswith("-") for each in seen.cart
    ),
    "2.4 two lines with one id": lambda seen: (
        max(
            Counter(str(each.get("line_item_id", id(each))) for each in seen.cart).values(),
            default=0,
        )
        > 1
    ),
    "packed bodies": lambda seen: (
        seen.call.dressed.is_packed and gzip.decompress(seen.call.dressed.sent) == seen.body
    ),
    "bodies in pieces": lambda seen: seen.call.dressed.in_pieces,
    "partners without credentials": lambda seen: seen.call.is_nameless and not seen.is_broken,
    "orders without credentials": lambda seen: seen.call.is_nameless and seen.is_broken,
    "an empty cart": lambda seen: (
        seen.is_check and seen.json.get("cart_items_this_restaurant") == []
    ),
}
# Not about what we are sent: what Bbot answers to those who call it.
NOT_SENT = {"Q26"}


@pytest.fixture(scope="module")
def evening():
    """What each guest's calls look like on the wire."""
    calls = disturbed(300, share=0.3, mix=MIX, codes=CODES, restaurants=("north", "south"))
    return [[Seen(call) for call in guest] for guest in calls]


@pytest.fixture(scope="module")
def seen(evening):
    return [each for guest in evening for each in guest]


def test_the_table_has_every_number_of_the_contract():
    numbers = {name.split()[0] for name in QUIRKS} | NOT_SENT
    assert numbers >= {f"Q{number}" for number in range(1, 27)} | {"2.3", "2.4"}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_it_is_played(quirk, seen):
    assert sum(bool(QUIRKS[quirk](each)) for each in seen) >= 2


def test_every_hook_is_wrecked(seen):
    assert {each.label for each in seen if each.is_broken} >= HOOKS


def test_an_order_comes_in_every_way(seen):
    assert {each.order["fulfillment_method"] for each in seen if each.order} == FULFILMENTS


def test_ids_of_lines_may_have_an_undefined_in_them(evening):
    ids = {}
    for guest in evening:
        for seen in guest:
            for each in seen.cart:
                if not each["mods"] and "line_item_id" in each:
                    ids.setdefault(each["menuItemId"], set()).add(str(each["line_item_id"]))
    assert any({hashed(dish), hashed(dish + "undefined")} <= ids[dish] for dish in ids)


def hashed(text):
    """As the platform's page computes it."""
    found = 0
    data = text.encode("utf-16-le")
    for low, high in zip(data[::2], data[1::2], strict=True):
        found = (31 * found + low + 256 * high) & 0xFFFFFFFF
    return str(found - 2**32 if found >= 2**31 else found)


def test_a_tip_may_be_given_back_of_which_the_refund_says_nothing(evening):
    for guest in evening:
        refunds = [each for each in guest if isinstance(each.call.step.event, ItemsRefunded)]
        if refunds and is_of_tip(refunds[0].call.step.event, guest):
            return
    pytest.fail("no tip was given back")


def is_of_tip(refund, guest):
    orders = [each.call.step.event.order for each in guest if each.label == "order-change"]
    left = {one.id: (one.price_cents, one.tax_cents) for one in refund.items}
    for order in orders:
        paid = {u.id: (u.price_cents, u.tax_cents) for line in order.lines for u in line.units}
        if paid.keys() == left.keys() and paid == left and not order.totals.fee_cents:
            return True
    return False


def test_a_cart_may_change_between_its_last_price_and_the_checkout(evening):
    swapped = 0
    for guest in evening:
        carts = [each.call.step for each in guest if each.label == "pricecheck"]
        starts = [each.call.step for each in guest if each.is_start]
        if carts and starts:
            checked, started = carts[-1].event.cart, starts[0].event.cart
            swapped += (
                checked.checkout_id == started.checkout_id
                and started.pretax_cents > checked.pretax_cents
            )
    assert swapped > 3


def test_a_dish_may_be_put_back(evening):
    prices = [
        [each.call.step.event.cart.pretax_cents for each in guest if each.is_check]
        for guest in evening
    ]
    assert any(0 < after < before for each in prices for before, after in pairwise(each))
