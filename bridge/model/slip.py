"""What kind of ticket is asked for, and what changed since the last one."""

from dataclasses import astuple, dataclass
from enum import StrEnum

from bridge.model.order import Line, Order
from bridge.model.refund import Refund


class SlipKind(StrEnum):
    PLACE = "place"
    CHANGE = "change"
    VOID = "void"
    REFUND = "refund"
    REPRINT = "reprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One change that the kitchen must see, in words ("added", "2 x Ceviche")."""

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """How a ticket is to be headed: its kind, the order's version, and why.

    `refund` says to the cent what a refund takes off; only a refund has it.
    """

    kind: SlipKind
    version: int = 1
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    refund: Refund | None = None


def describe_line(line: Line) -> str:
    """Name the dish without its quantity, as in: Ceviche (Èclairs; no onion)."""
    extras = [modifier.name for modifier in line.modifiers]
    if line.notes:
        extras.append(line.notes)
    return f"{line.name} ({'; '.join(extras)})" if extras else line.name


def _counts(order: Order) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in order.lines:
        name = describe_line(line)
        counts[name] = counts.get(name, 0) + line.quantity
    return counts


def _line_differences(before: Order, after: Order) -> list[Difference]:
    old, new = _counts(before), _counts(after)
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        was, now = old.get(name, 0), new.get(name, 0)
        if now > was:
            found.append(Difference(what="added", after=f"{now - was} x {name}"))
        elif was > now:
            found.append(Difference(what="removed", before=f"{was - now} x {name}"))
    return found


def _field(what: str, before: str, after: str) -> list[Difference]:
    return [Difference(what=what, before=before, after=after)] if before != after else []


def differences(before: Order, after: Order) -> tuple[Difference, ...]:
    """What a cook or runner must know; empty when only status or money changed."""
    return (
        *_line_differences(before, after),
        *_field("table", *_tables(before, after)),
        *_field("fulfilment", before.fulfilment, after.fulfilment),
        *_field("address", *_addresses(before, after)),
        *_field("due", _due(before), _due(after)),
        *_field("guest", before.guest.name, after.guest.name),
        *_field("notes", _facts(before), _facts(after)),
    )


def _tables(before: Order, after: Order) -> tuple[str, str]:
    """By name; two tables of one name by where they stand, too."""
    old, new = before.table, after.table
    names = (old.name if old else "", new.name if new else "")
    if old is None or new is None or old.name != new.name or not (old.hostname and new.hostname):
        return names
    return f"{old.name} ({old.hostname})", f"{new.name} ({new.hostname})"


def _addresses(before: Order, after: Order) -> tuple[str, str]:
    """Where to bring it. An order that is not brought any more has another fulfilment."""
    new = _address(after)
    return (_address(before) if new else "", new)


def _address(order: Order) -> str:
    return ", ".join(filter(None, astuple(order.address))) if order.address else ""


def _due(order: Order) -> str:
    return order.due_at.isoformat(timespec="minutes") if order.due_at else ""


def _facts(order: Order) -> str:
    return "; ".join(f"{name}: {value}" for name, value in order.facts)
