"""What an answer may be, read the way Bbot reads it; whatever else comes is a fault.

Knows nothing of how answers are made: it looks at the call, and at the bytes that came back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.model import (
    Cart,
    CheckoutStarted,
    IntegrationChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.testing.reply_rules import violations
from bridge.testing.steps import Reply, Step

# "The restaurant says no". Any other no is the bridge's own, and a guest who cannot pay.
REFUSALS: Final = frozenset({(409, "sold_out"), (409, "closed"), (503, "pos_down")})
LATE: Final = "past its budget"
EMPTY: Final = "nothing shown, not even a field for the code"
# What a bridge that has no time to do better answers.
OF_A_BUSY_MACHINE: Final = frozenset({LATE, EMPTY})

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
# How the restaurant is called in our prompts only its configuration knows.
_OURS: Final = "pos-bridge:"
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a cart gets: `discount_cents` is below 0 or 0; `shares` are above 0, by line id."""

    prompts: list[_Document] = field(default_factory=list)
    discount_cents: int = 0
    name: str = ""
    shares: dict[str, int] = field(default_factory=dict)


def read_offer(reply: Reply, cart: Cart, *, starts: bool) -> Offer:
    """The prompts and the discount of an answer; nothing from one that breaks a rule."""
    document = reply.document
    if not reply.is_yes or violations(reply.body, cart, starts=starts, prefix=_OURS):
        return Offer()
    discount = (document["discounts"] or [{}])[0]
    rows = discount.get("distribution_among_line_items", [])
    return Offer(
        prompts=document["prompts_to_guest"],
        discount_cents=discount.get("total_cents_to_add", 0),
        name=discount.get("name_for_guest", ""),
        shares={row["line_item_id"]: -row["cents_to_add"] for row in rows},
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


def is_empty(reply: Reply) -> bool:
    """True for the answer that changes nothing for the guest."""
    return not reply.document.get("prompts_to_guest") and not reply.document.get("discounts")


def code_of(step: Step, reply: Reply) -> str:
    """The word that an answer is counted under beside its status."""
    document = reply.document
    if isinstance(step.event, CheckoutStarted) and "allow_checkout" in document:
        return "allowed" if document["allow_checkout"] else "not allowed"
    if isinstance(step.event, PriceCheck) and reply.is_yes:
        if document.get("discounts"):
            return "with a discount"
        return "nothing shown" if is_empty(reply) else ""
    return str(document.get("code") or document.get("result") or "")


def faults(step: Step, reply: Reply) -> list[str]:
    """Why this is no answer to this call, in words without any value; none if it is one."""
    event = step.event
    if isinstance(event, PriceCheck | CheckoutStarted):
        return list(_of_offer(step, reply, event.cart))
    if isinstance(event, OrderPlaced) and is_refusal(reply):
        return _of_type(reply, _PROBLEM)
    if not reply.is_yes:
        return [_no(reply)]
    return [*_of_type(reply, _JSON), *_of_yes(step, reply.document)]


def is_refusal(reply: Reply) -> bool:
    """True if it is the restaurant that says no, not the bridge."""
    return (reply.status, reply.document.get("code")) in REFUSALS


def _no(reply: Reply) -> str:
    return f"status {reply.status} {reply.document.get('code', '')}".strip()


def _of_yes(step: Step, document: _Document) -> Iterator[str]:
    event, result = step.event, document.get("result")
    if isinstance(event, OrderPlaced):
        if result != "accepted":
            yield "a yes that does not say accepted"
        if document.get("order_id") != event.order_id:
            yield "a yes to another order"
    elif isinstance(event, IntegrationChanged):
        if result != "archived":
            yield "a yes that does not say archived"
    elif result != "recorded":
        yield "a yes that does not say recorded"


def _of_type(reply: Reply, wanted: str) -> list[str]:
    found = reply.content_type.partition(";")[0].strip().lower()
    return [] if found == wanted else ["an answer of another content type"]


def _of_offer(step: Step, reply: Reply, cart: Cart) -> Iterator[str]:
    if reply.status != 200:  # noqa: PLR2004  the only status of these answers
        yield _no(reply)
        return
    yield from _of_type(reply, _JSON)
    starts = isinstance(step.event, CheckoutStarted)
    broken = violations(reply.body, cart, starts=starts, prefix=_OURS)
    yield from broken
    if step.has_field and not broken and is_empty(reply):
        yield EMPTY
    elif not broken and allows(reply):
        yield from _of_promise(step, reply.document)
        yield from _of_worth(step, read_offer(reply, cart, starts=starts))


def _of_promise(step: Step, document: _Document) -> Iterator[str]:
    promise = step.promise
    if promise and document["discounts"] != promise.discounts:
        yield "another discount than the guest was shown"
    if promise and document["prompts_to_guest"] != promise.prompts:
        yield "other prompts than the guest was shown"


def _of_worth(step: Step, offer: Offer) -> Iterator[str]:
    if step.worth is not None and -offer.discount_cents not in step.worth:
        yield "another discount than the code is worth"
