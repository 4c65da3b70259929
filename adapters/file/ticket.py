"""The two forms of a ticket, and the name of their files.

compose    a JSON document for programs
layout     text for a cook: where it goes first, then what changed, then what to make
file_stem  a name that sorts by order and is the same for every try of one key
"""

import re
from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from bridge.model import Line, Order, Slip, SlipKind, Totals

_HEADINGS = {
    SlipKind.PLACE: "",
    SlipKind.CHANGE: "CHANGED",
    SlipKind.VOID: "VOID - DO NOT MAKE",
    SlipKind.REFUND: "REFUND",
    SlipKind.REPRINT: "REPRINT - MAY BE A DUPLICATE",
}


def compose(order: Order, slip: Slip) -> bytes:
    """Everything a program may need, money in cents; no contact data."""
    document = {
        "order_id": order.id,
        "order_number": order.number,
        "restaurant": order.restaurant,
        "version": slip.version,
        "kind": slip.kind,
        "reason": slip.reason,
        "fulfilment": order.fulfilment,
        "table": order.table.name if order.table else "",
        "guest": order.guest.name,
        "address": order.address,
        "placed_at": order.placed_at,
        "due_at": order.due_at,
        "facts": [{"name": name, "value": value} for name, value in order.facts],
        "changes": slip.differences,
        "lines": [_line(line) for line in order.lines],
        "totals": _totals(order.totals),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def layout(order: Order, slip: Slip, *, columns: int, timezone: str) -> str:
    """Wrapped at `columns` and never cut; the heading stands on top and at the bottom."""
    rule = "-" * columns
    heading = list(_heading(slip, columns))
    rows = [
        *heading,
        *_wrapped(order.fulfilment.upper(), columns),
        *_wrapped(order.table.name if order.table else "", columns, "Table: "),
        *_wrapped(order.number or order.id[:8], columns, "Order: "),
        *_wrapped(_due(order, ZoneInfo(timezone)), columns, "Due: "),
        *_wrapped(order.guest.name, columns, "Guest: "),
        *_section(rule, _changes(slip, columns)),
        *_section(rule, (row for line in order.lines for row in _dish(line, columns))),
        *_section(rule, _remarks(order, columns)),
        rule,
        *heading,
        *_wrapped(order.number or order.id[:8], columns, "End of order "),
    ]
    return "\n".join(rows) + "\n"


def file_stem(body: bytes, key: str) -> str:
    """Number, order, version, kind, key: letters, digits, dashes; never a path."""
    document = orjson.loads(body)
    number = _plain(document["order_number"])
    parts = (
        number.zfill(4) if number.isdigit() else number,
        _plain(document["order_id"])[:8],
        str(document["version"]),
        document["kind"],
        # Quoted and not stripped like the rest: two keys must never become one name.
        quote(key, safe=""),
    )
    return "-".join(part for part in parts if part)


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text)[:16]


def _heading(slip: Slip, columns: int) -> Iterator[str]:
    title = _HEADINGS[slip.kind]
    if slip.kind is SlipKind.CHANGE:
        title = f"{title} - VERSION {slip.version}"
    for text in (title, slip.reason):
        yield from _wrapped(text, columns, "*** ")


def _changes(slip: Slip, columns: int) -> Iterator[str]:
    for change in slip.differences:
        said = " -> ".join(text for text in (change.before, change.after) if text)
        yield from _wrapped(said or "none", columns, f"{change.what.upper()}: ")


def _dish(line: Line, columns: int) -> Iterator[str]:
    yield from _wrapped(line.name, columns, f"{line.quantity} x ")
    for modifier in line.modifiers:
        yield from _wrapped(modifier.name, columns, "    + ")
    yield from _wrapped(line.notes, columns, "    NOTE: ")


def _remarks(order: Order, columns: int) -> Iterator[str]:
    for name, value in order.facts:
        yield from _wrapped(f"{name}: {value}", columns, "- ")
    if order.address:
        place = order.address
        street = " ".join(part for part in (place.street, place.apartment) if part)
        city = " ".join(part for part in (place.city, place.state, place.zip_code) if part)
        yield from _wrapped(", ".join(part for part in (street, city) if part), columns, "To: ")
        yield from _wrapped(place.instructions, columns, "    NOTE: ")


def _section(rule: str, rows: Iterator[str]) -> list[str]:
    found = list(rows)
    return [rule, *found] if found else []


def _wrapped(text: str, columns: int, lead: str = "") -> list[str]:
    """Rows that hang under their lead; none if there is no text."""
    # A guest's text must not steer a printer or forge a heading: one run of printable words.
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    hang = " " * min(len(lead), columns // 3)
    return wrap(f"{lead}{clean}", columns, subsequent_indent=hang) if clean else []


def _due(order: Order, timezone: ZoneInfo) -> str:
    if order.due_at is None:
        return ""
    due = order.due_at.astimezone(timezone)
    placed = (order.placed_at or order.due_at).astimezone(timezone)
    return _clock(due) if due.date() == placed.date() else f"{due:%Y-%m-%d} {_clock(due)}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _line(line: Line) -> dict[str, object]:
    return {
        "quantity": line.quantity,
        "name": line.name,
        "menu_item_id": line.menu_item_id,
        "modifiers": [{"id": one.id, "name": one.name} for one in line.modifiers],
        "notes": line.notes,
        "price_cents": line.price_cents,
    }


def _totals(totals: Totals) -> dict[str, int]:
    return {
        "pretax_cents": totals.pretax_cents,
        "tip_cents": totals.tip_cents,
        "fee_cents": totals.fee_cents,
        "tax_cents": totals.tax_cents,
        "total_cents": totals.total_cents,
    }
