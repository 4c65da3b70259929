"""The modifiers of a dish, in an order as in a cart."""

from collections.abc import Iterator
from typing import Any, Final

from bridge.model.order import Modifier
from bridge.sources.bbot.document import MAX_DEPTH
from bridge.sources.bbot.errors import content
from bridge.sources.bbot.fields import Fields, bad_item
from bridge.sources.text import clean_line

NAMELESS: Final = "(no name)"
# Plain characters, because every printer has them.
ARROW: Final = "-> "


def read_modifiers(parent: Fields, depth: int = 0) -> Iterator[Modifier]:
    """Each modifier, then those nested in it with an arrow before their names.

    Raises DecodeError 422 for what may be a modifier and cannot be read.
    """
    if depth > MAX_DEPTH:
        raise content("bad_item", f"the modifiers of a dish are nested deeper than {MAX_DEPTH}")
    for position, entry in enumerate(_entries(parent)):
        path = f"{parent.path_of('mods')}[{position}]"
        if isinstance(entry, dict):
            mod = Fields(entry, path, parent.remarks)
            yield _modifier(mod, depth)
            yield from read_modifiers(mod, depth + 1)
        elif isinstance(entry, str):
            yield _named(ARROW * depth, clean_line(entry))
        elif entry is not None:
            raise bad_item(path)


def _entries(parent: Fields) -> list[Any]:
    value = parent.unwrapped("mods")
    if value is None or value in ("", {}):
        return []
    if not isinstance(value, list):
        raise bad_item(parent.path_of("mods"))
    return value


def _modifier(mod: Fields, depth: int) -> Modifier:
    name = mod.line("name") or mod.line("name_for_owner")
    if not name:
        mod.remark("name", f'is missing: shown as "{NAMELESS}"')
    return Modifier(
        id=mod.identifier("id") or mod.identifier("menuItemId"),
        name=ARROW * depth + (name or NAMELESS),
        price_cents=mod.cents("pretax_cents"),
        tax_cents=mod.cents("tax_cents"),
    )


def _named(arrows: str, name: str) -> Modifier:
    return Modifier(id="", name=arrows + (name or NAMELESS))
