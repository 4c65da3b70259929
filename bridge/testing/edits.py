"""What becomes of a made-up order: each function takes one and returns the next."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bridge.model import Line, Modifier, Order, Table, Totals, Unit
from bridge.testing.bodies import ARROW
from bridge.testing.menus import NOTES, TABLES
from bridge.testing.orders import merged, named, tax_on, totals_of

# How long before it is due the platform wakes an order for later.
SNOOZE = timedelta(minutes=45)


def new_id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def odd_id(chance: random.Random) -> str:
    """Of an order or a checkout, where it is no UUID: nearly one, a number, a word."""
    number = chance.getrandbits(50)
    ids = (f"u87d{number:013x}-83aj", str(number), f"chk_{number:x}:2026.01")
    return chance.choice(ids)


def with_fee(order: Order, cents: int) -> Order:
    """With a service charge, its tax among the taxes."""
    totals = order.totals
    return replace(order, totals=_charged(totals, cents - totals.fee_cents))


def for_later(order: Order, due_at: datetime) -> Order:
    return replace(order, due_at=due_at, snoozed_until=due_at - SNOOZE)


def first_units(order: Order, number: int) -> Order:
    """The order as it was when it had that many units."""
    lines, left = [], number
    for line in order.lines:
        if left > 0:
            lines.append(replace(line, units=line.units[:left]))
        left -= line.quantity
    return with_lines(order, tuple(lines))


def with_lines(order: Order, lines: tuple[Line, ...]) -> Order:
    """With the sums that belong to them; a service charge stays."""
    return replace(order, lines=lines, totals=_charged(totals_of(lines), order.totals.fee_cents))


def discounted(order: Order, off: Mapping[str, int]) -> Order:
    """With these cents off each unit, by unit id; the tax is that of the lower price."""
    lines = tuple(
        replace(line, units=tuple(_cheaper(unit, off.get(unit.id, 0)) for unit in line.units))
        for line in order.lines
    )
    return with_lines(order, lines)


def hanging(order: Order) -> Order:
    """With modifiers that hang on each other, three deep where there are as many."""
    lines = tuple(replace(line, modifiers=_chain(line)) for line in order.lines)
    return replace(order, lines=lines)


def one_more(order: Order, chance: random.Random) -> Order:
    """With another portion of its first dish."""
    first, *rest = order.lines
    unit = replace(first.units[0], id=new_id(chance))
    return with_lines(order, (replace(first, units=(*first.units, unit)), *rest))


def reissued(
    order: Order, chance: random.Random, make_id: Callable[[random.Random], str] = new_id
) -> Order:
    """The same wishes as another order: ids of their own."""
    lines = tuple(
        replace(line, units=tuple(replace(unit, id=new_id(chance)) for unit in line.units))
        for line in order.lines
    )
    return replace(order, id=make_id(chance), lines=lines)


def moved(order: Order, chance: random.Random) -> Order:
    """At another table."""
    old = order.table.name if order.table else ""
    name = chance.choice([each for each in TABLES if each != old])
    table_id = str(named(order.restaurant, "table", name))
    short = name.lower().replace(" ", "-")
    return replace(
        order, table=Table(id=table_id, name=name, short_id=short, hostname="example.test")
    )


def noted(order: Order, chance: random.Random) -> Order:
    """With a note on one line, or on the whole order."""
    note = chance.choice(NOTES)
    if not order.lines or chance.random() < 0.5:  # noqa: PLR2004  a half
        return replace(order, facts=(("Staff note", note),))
    spot = chance.randrange(len(order.lines))
    lines = [
        replace(line, notes=note) if place == spot else line
        for place, line in enumerate(order.lines)
    ]
    return replace(order, lines=merged(tuple(lines)))


def without_one(order: Order, chance: random.Random, units: frozenset[str]) -> Order:
    """Without one of these units, as long as another unit stays."""
    known = [unit.id for line in order.lines for unit in line.units]
    choice = [each for each in known if each in units]
    if len(known) < 2 or not choice:  # noqa: PLR2004  one must stay
        return order
    gone = chance.choice(choice)
    lines = (
        replace(line, units=tuple(unit for unit in line.units if unit.id != gone))
        for line in order.lines
    )
    return with_lines(order, tuple(line for line in lines if line.units))


def progressed(order: Order, status: str, chance: random.Random) -> Order:
    """All units, or only some of them, are that far."""
    is_partly = chance.random() < 0.3  # noqa: PLR2004  a share
    lines = tuple(
        replace(
            line,
            units=tuple(
                unit if is_partly and chance.random() < 0.5 else replace(unit, status=status)  # noqa: PLR2004  a half
                for unit in line.units
            ),
        )
        for line in order.lines
    )
    return replace(order, lines=lines)


def closed(order: Order, at: datetime) -> Order:
    """Every unit is done."""
    lines = tuple(
        replace(line, units=tuple(replace(unit, status="done") for unit in line.units))
        for line in order.lines
    )
    return replace(order, lines=lines, closed_at=at)


def _chain(line: Line) -> tuple[Modifier, ...]:
    if not line.modifiers:
        return ()
    last = Modifier(id=str(named(line.menu_item_id, "apart")), name="On a plate of its own")
    return tuple(
        replace(modifier, name=ARROW * min(depth, 2) + modifier.name)
        for depth, modifier in enumerate((*line.modifiers, last))
    )


def _cheaper(unit: Unit, cents: int) -> Unit:
    price = unit.price_cents - cents
    return replace(unit, price_cents=price, tax_cents=tax_on(price)) if cents else unit


def _charged(totals: Totals, cents: int) -> Totals:
    tax = tax_on(cents)
    return replace(
        totals,
        fee_cents=totals.fee_cents + cents,
        tax_cents=totals.tax_cents + tax,
        total_cents=totals.total_cents + cents + tax,
    )
