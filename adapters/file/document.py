"""The JSON form of a ticket, and the name of its files.

compose    everything a program may need
file_stem  a name that sorts by order and is the same for every try of one key
"""

import re
from urllib.parse import quote

import orjson

from bridge.model import Line, Order, Slip, Totals


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
        "refund": slip.refund,
        "lines": [_line(line) for line in order.lines],
        "totals": _totals(order.totals),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


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
