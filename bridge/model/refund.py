"""What the platform says is left of each item after refunds, and what fell since. Whole cents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What an item or a service charge costs now; never a delta. `id` as in `Unit.id`."""

    id: str
    price_cents: int
    tax_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """What fell of one unit or service charge; `is_gone`: nothing of its price is left.

    `on_ticket` False: it was left out of the ticket, so only the money is to be put right.
    `doubt`: in words, what of it the platform does not tell; a person must look, and no POS gets
    the line. The service charges of an order fall as one, without an id.
    """

    id: str
    name: str
    price_cents: int
    tax_cents: int
    is_gone: bool = False
    on_ticket: bool = True
    is_charge: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One step down; each step is one delivery."""

    lines: tuple[RefundLine, ...]

    @property
    def amount_cents(self) -> int:
        """Price and tax together."""
        return sum(line.price_cents + line.tax_cents for line in self.lines)

    @property
    def is_doubtful(self) -> bool:
        """True if the platform does not tell all of it."""
        return any(line.doubt for line in self.lines)
