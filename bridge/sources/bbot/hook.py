"""Which webhook of the platform a request is."""

from enum import StrEnum
from typing import Any, Final


class Hook(StrEnum):
    """The last part of the address that a webhook is sent to."""

    ORDER_INJECTION = "order-injection"
    ORDER_CHANGE = "order-change"
    PROMO = "promo"
    CHECKOUT_FINISHED = "checkout-finished"
    CHECKOUT_CANCELLED = "checkout-cancelled"
    ITEMS_REFUNDED = "items-refunded"
    INTEGRATION_CHANGED = "integration-changed"

    @property
    def carries_order(self) -> bool:
        return self in {Hook.ORDER_INJECTION, Hook.ORDER_CHANGE}


HOOKS = frozenset(Hook)


CHECKOUT_BEGINNING: Final = "checkout_beginning"

# Both order hooks come without an event_type; every hook for partners has one.
_BY_EVENT_TYPE: Final = {
    "pricecheck": Hook.PROMO,
    CHECKOUT_BEGINNING: Hook.PROMO,
    "checkout_finished": Hook.CHECKOUT_FINISHED,
    "checkout_cancelled": Hook.CHECKOUT_CANCELLED,
    "items_refunded": Hook.ITEMS_REFUNDED,
}

# What a message without an event_type must hold to be what its address says.
_MARKS: Final = {
    Hook.PROMO: ("cart_items_this_restaurant", "cart_items_pretax_cents_this_restaurant"),
    Hook.CHECKOUT_FINISHED: ("checkout_id",),
    Hook.CHECKOUT_CANCELLED: ("checkout_id",),
    Hook.ITEMS_REFUNDED: ("checkout_id", "orderitems_now"),
}


def event_type_of(document: dict[str, Any]) -> str:
    """The platform's word for a message, "" where there is none."""
    value = document.get("event_type")
    if isinstance(value, str):
        return value.strip().lower()
    return "" if value is None else "(not text)"


def recognise(document: dict[str, Any], hook: Hook | None = None) -> Hook:
    """What a body turns out to be; `hook` is the address it came to, None for the one for all.

    An order at an order's address stays what the address says. Anything else is what its
    event_type says, because addresses are typed by hand into settings and get mixed up.
    What nothing here knows counts as integration-changed: kept, answered 2XX, without effect.
    """
    known = _BY_EVENT_TYPE.get(event_type_of(document))
    if hook is not None and hook.carries_order and (known is None or _holds_order(document)):
        return hook
    return known or _by_shape(document, hook)


def _by_shape(document: dict[str, Any], hook: Hook | None) -> Hook:
    # Injection and change have the same shape. A change taken for an injection costs an
    # answer nobody reads; an injection taken for a change would let a guest pay for an
    # order that the restaurant had to refuse. So: the one whose non-2XX matters. An order
    # counts as one at a partner's address, too, and under an event_type that is not known
    # yet: put away with a 2XX it would be paid for and never made.
    if _holds_order(document):
        return Hook.ORDER_INJECTION
    if event_type_of(document):
        return Hook.INTEGRATION_CHANGED
    if hook is not None and _fits(document, hook):
        return hook
    # A bare order_id may be a field of any message to come; at the address for all, a sign.
    half_an_order = "order" in document or (hook is None and "order_id" in document)
    return Hook.ORDER_INJECTION if half_an_order else Hook.INTEGRATION_CHANGED


def _holds_order(document: dict[str, Any]) -> bool:
    value = document.get("order")
    if isinstance(value, str):
        return value.lstrip().startswith("{")
    return isinstance(value, dict) and bool(value)


def _fits(document: dict[str, Any], hook: Hook) -> bool:
    return hook is Hook.INTEGRATION_CHANGED or any(
        mark in document for mark in _MARKS.get(hook, ())
    )
