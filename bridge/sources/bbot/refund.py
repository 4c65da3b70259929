"""What is left of the items of a checkout after a refund.

Money goes back by this, so a value in doubt is never guessed: the message is refused as a whole.
"""

from collections.abc import Iterable
from typing import Any, Final

from bridge.model.event import ItemsRefunded
from bridge.model.refund import Remainder
from bridge.sources.bbot.cents import bad_money
from bridge.sources.bbot.checkout import read_ids
from bridge.sources.bbot.errors import DecodeError, content
from bridge.sources.bbot.fields import Fields, Remarks

_ITEMS: Final = "orderitems_now"
_CHARGES: Final = "service_charges_now"


def read_refunded(document: dict[str, Any]) -> ItemsRefunded:
    """The newest state; DecodeError 422 where an id, an amount or the whole list is in doubt."""
    refund = Fields(document, "", Remarks())
    restaurant, checkout_id = read_ids(refund)
    try:
        items = _remainders(refund.objects(_ITEMS, "item of the order"), "orderitem_id")
        charges = _charges(refund)
    except DecodeError as error:
        # A list in a text that is broken is a matter of content, too: the body was read.
        raise content(error.code, error.detail).about(restaurant, checkout_id=checkout_id) from None
    if not items and not charges:
        raise _nothing_named().about(restaurant, checkout_id=checkout_id)
    return ItemsRefunded(
        restaurant=restaurant, checkout_id=checkout_id, items=items, charges=charges
    )


def _charges(refund: Fields) -> tuple[Remainder, ...]:
    # An order without service charges is an ordinary one; an order without items is none.
    if refund.data.get(_CHARGES) in (None, ""):
        return ()
    return _remainders(refund.objects(_CHARGES, "service charge"), "id")


def _remainders(entries: Iterable[Fields], id_name: str) -> tuple[Remainder, ...]:
    """One for each id. Of one given twice what is nearer to nothing is true: no value rises."""
    found: dict[str, Remainder] = {}
    for entry in entries:
        one = _remainder(entry, id_name)
        other = found.get(one.id, one)
        found[one.id] = Remainder(
            id=one.id,
            price_cents=min(one.price_cents, other.price_cents, key=abs),
            tax_cents=min(one.tax_cents, other.tax_cents, key=abs),
        )
    return tuple(found.values())


def _remainder(entry: Fields, id_name: str) -> Remainder:
    # The reader of an order's units, so that an id is spelt alike in both.
    found = entry.identifier(id_name)
    if not found:
        path = entry.path_of(id_name)
        raise content("bad_item", f"{path} is missing or unusable; send the id of what is left")
    return Remainder(
        id=found,
        price_cents=_left(entry, "pretax_cents_now"),
        tax_cents=_left(entry, "tax_cents_now"),
    )


def _left(entry: Fields, name: str) -> int:
    if entry.data.get(name) in (None, ""):
        raise bad_money(entry.path_of(name), "is missing")
    return entry.cents(name)


def _nothing_named() -> DecodeError:
    return content("no_items", f"{_ITEMS} is empty; send one entry for each item of the order")
