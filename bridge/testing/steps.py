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
_ORDERS: Final = OrderPlaced | OrderChanged
# Seconds from the first byte of a call to the last of its answer.
_GUEST_BUDGET: Final = 1.0
_BUDGET: Final = 2.5

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the guest was shown last, as it came: the start of the checkout must repeat it."""

    prompts: list[Document]
    discounts: list[Document] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`event` is what the bridge must make of `document`; `after` counts from the step before.

    `worth`: what may be taken off, in cents, None if nobody knows; `code`: the word that a guest
    has typed, if it is a good one; `has_field`: there must be one to type it into. `will_be_paid`:
    the platform may tell of the payment before it asks.
    """

    event: Event
    document: Document
    after: float = 0.0
    promise: Promise | None = None
    worth: frozenset[int] | None = None
    code: str = ""
    has_field: bool = False
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
    def budget(self) -> float:
        """Seconds that the answer may take."""
        return _GUEST_BUDGET if self.hook == "promo" else _BUDGET

    @property
    def is_news(self) -> bool:
        """True for what the platform only tells: nothing hangs on the answer."""
        return isinstance(self.event, _NEWS)

    @property
    def may_be_lost(self) -> bool:
        """True for what the platform does not look after: told once, whatever is answered."""
        return isinstance(self.event, _OF_PARTNER)

    @property
    def is_of_order(self) -> bool:
        """True for the two hooks for which the platform promises credentials."""
        return isinstance(self.event, _ORDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`status` 0: no answer came. `seconds`: how long it took from the first byte of the call."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    seconds: float = 0.0

    @property
    def is_yes(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  the HTTP class 2XX

    @property
    def document(self) -> Document:
        """The JSON object in it, empty if there is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


# For what nobody waits for.
ASSUMED: Final = Reply(status=200)
