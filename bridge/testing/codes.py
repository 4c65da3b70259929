"""Promo codes that guests type, and what each is worth, if that is known."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bridge.model import Cart

_EFFECT: Final = re.compile(r"(?:([0-9]{1,9})|([0-9]{1,3}(?:\.[0-9]{1,6})?)%)(/guest)?")
_WAYS: Final = "write CODE, CODE=300 (cents) or CODE=12.5%, with /guest behind it if once for each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`cents` or `percent` off every cart, neither if nobody says; `is_once`: for each guest."""

    word: str
    cents: int | None = None
    percent: Decimal | None = None
    is_once: bool = False

    @classmethod
    def read(cls, text: str) -> "Code":
        """From CODE, CODE=300, CODE=12.5% or CODE=300/guest. Raises ValueError."""
        word, equals, effect = text.partition("=")
        if not word.strip():
            raise ValueError(f"{text}: {_WAYS}")
        if not equals:
            return cls(word=word)
        found = _EFFECT.fullmatch(effect)
        if found is None:
            raise ValueError(f"{text}: {_WAYS}")
        cents, percent, once = found.groups()
        return cls(
            word=word,
            cents=int(cents) if cents else None,
            percent=Decimal(percent) if percent else None,
            is_once=bool(once),
        )

    @property
    def is_known(self) -> bool:
        """True if it is said what it takes off."""
        return self.cents is not None or self.percent is not None

    def worth(self, cart: Cart) -> int:
        """The cents that it takes off this cart, never more than it costs; half a cent counts up.

        Of dishes that share a line's id none can be discounted: the cart is without them.
        """
        price = cart.total_cents
        if self.cents is not None:
            return min(self.cents, price)
        part = price * (self.percent or Decimal()) / 100
        return min(int(part.quantize(Decimal(1), ROUND_HALF_UP)), price)
