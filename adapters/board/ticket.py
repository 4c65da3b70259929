"""One order as the board reads it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import orjson

from bridge.model import Difference, Line, Order, Slip, SlipKind


def compose(order: Order, slip: Slip) -> bytes:
    """The JSON document of one slip, everything a cook or runner needs and no contact data."""
    return orjson.dumps(
        {
            "order_id": order.id,
            "order_number": order.number,
            "version": slip.version,
            "kind": slip.kind,
            "table": order.table.name if order.table else "",
            "fulfilment": order.fulfilment,
            "guest": order.guest.name,
            "due_at": order.due_at.isoformat() if order.due_at else None,
            "lines": [_line(line) for line in order.lines],
            "facts": [{"name": name, "value": value} for name, value in order.facts],
            "changes": [
                {"what": change.what, "before": change.before, "after": change.after}
                for change in slip.differences
            ],
            "reason": slip.reason,
        }
    )


def preview(order: Order, slip: Slip, timezone: str = "UTC") -> str:
    """The same for people: heading, where it goes, what changed, what the order is now."""
    heading = [] if slip.kind is SlipKind.PLACE else [f"{slip.kind.upper()} {slip.version}"]
    where = [order.fulfilment, order.table.name if order.table else "", order.guest.name]
    zone = ZoneInfo(timezone)
    texts = [
        *heading,
        slip.reason,
        f"#{order.number} " + " / ".join(part for part in where if part),
        *(_change(one, zone) for one in slip.differences),
        *([_title(slip)] if order.lines else []),
        *(text for line in order.lines for text in _texts(line)),
        *(f"{name}: {value}" for name, value in order.facts),
    ]
    return "\n".join(_printable(text) for text in texts if text)


def _title(slip: Slip) -> str:
    """What the dishes below are, where they are not an order to be made."""
    if slip.kind is SlipKind.VOID and not slip.differences:
        return "not to make:"
    if slip.kind in {SlipKind.CHANGE, SlipKind.VOID, SlipKind.REFUND}:
        return "what the order is now:"
    return ""


def _change(change: Difference, zone: ZoneInfo) -> str:
    said = (_local(change, text, zone) for text in (change.before, change.after))
    return f"! {change.what}: {' > '.join(text for text in said if text) or 'none'}"


def _local(change: Difference, text: str, zone: ZoneInfo) -> str:
    """A due time comes as a moment in UTC, all else in words."""
    if change.what != "due":
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment.tzinfo else text


def _line(line: Line) -> dict[str, object]:
    return {
        "quantity": line.quantity,
        "name": line.name,
        "modifiers": [modifier.name for modifier in line.modifiers],
        "notes": line.notes,
    }


def _texts(line: Line) -> list[str]:
    modifiers = [f"    + {modifier.name}" for modifier in line.modifiers]
    notes = [f"    ({line.notes})"] if line.notes else []
    return [f"{line.quantity} x {line.name}", *modifiers, *notes]


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
