"""What is remembered of each checkout between two calls about it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.config.promotion import fold
from bridge.ingress.pos_quotes import Asked
from bridge.ledger.promotions import Use, UseState
from bridge.model import Cart, Quote
from bridge.sources.bbot.reply import own_prompts

CAPACITY = 10_000

# Our text input; it comes back under the same id, sometimes as another kind of prompt.
CODE = "code"
_INPUT = "textinput"
_LONGEST = 200

_Basket = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """An answer with what it was made from. `amount_cents` 0: the code took nothing off."""

    quote: Quote
    basket: _Basket
    code: str
    amount_cents: int
    pos: Quote
    at: float


@dataclass(slots=True)
class Visit:
    """One checkout. `code` is the newest one, folded; `held` what its last start reserved.

    `has_row`: the ledger has a code of this checkout, so it must hear of another one.
    """

    code: str = ""
    guest: str = ""
    has_row: bool = False
    held: Use | None = None
    quoted: Quoted | None = None
    asked: Asked = field(default_factory=Asked)

    def take(self, use: Use) -> None:
        """What the ledger knows of it; the newest code comes last."""
        self.code, self.guest, self.has_row = use.code, use.guest or self.guest, True
        if use.state in {UseState.RESERVED, UseState.RELEASED}:
            self.held = use


class Visits:
    """The newest ones, by restaurant and checkout; `drop` hears of each that is forgotten."""

    def __init__(self, *, drop: Callable[[Visit], None], capacity: int = CAPACITY) -> None:
        self._drop = drop
        self._capacity = capacity
        self._visits: dict[tuple[str, str], Visit] = {}

    def find(self, restaurant: str, checkout_id: str) -> Visit | None:
        return self._visits.get((restaurant, checkout_id))

    def open(self, restaurant: str, checkout_id: str) -> Visit:
        """The one that is known, or a new one. Without a checkout's id nothing is remembered."""
        visit = self.find(restaurant, checkout_id) or Visit()
        self.keep(restaurant, checkout_id, visit)
        return visit

    def keep(self, restaurant: str, checkout_id: str, visit: Visit) -> None:
        if not checkout_id:
            return
        key = restaurant, checkout_id
        self._visits.pop(key, None)
        self._visits[key] = visit
        while len(self._visits) > self._capacity:
            self._drop(self._visits.pop(next(iter(self._visits))))


def typed_in(cart: Cart) -> str:
    """The code that stands in our text input, folded; "" if none does."""
    for prompt in own_prompts(cart):
        if prompt.id == CODE and prompt.kind == _INPUT and prompt.value.strip():
            return fold(prompt.value[:_LONGEST])
    return ""


def guest_of(cart: Cart) -> str:
    """A digest that is the same for the same guest, "" if nobody knows who it is."""
    known = cart.guest_id.strip() or cart.guest.email.strip()
    if "@" in known:
        known = known.casefold()
    known = known or "".join(sign for sign in cart.guest.phone if sign.isdigit())
    return hashlib.sha256(known.encode(errors="replace")).hexdigest()[:32] if known else ""


def basket_of(cart: Cart) -> _Basket:
    """What the price hangs on: equal baskets may be given the same discount."""
    lines = (
        (line.id, line.menu_item_id, line.quantity, line.price_cents, line.tags)
        for line in cart.lines
    )
    return tuple(sorted(lines)), cart.pretax_cents, cart.fulfilment_code
