"""One call of the platform in a guest's story, and what came back for it."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    Event,
    IntegrationChanged,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)

INJECTION: Final = "order-injection"
CHANGE: Final = "order-change"

# In the order of a guest's evening.
_HOOKS: Final[dict[type, str]] = {
    PriceCheck: "promo",
    CheckoutStarted: "promo",
    OrderPlaced: INJECTION,
    OrderChanged: CHANGE,
    CheckoutFinished: "checkout-finished",
    CheckoutCancelled: "checkout-cancelled",
    ItemsRefunded: "items-refunded",
    IntegrationChanged: "integration-changed",
}
# Two messages have one address; the platform's own words tell them apart.
_NAMES: Final = _HOOKS | {PriceCheck: "pricecheck", CheckoutStarted: "checkout-beginning"}
LABELS: Final = tuple(_NAMES.values())
_NEWS: Final = OrderChanged | CheckoutFinished | CheckoutCancelled | ItemsRefunded
_OF_PARTNER: Final = CheckoutFinished | CheckoutCancelled | ItemsRefunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`event` is what the bridge must make of `document`; `after` counts from the step before.

    `promised`: the discount that the guest was shown last, in cents below 0, and that a checkout
    start must repeat. `will_be_paid`: the platform may tell of the payment before it asks.
    """

    event: Event
    document: dict[str, Any]
    after: float = 0.0
    promised: int | None = None
    will_be_paid: bool = False

    @property
    def hook(self) -> str:
        """The last part of the address."""
        return _HOOKS[type(self.event)]

    @property
    def label(self) -> str:
        """What it is counted as."""
        return _NAMES[type(self.event)]

    @property
    def is_news(self) -> bool:
        """True for what the platform only tells: nothing hangs on the answer."""
        return isinstance(self.event, _NEWS)

    @property
    def may_be_lost(self) -> bool:
        """True for what the platform does not look after: told once, whatever is answered."""
        return isinstance(self.event, _OF_PARTNER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`status` 0: no answer came."""

    status: int
    body: bytes = b""

    @property
    def is_yes(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  the HTTP class 2XX

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in it, empty if there is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


# For what nobody waits for.
ASSUMED: Final = Reply(status=200)
