"""What an answer may be, read the way Bbot reads it; whatever else comes is a fault.

Knows nothing of how answers are made: it looks at the call, and at the bytes that came back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.model import Cart, CheckoutStarted, OrderPlaced, PriceCheck
from bridge.testing.steps import Reply, Step

# "The restaurant said no": sold out, closed, the POS is down.
REFUSALS: Final = frozenset({409, 422, 503})

_KINDS: Final = frozenset({"label", "textinput", "applybutton", "multiselect_group"})
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a cart gets: `discount_cents` is below 0 or 0; `shares` are above 0, by line id."""

    prompts: list[_Document] = field(default_factory=list)
    discount_cents: int = 0
    name: str = ""
    shares: dict[str, int] = field(default_factory=dict)


def read_offer(reply: Reply, cart: Cart) -> Offer:
    """The prompts and the discount of an answer; nothing from one that breaks a rule."""
    document = reply.document
    if not reply.is_yes or list(_broken(document, cart)):
        return Offer()
    discount = (document["discounts"] or [{}])[0]
    total = discount.get("total_cents_to_add", 0)
    rows = discount.get("distribution_among_line_items") or []
    shares = {row["line_item_id"]: -row["cents_to_add"] for row in rows}
    return Offer(
        prompts=document["prompts_to_guest"],
        discount_cents=total,
        name=discount.get("name_for_guest", ""),
        shares=shares or spread(-total, {line.id: line.total_cents for line in cart.lines}),
    )


def spread(cents: int, prices: dict[str, int]) -> dict[str, int]:
    """An amount over prices by their weight: to the cent, and none beyond its price."""
    whole, left = sum(prices.values()), cents
    shares = {}
    for name, price in prices.items():
        share = min(price, left, -(-cents * price // whole) if whole else 0)
        shares[name] = share
        left -= share
    return shares


def allows(reply: Reply) -> bool:
    """Whether the guest may go on to pay; an answer that says nothing stops nobody."""
    return reply.document.get("allow_checkout") is not False


def code_of(step: Step, reply: Reply) -> str:
    """The word that an answer is counted under beside its status."""
    document = reply.document
    if isinstance(step.event, CheckoutStarted) and "allow_checkout" in document:
        return "allowed" if document["allow_checkout"] else "not allowed"
    if isinstance(step.event, PriceCheck) and reply.is_yes:
        return "with a discount" if document.get("discounts") else ""
    return str(document.get("code") or document.get("result") or "")


def faults(step: Step, reply: Reply) -> list[str]:
    """Why this is no answer to this call, in words without any value; none if it is one."""
    event = step.event
    if isinstance(event, PriceCheck | CheckoutStarted):
        return _of_offer(step, reply, event.cart)
    if isinstance(event, OrderPlaced) and reply.status in REFUSALS:
        return []
    return [] if reply.is_yes else [f"status {reply.status}"]


def _of_offer(step: Step, reply: Reply, cart: Cart) -> list[str]:
    if reply.status != 200:  # noqa: PLR2004  the only status of these answers
        return [f"status {reply.status}"]
    document, found = reply.document, list(_broken(reply.document, cart))
    if isinstance(step.event, CheckoutStarted):
        found += _broken_start(document)
    if not found and step.promised is not None and allows(reply):
        now = read_offer(reply, cart).discount_cents
        found += ["another discount than the guest was shown"] if now != step.promised else []
    return found


def _broken_start(document: _Document) -> Iterator[str]:
    allow, prompts = document.get("allow_checkout"), document.get("prompts_to_guest")
    if type(allow) is not bool:
        yield "allow_checkout is not true or false"
    labels = [each for each in _dicts(prompts) if each.get("prompt_type") == "label"]
    if allow is False and not any(each.get("text") for each in labels):
        yield "no checkout, and no label that says why"


def _broken(document: _Document, cart: Cart) -> Iterator[str]:
    prompts, discounts = document.get("prompts_to_guest"), document.get("discounts", ...)
    yield from _broken_prompts(prompts, cart)
    if discounts is not None and type(discounts) is not list:
        yield "the discounts are neither null nor a list"
    elif discounts:
        if len(discounts) > 1:
            yield "more than one discount"
        yield from _broken_discount(discounts[0], cart)


def _broken_prompts(prompts: object, cart: Cart) -> Iterator[str]:
    if not isinstance(prompts, list) or len(_dicts(prompts)) != len(prompts):
        yield "the prompts are not a list of objects"
        return
    ids = [each.get("prompt_id") for each in prompts]
    if not all(isinstance(each, str) and each for each in ids):
        yield "a prompt without an id that is text"
        return
    if len(set(ids)) < len(ids):
        yield "two prompts have one id"
    if any(each.get("prompt_type") not in _KINDS for each in prompts):
        yield "a prompt of no known type"
    # What somebody else has shown has an id of theirs.
    if {each.id for each in cart.prompts} & set(ids):
        yield "a prompt has the id of another partner's"


def _broken_discount(discount: object, cart: Cart) -> Iterator[str]:
    if not isinstance(discount, dict):
        yield "a discount is no object"
        return
    total, rows = discount.get("total_cents_to_add"), discount.get("distribution_among_line_items")
    if type(total) is not int or total >= 0 or -total > cart.pretax_cents:
        yield "a discount that is not between 0 and the price of the cart"
        return
    if not isinstance(discount.get("name_for_guest"), str) or not discount["name_for_guest"]:
        yield "a discount without a name"
    if rows is not None:
        yield from _broken_rows(rows, total, cart)


def _broken_rows(rows: object, total: int, cart: Cart) -> Iterator[str]:
    found = _dicts(rows)
    cents = [row.get("cents_to_add") for row in found]
    ids = [row.get("line_item_id") for row in found]
    prices: dict[object, int] = {line.id: line.total_cents for line in cart.lines}
    off = [-each for each in cents if type(each) is int and each < 0]
    if not found or len(off) < len(cents):
        yield "a distribution of what is not below 0"
        return
    if sum(off) != -total:
        yield "a distribution that does not add up"
    if len(set(ids)) < len(ids) or not set(ids) <= set(prices):
        yield "a distribution over lines that are not there, or twice"
    elif any(each > prices[one] for one, each in zip(ids, off, strict=True)):
        yield "more off a line than it costs"


def _dicts(value: object) -> list[_Document]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
