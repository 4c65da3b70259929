"""One decoded webhook: what the platform said, in our words.

`restaurant`, `checkout_id` and `order_id` say whom each is about; "" where it does not say.
"""

from dataclasses import dataclass, replace
from typing import Literal

from bridge.model.cart import Cart
from bridge.model.order import Order
from bridge.model.refund import Remainder


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfOrder:
    order: Order

    @property
    def restaurant(self) -> str:
        return self.order.restaurant

    @property
    def checkout_id(self) -> str:
        return self.order.checkout_id

    @property
    def order_id(self) -> str:
        return self.order.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(_OfOrder):
    """The platform asks, during checkout, whether the order may be placed."""

    type: Literal["order_placed"] = "order_placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(_OfOrder):
    """The platform tells the newest state of an order that was paid."""

    type: Literal["order_changed"] = "order_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCart:
    cart: Cart

    @property
    def restaurant(self) -> str:
        return self.cart.restaurant

    @property
    def checkout_id(self) -> str:
        return self.cart.checkout_id

    @property
    def order_id(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCheck(_OfCart):
    """The platform asks what a cart costs, and what to show to the guest."""

    type: Literal["price_check"] = "price_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutStarted(_OfCart):
    """The platform asks whether the guest may check out. One checkout may have many attempts."""

    attempt_id: str = ""
    type: Literal["checkout_started"] = "checkout_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCheckout:
    restaurant: str
    checkout_id: str

    @property
    def order_id(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutFinished(_OfCheckout):
    """The guest has paid."""

    type: Literal["checkout_finished"] = "checkout_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutCancelled(_OfCheckout):
    """An attempt of the checkout failed; another one may follow."""

    type: Literal["checkout_cancelled"] = "checkout_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsRefunded(_OfCheckout):
    """What is left of the items and service charges of a checkout: a state, never a delta.

    `unread`: something was refunded, and what cannot be read; in words, why.
    """

    items: tuple[Remainder, ...] = ()
    charges: tuple[Remainder, ...] = ()
    unread: str = ""
    type: Literal["items_refunded"] = "items_refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationChanged(_OfCheckout):
    """Something about the integration, or something that nothing here knows: kept, no effect."""

    restaurant: str = ""
    checkout_id: str = ""
    type: Literal["integration_changed"] = "integration_changed"


# What the side that serves the POS hears of.
News = OrderPlaced | OrderChanged | CheckoutFinished | CheckoutCancelled | ItemsRefunded

Event = News | PriceCheck | CheckoutStarted | IntegrationChanged


def at(event: Event, restaurant: str) -> Event:
    """The same event under the configured id of its restaurant."""
    if isinstance(event, _OfOrder):
        return replace(event, order=replace(event.order, restaurant=restaurant))
    if isinstance(event, _OfCart):
        return replace(event, cart=replace(event.cart, restaurant=restaurant))
    return replace(event, restaurant=restaurant)
