"""Made-up orders that look like a busy evening, the same again for the same seed.

The money adds up the way Bbot's does: a unit's price holds its modifiers, tax is rounded part by
part, the total is everything. `bridge.testing.bodies` turns these orders into what Bbot posts.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bridge.model import Address, Guest, Line, Modifier, Order, Table, Totals, Unit
from bridge.testing.menus import FULFILMENTS, GUESTS, MENUS, NOTES, TABLES, Dish

MOST_UNITS = 60

_TAX = 0.08875
_TIP = 0.20
_NAMES = uuid.UUID("5f52f359-0d48-41a3-a7f4-d79c4cdb5c97")


class OrderFactory:
    """Makes orders; the same seed and clock make the same ones, ids included."""

    def __init__(
        self, seed: int, now: Callable[[], datetime] = lambda: datetime(2026, 1, 9, 18, tzinfo=UTC)
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311  made-up orders are no secret
        self._now = now
        self._number = 0

    def order(self, restaurant: str = "demo", *, units: int | None = None) -> Order:
        """An order of 1 to 60 units, mostly few."""
        self._number += 1
        now, code = self._now(), self._chance.choice(list(FULFILMENTS))
        lines = self._lines(restaurant, self._size() if units is None else units)
        return Order(
            source="bbot",
            id=self._id(),
            restaurant=restaurant,
            checkout_id=self._id(),
            number=str(self._number),
            fulfilment=FULFILMENTS[code],
            fulfilment_code=code,
            placed_at=now,
            modified_at=now + timedelta(microseconds=11),
            table=self._table(restaurant),
            address=self._address() if code == "driver_delivery" else None,
            guest=self._guest(),
            lines=lines,
            totals=totals_of(lines),
        )

    def edited(self, order: Order) -> Order:
        """The same order a little later, with one more unit of something."""
        more = self._lines(order.restaurant, 1)
        lines = merged((*order.lines, *more))
        modified = (order.modified_at or self._now()) + timedelta(seconds=1)
        return replace(order, lines=lines, totals=totals_of(lines), modified_at=modified)

    def _size(self) -> int:
        usual = self._chance.choice((1, 1, 2, 2, 2, 3, 3, 4, 5, 6))
        return self._chance.randint(7, MOST_UNITS) if self._chance.random() < 0.03 else usual  # noqa: PLR2004

    def _lines(self, restaurant: str, units: int) -> tuple[Line, ...]:
        # A restaurant keeps its kitchen: the choice hangs on its name alone.
        menu = MENUS[named(restaurant).int % len(MENUS)]
        singles = (self._single(restaurant, self._chance.choice(menu)) for _ in range(units))
        return merged(tuple(singles))

    def _single(self, restaurant: str, dish: Dish) -> Line:
        extras = self._chance.sample(dish.extras, self._chance.randint(0, len(dish.extras)))
        modifiers = tuple(
            Modifier(
                id=str(named(restaurant, dish.name, name)),
                name=name,
                price_cents=price,
                tax_cents=tax_on(price),
            )
            for name, price in extras
        )
        price = dish.price_cents + sum(modifier.price_cents for modifier in modifiers)
        tax = tax_on(dish.price_cents) + sum(modifier.tax_cents for modifier in modifiers)
        return Line(
            name=dish.name,
            menu_item_id=str(named(restaurant, dish.name)),
            modifiers=modifiers,
            notes=self._chance.choice(NOTES) if self._chance.random() < 0.15 else "",  # noqa: PLR2004
            units=(
                Unit(
                    id=self._id(), price_cents=price, tax_cents=tax, tip_cents=round(price * _TIP)
                ),
            ),
        )

    def _table(self, restaurant: str) -> Table:
        name = self._chance.choice(TABLES)
        short = name.lower().replace(" ", "-")
        return Table(
            id=str(named(restaurant, "table", name)),
            name=name,
            short_id=short,
            hostname="example.test",
        )

    def _guest(self) -> Guest:
        return Guest(
            name=self._chance.choice(GUESTS),
            phone=f"555{self._chance.randrange(10**7):07d}",
            email=f"guest{self._chance.randrange(10**6)}@example.test",
        )

    def _address(self) -> Address:
        return Address(
            street=f"{self._chance.randint(1, 99)} Navy Wharf Ct",
            city="Toronto",
            zip_code="M5V 3V2",
            state="ON",
            country="CA",
            instructions="Please ring twice",
        )

    def _id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def merged(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Equal units together, in the order of their first one."""
    found: dict[tuple[object, ...], Line] = {}
    for line in lines:
        same = (line.menu_item_id, frozenset(line.modifiers), line.notes)
        known = found.get(same)
        found[same] = replace(known, units=known.units + line.units) if known else line
    return tuple(found.values())


def totals_of(lines: tuple[Line, ...]) -> Totals:
    """The sums that Bbot would state, without fees."""
    units = [unit for line in lines for unit in line.units]
    pretax = sum(unit.price_cents for unit in units)
    tip = sum(unit.tip_cents for unit in units)
    tax = sum(unit.tax_cents for unit in units)
    return Totals(pretax_cents=pretax, tip_cents=tip, tax_cents=tax, total_cents=pretax + tip + tax)


def tax_on(cents: int) -> int:
    return round(cents * _TAX)


@lru_cache(maxsize=4096)
def named(*parts: str) -> uuid.UUID:
    """An id that hangs on the name alone, as menu items and tables keep theirs."""
    return uuid.uuid5(_NAMES, "/".join(parts))
