"""The text form of a ticket, for a cook: where it goes first, then what to do.

A new order says what to make. Every later slip says only what is different from what hangs in
the kitchen: whoever reads dishes on it again would make them again.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from adapters.file.changes import is_part, say_changes, say_refund, say_time
from adapters.file.paper import Row, put
from bridge.model import Line, Order, Slip, SlipKind

_TITLES = {
    SlipKind.PLACE: "",
    SlipKind.VOID: "VOID - DO NOT MAKE",
    SlipKind.REFUND: "REFUND",
    SlipKind.REPRINT: "REPRINT - MAY BE A DUPLICATE",
}


def layout(order: Order, slip: Slip, *, columns: int, timezone: str) -> str:
    """Wrapped at `columns` and never cut; the heading stands on top and at the bottom."""
    zone = ZoneInfo(timezone)
    heading = [("*** ", _title(order, slip)), ("*** ", slip.reason)]
    end = [*heading, ("End of order ", _number(order))]
    sections = [[*heading, *_head(order, zone)], *_sections(order, slip, zone), end]
    printed = [put(list(section), columns) for section in sections]
    rule = "-" * columns
    return f"\n{rule}\n".join("\n".join(lines) for lines in printed if lines) + "\n"


def _title(order: Order, slip: Slip) -> str:
    if slip.kind is SlipKind.CHANGE:
        return f"CHANGED - VERSION {slip.version}"
    if slip.kind is SlipKind.VOID and is_part(order, slip):
        return "VOID - ONLY A PART"
    return _TITLES[slip.kind]


def _number(order: Order) -> str:
    return order.number or order.id[:8]


def _head(order: Order, zone: ZoneInfo) -> Iterator[Row]:
    yield "", order.fulfilment.upper()
    yield "Table: ", order.table.name if order.table else ""
    yield "Order: ", _number(order)
    yield "Due: ", say_time(order.due_at, order, zone) if order.due_at else ""
    yield "Guest: ", order.guest.name


def _sections(order: Order, slip: Slip, zone: ZoneInfo) -> Iterator[Iterator[Row]]:
    yield say_changes(order, slip, zone)
    if slip.refund is not None:
        yield say_refund(slip.refund)
    if not _is_whole(order, slip):
        yield _rest(order, slip)
        return
    if slip.kind is SlipKind.CHANGE:
        yield iter([("", "What changed is not known. Compare with the whole order:")])
    yield (row for line in order.lines for row in _dish(line))
    yield _remarks(order)


def _is_whole(order: Order, slip: Slip) -> bool:
    """True if the kitchen has to read the whole order."""
    if slip.kind is SlipKind.CHANGE:
        return bool(order.lines) and not slip.differences
    return slip.kind in {SlipKind.PLACE, SlipKind.REPRINT}


def _rest(order: Order, slip: Slip) -> Iterator[Row]:
    is_left = is_part(order, slip)
    yield "", "All else stays as it was." if is_left else "Nothing is left to make."


def _dish(line: Line) -> Iterator[Row]:
    yield f"{line.quantity} x ", line.name.strip() or "?"
    for modifier in line.modifiers:
        yield "    + ", modifier.name
    yield "    NOTE: ", line.notes


def _remarks(order: Order) -> Iterator[Row]:
    for name, value in order.facts:
        yield "- ", f"{name}: {value}"
    if order.address:
        place = order.address
        street = " ".join(part for part in (place.street, place.apartment) if part)
        city = " ".join(part for part in (place.city, place.state, place.zip_code) if part)
        yield "To: ", ", ".join(part for part in (street, city) if part)
        yield "    NOTE: ", place.instructions
