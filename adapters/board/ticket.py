"""One order as the board reads it."""

import orjson

from bridge.model import Line, Order, Slip, SlipKind


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


def preview(order: Order, slip: Slip) -> str:
    """The same for people: heading, where it goes, what changed, what to make."""
    heading = [] if slip.kind is SlipKind.PLACE else [f"{slip.kind.upper()} {slip.version}"]
    where = [order.fulfilment, order.table.name if order.table else "", order.guest.name]
    changes = [f"! {one.what}: {one.before} > {one.after}" for one in slip.differences]
    texts = [
        *heading,
        slip.reason,
        f"#{order.number} " + " / ".join(part for part in where if part),
        *changes,
        *(text for line in order.lines for text in _texts(line)),
        *(f"{name}: {value}" for name, value in order.facts),
    ]
    return "\n".join(_printable(text) for text in texts if text)


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
