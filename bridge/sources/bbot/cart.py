"""What a guest is about to order: a price check, or a checkout that begins."""

from typing import Any, Final

from bridge.model.cart import Cart, CartLine
from bridge.model.event import CheckoutStarted, PriceCheck
from bridge.sources.bbot.cart_lines import read_cart_lines
from bridge.sources.bbot.errors import DecodeError
from bridge.sources.bbot.fields import SOURCE, Fields, Remarks
from bridge.sources.bbot.fulfilment import fulfilment_in_words
from bridge.sources.bbot.guest import read_guest
from bridge.sources.bbot.hook import CHECKOUT_BEGINNING, event_type_of
from bridge.sources.bbot.prompts import read_prompts

_ALWAYS_SENT: Final = ("restaurant_id", "checkout_id", "fulfillment_method", "table_id")
_PRETAX: Final = "cart_items_pretax_cents_this_restaurant"


def read_promo(document: dict[str, Any]) -> PriceCheck | CheckoutStarted:
    """Never raises: a guest's basket must not fail on us. Both messages have one address."""
    fields = Fields(document, "", Remarks())
    if event_type_of(document) != CHECKOUT_BEGINNING:
        return PriceCheck(cart=_read_cart(fields))
    attempt_id = fields.identifier("checkout_attempt_id")
    return CheckoutStarted(cart=_read_cart(fields), attempt_id=attempt_id)


def _read_cart(fields: Fields) -> Cart:
    fields.expect(_ALWAYS_SENT)
    code = fields.line("fulfillment_method")
    lines = read_cart_lines(fields)
    return Cart(
        source=SOURCE,
        restaurant=fields.identifier("restaurant_id"),
        checkout_id=fields.identifier("checkout_id"),
        lines=lines,
        pretax_cents=_pretax_cents(fields, lines),
        fulfilment=fulfilment_in_words(code),
        fulfilment_code=code,
        table_id=fields.identifier("table_id"),
        guest_id=fields.identifier("guest_id"),
        guest=read_guest(fields),
        prompts=read_prompts(fields),
        remarks=fields.remarks.as_tuple(),
    )


def _pretax_cents(fields: Fields, lines: tuple[CartLine, ...]) -> int:
    """As it is stated; what the lines add up to where it is not, or not to be understood."""
    added = sum(line.total_cents for line in lines)
    if fields.data.get(_PRETAX) in (None, ""):
        fields.remark(_PRETAX, "is missing: its lines are added up instead")
        return added
    try:
        stated = fields.cents(_PRETAX)
    except DecodeError as error:
        fields.remarks.add(f"{error.detail}: its lines are added up instead")
        return added
    fields.compare(_PRETAX, stated, added)
    return stated
