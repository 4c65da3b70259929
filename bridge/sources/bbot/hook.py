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


_BY_EVENT_TYPE: Final = {
    "pricecheck": Hook.PROMO,
    "checkout_beginning": Hook.PROMO,
    "checkout_finished": Hook.CHECKOUT_FINISHED,
    "checkout_cancelled": Hook.CHECKOUT_CANCELLED,
    "items_refunded": Hook.ITEMS_REFUNDED,
}


def recognise(document: dict[str, Any]) -> Hook:
    """The hook of a body that came to an address which serves all of them.

    What nothing here knows counts as integration-changed: kept, answered 2XX, without effect.
    """
    event_type = document.get("event_type")
    if isinstance(event_type, str) and event_type.strip():
        return _BY_EVENT_TYPE.get(event_type.strip().lower(), Hook.INTEGRATION_CHANGED)
    if "order" in document or "order_id" in document:
        # Injection and change have the same shape. A change taken for an injection costs an
        # answer nobody reads; an injection taken for a change would let a guest pay for an
        # order that the restaurant had to refuse. So: the one whose non-2XX matters.
        return Hook.ORDER_INJECTION
    return Hook.INTEGRATION_CHANGED
