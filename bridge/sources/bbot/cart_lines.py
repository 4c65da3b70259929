"""The lines of a cart: those that can be discounted to the cent.

A price check must not fail on a cart. What cannot be understood is left out with a remark, so
that no discount touches it.
"""

from collections import Counter
from typing import Any, Final

from bridge.model.cart import CartLine
from bridge.sources.bbot.cents import INT64, whole
from bridge.sources.bbot.errors import DecodeError, content
from bridge.sources.bbot.fields import Fields
from bridge.sources.bbot.modifiers import NAMELESS, read_modifiers
from bridge.sources.text import MAX_LENGTH, clean_line

_TAG_NAMES: Final = ("name", "tag", "text", "id")


def read_cart_lines(cart: Fields) -> tuple[CartLine, ...]:
    """Never raises."""
    items = [(_line_id(item), item) for item in cart.children("cart_items_this_restaurant")]
    times = Counter(line_id for line_id, _ in items)
    lines, weight = [], 0
    for line_id, item in items:
        try:
            _check_id(item, line_id, times[line_id])
            line = _line(item, line_id)
            weight = _check_weight(item, weight + _weight(line))
        except DecodeError as error:
            cart.remarks.add(f"{item.path} is left out: {error.detail}")
        else:
            lines.append(line)
    return tuple(lines)


def _line_id(item: Fields) -> str:
    # A refund spells it without the first underscore.
    return item.exact("line_item_id") or item.exact("lineitem_id")


def _check_id(item: Fields, line_id: str, times: int) -> None:
    path = item.path_of("line_item_id")
    if not line_id:
        raise content("bad_line", f"{path} is missing or unusable, so no discount can name it")
    if times > 1:
        # The platform computes the id from the dish in 32 bits, so two dishes may share one.
        # It is not said which of them a discount would fall on, or whether on both.
        raise content("bad_line", f"{path} is given twice, so a discount could fall on either")


def _line(item: Fields, line_id: str) -> CartLine:
    """Unlike in an order, the price of a dish does not have its modifiers in it yet."""
    modifiers = tuple(read_modifiers(item))
    name = item.line("name_for_owner") or item.line("name")
    if not name:
        item.remark("name_for_owner", f'is missing: shown as "{NAMELESS}"')
    return CartLine(
        id=line_id,
        menu_item_id=item.identifier("menuItemId") or item.identifier("menuitem_id"),
        name=name or NAMELESS,
        quantity=_quantity(item),
        price_cents=item.cents("pretax_cents") + sum(mod.price_cents for mod in modifiers),
        tax_cents=item.cents("tax_cents") + sum(mod.tax_cents for mod in modifiers),
        modifiers=modifiers,
        sku=item.line("sku"),
        tags=_tags(item),
        category=item.line("report_category"),
    )


def _quantity(item: Fields) -> int:
    value = item.data.get("qty")
    if value is None or value == "":
        item.remark("qty", "is missing: taken as 1")
        return 1
    quantity = whole(value)
    if quantity is None or quantity < 1:
        raise content("bad_line", f"{item.path_of('qty')} is not a number of portions")
    return quantity


def _weight(line: CartLine) -> int:
    return max(1, abs(line.price_cents) + abs(line.tax_cents)) * line.quantity


def _check_weight(item: Fields, weight: int) -> int:
    """`weight` is that of this line and all before it: what adding up may come to at most."""
    if weight >= INT64:
        raise content("bad_line", f"with {item.path} the cart adds up to a number beyond 64 bits")
    return weight


def _tags(item: Fields) -> tuple[str, ...]:
    value = item.opened("tags")
    entries = value if isinstance(value, list) else [value]
    return tuple(tag for entry in entries if (tag := _tag(entry)))


def _tag(entry: Any) -> str:
    if isinstance(entry, dict):
        named = (entry[name] for name in _TAG_NAMES if entry.get(name) not in (None, ""))
        entry = next(named, "")
    text = str(entry) if type(entry) is int else entry
    return clean_line(text)[:MAX_LENGTH] if isinstance(text, str) else ""
