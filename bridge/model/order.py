"""The platform-neutral order. All money in whole cents, all times aware (UTC)."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

WAITING = "waiting"
# Behind the kitchen, as the platform's people call it; no other word is taken for that.
MADE = frozenset({"ready for driver", "en route", "with driver", "delivered", "done"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """A change to a dish, as the kitchen reads it. Its price is inside the unit's price."""

    id: str
    name: str
    price_cents: int = 0
    tax_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One portion: what the platform counts, prices and refunds one by one."""

    id: str
    price_cents: int = 0
    tax_cents: int = 0
    tip_cents: int = 0
    status: str = WAITING

    @property
    def is_made(self) -> bool:
        """True if the kitchen is done with it; False where the platform's word is not known."""
        return " ".join(re.split(r"[\W_]+", self.status.casefold())).strip() in MADE


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Equal units of one dish: same dish, same modifiers, same notes."""

    name: str
    menu_item_id: str
    units: tuple[Unit, ...]
    modifiers: tuple[Modifier, ...] = ()
    notes: str = ""

    @property
    def quantity(self) -> int:
        return len(self.units)

    @property
    def price_cents(self) -> int:
        """Before tax, all units together, modifiers included."""
        return sum(unit.price_cents for unit in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where the order goes or was made; may be a pickup or delivery page, not furniture."""

    id: str
    name: str
    short_id: str = ""
    hostname: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    street: str = ""
    apartment: str = ""
    city: str = ""
    zip_code: str = ""
    state: str = ""
    country: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Phone and email reach an adapter only if its spec says that it needs them."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """As the platform states them; they need not add up, and nothing here is recomputed."""

    pretax_cents: int = 0
    tip_cents: int = 0
    fee_cents: int = 0
    tax_cents: int = 0
    total_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of one restaurant.

    `restaurant` is the configured id (the platform's own until the ingress has mapped it),
    `checkout_id` is never empty, `number` is the day's number as text ("" if none),
    `remarks` say what was odd about the payload and harmless.
    """

    source: str
    id: str
    restaurant: str
    checkout_id: str
    lines: tuple[Line, ...]
    number: str = ""
    fulfilment: str = ""
    fulfilment_code: str = ""
    placed_at: datetime | None = None
    modified_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    table: Table | None = None
    address: Address | None = None
    guest: Guest = Guest()
    facts: tuple[tuple[str, str], ...] = ()
    totals: Totals = Totals()
    remarks: tuple[str, ...] = ()

    def is_waiting(self) -> bool:
        """True while the order is open and at least one unit is still to be made."""
        return self.closed_at is None and any(
            unit.status == WAITING for line in self.lines for unit in line.units
        )

    def is_newer_than(self, other: "Order") -> bool:
        """True if the platform changed this one later; without times nothing is newer."""
        if self.modified_at is None or other.modified_at is None:
            return False
        return self.modified_at > other.modified_at

    def without_contact(self) -> "Order":
        return replace(self, guest=replace(self.guest, phone="", email=""))
