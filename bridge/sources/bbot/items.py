"""The units of an order, gathered into lines as the kitchen reads them."""

from collections.abc import Iterable

from bridge.model.order import WAITING, Line, Modifier, Unit
from bridge.sources.bbot.cents import INT64, bad_money
from bridge.sources.bbot.fields import Fields
from bridge.sources.bbot.modifiers import NAMELESS, read_modifiers

_Dish = tuple[str, str, tuple[Modifier, ...], str]


def read_lines(order: Fields) -> tuple[Line, ...]:
    """Equal units as one line, in the order in which they first appear.

    Raises DecodeError 422 for a list that is missing or holds something else than objects:
    a unit that nobody cooks is worse than a refusal.
    """
    dishes: dict[_Dish, list[Unit]] = {}
    for position, item in enumerate(order.objects("items", "unit of the order")):
        dishes.setdefault(_dish(item), []).append(_unit(item, position))
    _check_units(order, dishes.values())
    return tuple(
        Line(name=name, menu_item_id=menu_item_id, units=tuple(units), modifiers=mods, notes=notes)
        for (menu_item_id, name, mods, notes), units in dishes.items()
    )


def _dish(item: Fields) -> _Dish:
    item.expect(("menuitem_id", "mods", "status"))
    menu_item_id = item.identifier("menuitem_id")
    name = item.line("name_when_purchased") or item.line("name")
    if not name:
        item.remark("name_when_purchased", f'is missing: shown as "{NAMELESS}"')
    for count in ("qty", "quantity"):
        if item.data.get(count) not in (None, 1, "1"):
            item.remark(count, "is not known here: each entry counts as one unit")
    modifiers = tuple(read_modifiers(item))
    return menu_item_id, name or NAMELESS, modifiers, item.lines("special_instructions")


def _unit(item: Fields, position: int) -> Unit:
    unit_id = item.identifier("id")
    if not unit_id:
        item.remark("id", "is missing: its position is used")
    return Unit(
        id=unit_id or f"item:{position}",
        price_cents=item.cents("pretax_cents"),
        tax_cents=item.cents("tax_cents"),
        # Nothing is made, and nothing given back, by what a tip is.
        tip_cents=item.clear_cents("tip_in_cents") or 0,
        status=item.line("status").lower() or WAITING,
    )


def _check_units(order: Fields, groups: Iterable[list[Unit]]) -> None:
    units = [unit for group in groups for unit in group]
    if len({unit.id for unit in units}) != len(units):
        order.remark("items", "has an item id twice")
    total = sum(abs(u.price_cents) + abs(u.tax_cents) + abs(u.tip_cents) for u in units)
    if total >= INT64:
        raise bad_money(order.path_of("items"), "adds up to a number beyond 64 bits")
