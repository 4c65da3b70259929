"""The units of an order, gathered into lines as the kitchen reads them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from bridge.model.order import WAITING, Line, Modifier, Unit
from bridge.sources.bbot.cents import INT64, bad_money
from bridge.sources.bbot.document import MAX_DEPTH
from bridge.sources.bbot.errors import DecodeError, content
from bridge.sources.bbot.fields import Fields
from bridge.sources.text import clean_line

NAMELESS: Final = "(no name)"
# Plain characters, because every printer has them.
ARROW: Final = "-> "

_Dish = tuple[str, str, tuple[Modifier, ...], str]


def read_lines(order: Fields) -> tuple[Line, ...]:
    """Equal units as one line, in the order in which they first appear.

    Raises DecodeError 422 for a list that is missing or holds something else than objects:
    a unit that nobody cooks is worse than a refusal.
    """
    dishes: dict[_Dish, list[Unit]] = {}
    for position, item in enumerate(_objects(order, "items")):
        dishes.setdefault(_dish(item), []).append(_unit(item, position))
    _check_units(order, dishes.values())
    return tuple(
        Line(name=name, menu_item_id=menu_item_id, units=tuple(units), modifiers=mods, notes=notes)
        for (menu_item_id, name, mods, notes), units in dishes.items()
    )


def _objects(order: Fields, name: str) -> Iterator[Fields]:
    value, path = order.unwrapped(name), order.path_of(name)
    if not isinstance(value, list):
        found = "is missing" if value is None else "is not a list"
        raise content("no_items", f"{path} {found}; send one entry for each unit of the order")
    for position, entry in enumerate(value):
        here = f"{path}[{position}]"
        if not isinstance(entry, dict):
            raise _bad_item(here)
        yield Fields(entry, here, order.remarks)


def _bad_item(path: str) -> DecodeError:
    return content("bad_item", f"{path} is not an object, so a dish would be lost; send an object")


def _dish(item: Fields) -> _Dish:
    item.expect(("menuitem_id", "mods", "status"))
    menu_item_id = item.identifier("menuitem_id")
    name = item.line("name_when_purchased") or item.line("name")
    if not name:
        item.remark("name_when_purchased", f'is missing: shown as "{NAMELESS}"')
    for count in ("qty", "quantity"):
        if item.data.get(count) not in (None, 1, "1"):
            item.remark(count, "is not known here: each entry counts as one unit")
    modifiers = tuple(_modifiers(item, depth=0))
    return menu_item_id, name or NAMELESS, modifiers, item.lines("special_instructions")


def _unit(item: Fields, position: int) -> Unit:
    unit_id = item.identifier("id")
    if not unit_id:
        item.remark("id", "is missing: its position is used")
    return Unit(
        id=unit_id or f"item:{position}",
        price_cents=item.cents("pretax_cents"),
        tax_cents=item.cents("tax_cents"),
        tip_cents=item.cents("tip_in_cents"),
        status=item.line("status").lower() or WAITING,
    )


def _modifiers(parent: Fields, *, depth: int) -> Iterator[Modifier]:
    if depth > MAX_DEPTH:
        raise content("bad_item", f"the modifiers of a dish are nested deeper than {MAX_DEPTH}")
    for position, entry in enumerate(_entries(parent)):
        path = f"{parent.path_of('mods')}[{position}]"
        if isinstance(entry, dict):
            mod = Fields(entry, path, parent.remarks)
            yield _modifier(mod, depth)
            yield from _modifiers(mod, depth=depth + 1)
        elif isinstance(entry, str):
            yield _named(ARROW * depth, clean_line(entry))
        elif entry is not None:
            raise _bad_item(path)


def _entries(parent: Fields) -> list[Any]:
    value = parent.unwrapped("mods")
    if value is None or value in ("", {}):
        return []
    if not isinstance(value, list):
        raise _bad_item(parent.path_of("mods"))
    return value


def _modifier(mod: Fields, depth: int) -> Modifier:
    name = mod.line("name")
    if not name:
        mod.remark("name", f'is missing: shown as "{NAMELESS}"')
    return Modifier(
        id=mod.identifier("id"),
        name=ARROW * depth + (name or NAMELESS),
        price_cents=mod.cents("pretax_cents"),
        tax_cents=mod.cents("tax_cents"),
    )


def _named(arrows: str, name: str) -> Modifier:
    return Modifier(id="", name=arrows + (name or NAMELESS))


def _check_units(order: Fields, groups: Iterable[list[Unit]]) -> None:
    units = [unit for group in groups for unit in group]
    if len({unit.id for unit in units}) != len(units):
        order.remark("items", "has an item id twice")
    total = sum(abs(u.price_cents) + abs(u.tax_cents) + abs(u.tip_cents) for u in units)
    if total >= INT64:
        raise bad_money(order.path_of("items"), "adds up to a number beyond 64 bits")
