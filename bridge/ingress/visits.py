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
# Lines of all their carts: what is remembered of a checkout grows with its cart.
ROOM = 100_000

# Our text input; it comes back under the same id, sometimes as another kind of prompt.
CODE = "code"
_INPUT = "textinput"
_LONGEST = 200

# A phone's number without its country's is the same guest's; a shorter one is nobody's.
_TELLING_DIGITS = 10
_FEWEST_DIGITS = 7

_Basket = bytes


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

    `known`: digests of what is known of the guest, as a `Use` has them.
    `lines`: those of its newest cart.
    `has_row`: the ledger has a code of this checkout, so it must hear of another one.
    `attempt_id`: that of the last start; `is_retry`: there was another one before it.
    """

    code: str = ""
    known: dict[str, str] = field(default_factory=dict)
    has_row: bool = False
    lines: int = 0
    attempt_id: str | None = None
    is_retry: bool = False
    held: Use | None = None
    quoted: Quoted | None = None
    asked: Asked = field(default_factory=Asked)

    def take(self, use: Use) -> None:
        """What the ledger knows of it; the newest code comes last."""
        self.code, self.has_row = use.code, True
        given = {"guest": use.guest, "email": use.email, "phone": use.phone}
        self.known |= {name: digest for name, digest in given.items() if digest}
        if use.state in {UseState.RESERVED, UseState.RELEASED}:
            self.held = use

    def use(self, restaurant: str, checkout_id: str, at: float = 0.0) -> Use:
        """Its code in its checkout."""
        return Use(
            restaurant=restaurant,
            checkout_id=checkout_id,
            code=self.code,
            guest=self.known.get("guest", ""),
            email=self.known.get("email", ""),
            phone=self.known.get("phone", ""),
            at=at,
        )

    def note_attempt(self, attempt_id: str) -> None:
        """The checkout starts; it starts again if it did so under another id."""
        self.is_retry |= self.attempt_id not in {None, attempt_id}
        self.attempt_id = attempt_id


class Visits:
    """The newest ones, by restaurant and checkout; `drop` hears of each that is forgotten."""

    def __init__(
        self, *, drop: Callable[[Visit], None], capacity: int = CAPACITY, room: int = ROOM
    ) -> None:
        self._drop = drop
        self._capacity = capacity
        self._room = room
        self._lines = 0
        self._visits: dict[tuple[str, str], Visit] = {}

    def find(self, restaurant: str, checkout_id: str) -> Visit | None:
        return self._visits.get((restaurant, checkout_id))

    def open(self, restaurant: str, checkout_id: str, *, lines: int = 0) -> Visit:
        """The one that is known, or a new one. Without a checkout's id nothing is remembered."""
        visit = self._take_out((restaurant, checkout_id)) or Visit()
        visit.lines = lines
        self.keep(restaurant, checkout_id, visit)
        return visit

    def keep(self, restaurant: str, checkout_id: str, visit: Visit) -> None:
        """As the newest one; those that were silent longest make room for it."""
        if not checkout_id:
            return
        key = restaurant, checkout_id
        self._take_out(key)
        self._visits[key] = visit
        self._lines += visit.lines
        while len(self._visits) > self._capacity or self._lines > self._room:
            oldest = self._take_out(next(iter(self._visits)))
            if oldest is not None:
                self._drop(oldest)

    def _take_out(self, key: tuple[str, str]) -> Visit | None:
        visit = self._visits.pop(key, None)
        self._lines -= visit.lines if visit else 0
        return visit


def typed_in(cart: Cart) -> str:
    """The code that stands in our text input, folded; "" if none does."""
    for prompt in own_prompts(cart):
        if prompt.id == CODE and prompt.kind == _INPUT and prompt.value.strip():
            return fold(prompt.value[:_LONGEST])
    return ""


def known_of(cart: Cart) -> dict[str, str]:
    """Digests that are the same for the same guest, by what they are made of.

    A session's id changes with each visit, an address is written in capitals, a phone with and
    without its country: whoever is known by one of them already is known.
    """
    found = {
        "guest": _address(cart.guest_id),
        "email": _email(cart.guest.email),
        "phone": _phone(cart.guest.phone),
    }
    return {name: _digest(value) for name, value in found.items() if value}


def _email(written: str) -> str:
    """Nothing for what stands there in place of one: it would make one guest of many."""
    return _address(written) if "@" in written else ""


def _address(written: str) -> str:
    written = written.strip()
    return written.casefold() if "@" in written else written


def _phone(written: str) -> str:
    """Its last digits; "" for what stands there in place of one, such as 000."""
    digits = "".join(sign for sign in written if sign.isdecimal())
    is_real = len(digits) >= _FEWEST_DIGITS and len(set(digits)) > 1
    return digits[-_TELLING_DIGITS:] if is_real else ""


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()[:32]


def basket_of(cart: Cart) -> _Basket:
    """A digest of what the price hangs on: equal baskets may be given the same discount."""
    lines = (
        (line.id, line.menu_item_id, line.quantity, line.price_cents, line.tags)
        for line in cart.lines
    )
    facts = sorted(lines), cart.pretax_cents, cart.fulfilment_code
    return hashlib.sha256(repr(facts).encode(errors="replace")).digest()
