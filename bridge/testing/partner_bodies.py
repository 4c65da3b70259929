"""The bodies that Bbot posts to its partners: carts, ends of checkouts, refunds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bridge.model import Cart, CartLine, Guest, ItemsRefunded, Line, Modifier, Order
from bridge.testing.bodies import email_of, hung
from bridge.testing.orders import named
from bridge.testing.traits import Trait

Document = dict[str, Any]
Traits = frozenset[Trait]

PLAIN: Traits = frozenset()
# So few that two dishes soon share one.
_TWINS = 2


def line_id(line: Line, traits: Traits = PLAIN) -> str:
    """The id of a cart's line as the platform computes it from dish, modifiers and notes."""
    mods = "".join(f"_{each}" for each in sorted(modifier.id for modifier in line.modifiers))
    notes = line.notes or ("undefined" if Trait.UNDEFINED_LINES in traits else "")
    found = 0
    for low, high in _pairs((line.menu_item_id + mods + notes).encode("utf-16-le")):
        found = (31 * found + low + 256 * high) & 0xFFFFFFFF
    if Trait.TWIN_LINES in traits:
        return str(found % _TWINS)
    if Trait.UUID_LINES in traits:
        return str(named("line", str(found)))
    return str(found - 2**32 if found >= 2**31 else found)


def cart_of(
    order: Order, guest_id: str, *, with_name: bool = False, traits: Traits = PLAIN
) -> Cart:
    """The cart that becomes that order; the tags hang on the dish alone."""
    lines = tuple(_cart_line(line, traits) for line in order.lines)
    guest = order.guest if with_name else Guest(phone=order.guest.phone, email=order.guest.email)
    return Cart(
        source=order.source,
        restaurant=order.restaurant,
        checkout_id=order.checkout_id,
        lines=lines,
        pretax_cents=sum(line.total_cents for line in lines),
        fulfilment=order.fulfilment,
        fulfilment_code=order.fulfilment_code,
        table_id=order.table.id if order.table else "",
        guest_id=guest_id,
        guest=guest,
    )


def told_apart(cart: Cart) -> Cart:
    """Without the lines that share an id: of them nobody can say which one is meant."""
    times = Counter(line.id for line in cart.lines)
    return replace(cart, lines=tuple(line for line in cart.lines if times[line.id] == 1))


def pricecheck_body(cart: Cart, prompts: list[Document], others: Iterable[Cart] = ()) -> Document:
    """What Bbot posts while the cart fills."""
    return _basics("pricecheck", cart, others) | _guest(cart) | {"prompts_to_guest": prompts}


def beginning_body(
    cart: Cart, attempt_id: str, prompts: list[Document], others: Iterable[Cart] = ()
) -> Document:
    """What Bbot posts when the guest goes to pay."""
    first, _, last = cart.guest.name.partition(" ")
    names = {"guest_first_name": first, "guest_last_name": last}
    more = {"checkout_attempt_id": attempt_id, "prompts_to_guest": prompts}
    return _basics("checkout_beginning", cart, others) | _guest(cart) | names | more


def end_body(
    event_type: str, cart: Cart, prompts: list[Document], others: Iterable[Cart] = ()
) -> Document:
    """What Bbot posts when a checkout came to its end: checkout_finished, checkout_cancelled."""
    return _basics(event_type, cart, others) | {"prompts_to_guest": prompts}


def refund_body(
    event: ItemsRefunded,
    cart: Cart,
    lines: Mapping[str, str],
    prompts: list[Document],
    response: Document | None,
    off: Mapping[str, int] | None = None,
) -> Document:
    """What Bbot posts after a refund, by unit: `lines` has the cart's line, `off` the discount."""
    return {
        **end_body("items_refunded", cart, prompts),
        "response": response,
        "orderitems_now": [
            {
                "orderitem_id": one.id,
                "lineitem_id": lines.get(one.id, ""),
                "pretax_cents_now": one.price_cents,
                "tax_cents_now": one.tax_cents,
                "original_discount_cents": (off or {}).get(one.id, 0),
            }
            for one in event.items
        ],
        "service_charges_now": [
            {"id": one.id, "pretax_cents_now": one.price_cents, "tax_cents_now": one.tax_cents}
            for one in event.charges
        ],
    }


def _pairs(data: bytes) -> Iterable[tuple[int, int]]:
    return zip(data[::2], data[1::2], strict=True)


def _cart_line(line: Line, traits: Traits) -> CartLine:
    unit = line.units[0]
    return CartLine(
        id=line_id(line, traits),
        menu_item_id=line.menu_item_id,
        name=line.name,
        quantity=line.quantity,
        price_cents=unit.price_cents,
        tax_cents=unit.tax_cents,
        modifiers=line.modifiers,
        tags=("lunch",) if named(line.menu_item_id).int % 3 == 0 else (),
        category="food",
    )


def _basics(event_type: str, cart: Cart, others: Iterable[Cart]) -> Document:
    return {
        "event_type": event_type,
        "restaurant_id": cart.restaurant,
        "table_id": cart.table_id,
        "fulfillment_method": cart.fulfilment_code,
        "checkout_id": cart.checkout_id,
        "cart_items_pretax_cents_this_restaurant": cart.pretax_cents,
        "cart_items_this_restaurant": [_item(line) for line in cart.lines],
        "cart_items_other_restaurants": [_item(line) for other in others for line in other.lines],
    }


def _guest(cart: Cart) -> Document:
    return {
        "guest_id": cart.guest_id,
        "guest_email": email_of(cart.guest),
        "guest_email_is_verified": False,
        "guest_phone": cart.guest.phone,
        "guest_phone_is_verified": False,
    }


def _item(line: CartLine) -> Document:
    """Unlike in an order, the price of a dish does not have its modifiers in it."""
    return {
        **_dish(
            line.menu_item_id,
            line.name,
            line.price_cents - sum(modifier.price_cents for modifier in line.modifiers),
            line.tax_cents - sum(modifier.tax_cents for modifier in line.modifiers),
            "food",
        ),
        "mods": hung(line.modifiers, _addon),
        "tags": list(line.tags),
        "report_category": line.category,
        "line_item_id": line.id,
        "qty": line.quantity,
    }


def _addon(modifier: Modifier) -> Document:
    price, tax = modifier.price_cents, modifier.tax_cents
    return _dish(modifier.id, modifier.name, price, tax, "addon")


def _dish(dish_id: str, name: str, price: int, tax: int, menu_class: str) -> Document:
    return {
        "mods": [],
        "menuItemId": dish_id,
        "name_for_owner": name,
        "sku": "",
        "pretax_cents": price,
        "tax_cents": tax,
        "menu_item_class": menu_class,
        "tags": [],
        "report_category": "other",
    }
