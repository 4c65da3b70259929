"""One decoded webhook: what the platform said, in our words."""

from dataclasses import dataclass
from typing import Literal

from bridge.model.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """The platform asks, during checkout, whether the order may be placed."""

    order: Order
    type: Literal["order_placed"] = "order_placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """The platform tells the newest state of an order that was paid."""

    order: Order
    type: Literal["order_changed"] = "order_changed"


Event = OrderPlaced | OrderChanged
