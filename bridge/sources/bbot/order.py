"""The order object of the platform, as our Order."""

from typing import Any, Final

from bridge.model.event import OrderChanged, OrderPlaced
from bridge.model.order import Address, Line, Order, Table, Totals
from bridge.sources.bbot.cents import INT64
from bridge.sources.bbot.errors import DecodeError, content
from bridge.sources.bbot.fields import SOURCE, Fields, Remarks, as_text
from bridge.sources.bbot.fulfilment import fulfilment_in_words
from bridge.sources.bbot.guest import read_guest
from bridge.sources.bbot.items import read_lines
from bridge.sources.bbot.modifiers import NAMELESS
from bridge.sources.text import MAX_LENGTH, clean_line, clean_lines

_PARTS: Final = ("pretax_cents", "tip_cents", "fee_pretax_cents", "tax_cents")
_TOTAL: Final = "total_cents"
_ALWAYS_SENT: Final = ("fulfillment_method", "orderNumberToday", "table", "time", "last_modified")


def read_placed(document: dict[str, Any]) -> OrderPlaced:
    """The order of a guest who checks out now; DecodeError 422 if there is nothing to cook."""
    return OrderPlaced(order=read_order(document, may_be_empty=False))


def read_changed(document: dict[str, Any]) -> OrderChanged:
    """The newest state of an order, of which nothing may be left."""
    return OrderChanged(order=read_order(document, may_be_empty=True))


def read_order(document: dict[str, Any], *, may_be_empty: bool) -> Order:
    """The order in a webhook's document; the card (`charge`) is never looked at.

    Raises DecodeError 422, with the ids as far as they are known. `may_be_empty` is for an
    order that changed: there an empty list of items means that nothing is left of it.
    """
    remarks = Remarks()
    envelope = Fields(document, "", remarks)
    restaurant, order_id = envelope.identifier("restaurant_id"), envelope.identifier("order_id")
    try:
        order = _nested(envelope)
        restaurant = _preferred(order, "restaurant_id", restaurant)
        order_id = _preferred(order, "id", order_id)
        _require_ids(restaurant, order_id)
        lines = read_lines(order)
        if not may_be_empty:
            _require_dishes(lines)
        return _assemble(order, restaurant=restaurant, order_id=order_id, lines=lines)
    except DecodeError as error:
        raise error.about(restaurant, order_id) from None


def _nested(envelope: Fields) -> Fields:
    value = envelope.unwrapped("order")
    if isinstance(value, dict):
        return Fields(value, "order", envelope.remarks)
    found = "is missing" if value is None else "is not an object"
    raise content("no_order", f"order {found}; send the order as a JSON object")


def _preferred(order: Fields, name: str, outer: str) -> str:
    nested = order.identifier(name)
    if nested and outer and nested != outer:
        order.remark(name, "differs from the one at the top of the document: this one is used")
    return nested or outer


def _require_ids(restaurant: str, order_id: str) -> None:
    if not restaurant:
        raise content(
            "no_restaurant", "order.restaurant_id is missing or unusable; send the restaurant's id"
        )
    if not order_id:
        raise content("no_order_id", "order.id is missing or unusable; send the order's id")


def _require_dishes(lines: tuple[Line, ...]) -> None:
    if not lines:
        raise content("no_items", "order.items is empty; send one entry for each unit of the order")
    if all(line.name == NAMELESS for line in lines):
        raise content("no_items", "no entry of order.items has a name; send name_when_purchased")


def _assemble(order: Fields, *, restaurant: str, order_id: str, lines: tuple[Line, ...]) -> Order:
    order.expect(_ALWAYS_SENT)
    code = order.line("fulfillment_method")
    totals = _totals(order, lines)
    return Order(
        source=SOURCE,
        id=order_id,
        restaurant=restaurant,
        checkout_id=_checkout_id(order, order_id),
        lines=lines,
        number=order.line("orderNumberToday"),
        fulfilment=fulfilment_in_words(code),
        fulfilment_code=code,
        placed_at=order.time("time"),
        modified_at=order.time("last_modified"),
        closed_at=order.time("time_closed"),
        due_at=order.time("user_desired_time"),
        snoozed_until=order.time("snooze_till"),
        table=_table(order),
        address=_address(order),
        guest=read_guest(order),
        facts=_facts(order),
        totals=totals,
        remarks=order.remarks.as_tuple(),
    )


def _checkout_id(order: Fields, order_id: str) -> str:
    found = order.identifier("checkout_id")
    if not found:
        order.remark("checkout_id", "is missing: the order's own id is used")
    return found or f"order:{order_id}"


def _totals(order: Fields, lines: tuple[Line, ...]) -> Totals:
    """What the kitchen needs is in the lines: no total is worth refusing an order or a change."""
    stated = {name: order.clear_cents(name) for name in (*_PARTS, _TOTAL)}
    doubtful = [name for name, cents in stated.items() if cents is None]
    found = {name: cents or 0 for name, cents in stated.items()}
    parts = sum(found[name] for name in _PARTS)
    if len(doubtful) == 1:
        # The others say what it is.
        missing = parts if doubtful == [_TOTAL] else found[_TOTAL] - parts
        found[doubtful[0]] = missing if 0 <= missing < INT64 else 0
    elif not doubtful:
        order.compare(_TOTAL, found[_TOTAL], parts)
    order.compare("pretax_cents", found["pretax_cents"], sum(line.price_cents for line in lines))
    return Totals(
        pretax_cents=found["pretax_cents"],
        tip_cents=found["tip_cents"],
        fee_cents=found["fee_pretax_cents"],
        tax_cents=found["tax_cents"],
        total_cents=found[_TOTAL],
    )


def _table(order: Fields) -> Table | None:
    if isinstance(order.opened("table"), str):
        name = order.line("table")
        return Table(id="", name=name) if name else None
    table = order.child("table")
    if table is None:
        return None
    table_id, short_id = table.identifier("id"), table.line("short_id")
    return Table(
        id=table_id,
        name=table.line("display_name") or short_id or table_id,
        short_id=short_id,
        hostname=table.line("hostname"),
    )


def _address(order: Fields) -> Address | None:
    name = "deliveryAddress" if order.data.get("deliveryAddress") else "delivery_address"
    if isinstance(order.opened(name), str):
        street = order.lines(name)
        return Address(street=street) if street else None
    found = order.child(name)
    if found is None:
        return None
    address = Address(
        street=found.line("street"),
        apartment=found.line("apartment"),
        city=found.line("city"),
        zip_code=found.line("zip"),
        state=found.line("state"),
        country=found.line("country_code"),
        instructions=found.lines("delivery_instructions"),
    )
    return address if address != Address() else None


def _facts(order: Fields) -> tuple[tuple[str, str], ...]:
    """What the guest was asked at checkout; its shape is the restaurant's own."""
    value = order.opened("extra_checkout_info")
    if not isinstance(value, dict):
        value = {"Info": value or None}
    return tuple(
        (clean_line(label)[:MAX_LENGTH], text)
        for label, said in value.items()
        if (text := _fact(order, said))
    )


def _fact(order: Fields, said: Any) -> str:
    if said is None or said in ({}, []):
        return ""
    text = clean_lines(as_text(said))
    if len(text) > MAX_LENGTH:
        order.remark("extra_checkout_info", f"has a very long text: cut to {MAX_LENGTH} characters")
    return text[:MAX_LENGTH]
