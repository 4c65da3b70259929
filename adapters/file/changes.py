"""What a slip tells of an order that the kitchen has already, and nothing else of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.file.paper import Row
from bridge.model import Difference, Order, Refund, RefundLine, Slip, SlipKind, as_decimal_text
from bridge.model.slip import describe_line

_TAKEN_BACK = {SlipKind.VOID, SlipKind.REFUND}
_DISHES = {"added", "removed"}


def is_part(order: Order, slip: Slip) -> bool:
    """True if something of the order is still wanted."""
    # A void that does not say which dishes it means, means all.
    return bool(order.lines) and (slip.kind is not SlipKind.VOID or _takes_dishes(slip))


def say_changes(order: Order, slip: Slip, zone: ZoneInfo) -> Iterator[Row]:
    """Dishes first; what is no longer made above what is made instead."""
    if slip.kind is SlipKind.VOID and not _takes_dishes(slip):
        for line in order.lines:
            yield "DO NOT MAKE: ", f"{line.quantity} x {describe_line(line)}"
    numbers = _count_dishes(order)
    for change in _by_dish(slip.differences):
        if change.what in _DISHES:
            yield from _say_dish(slip, change, numbers)
        else:
            now = _local(change, change.after, order, zone)
            yield f"{change.what.upper()}: ", now.strip() or "none"
            yield "    WAS: ", _local(change, change.before, order, zone)


def say_refund(refund: Refund) -> Iterator[Row]:
    """The money in front of the name, so that no name can look like another amount."""
    alike: dict[tuple[str, bool, bool], list[RefundLine]] = defaultdict(list)
    for line in refund.lines:
        alike[line.name, line.is_gone, line.is_charge].append(line)
    for (name, is_gone, is_charge), lines in alike.items():
        amount = as_decimal_text(sum(line.price_cents + line.tax_cents for line in lines))
        what = name if is_charge else f"{len(lines)} x {name}"
        if is_gone:
            yield "REFUNDED: ", f"{amount} for {what}"
        else:
            yield "REFUNDED IN PART: ", f"{amount} of {what}"


def say_time(moment: datetime, order: Order, zone: ZoneInfo) -> str:
    """The time on the kitchen's clock, with the date if it is another day's than the order."""
    local = moment.astimezone(zone)
    placed = (order.placed_at or order.due_at or moment).astimezone(zone)
    return f"{local:%H:%M}" if local.date() == placed.date() else f"{local:%Y-%m-%d %H:%M}"


def _takes_dishes(slip: Slip) -> bool:
    return any(change.what == "removed" for change in slip.differences)


def _by_dish(changes: tuple[Difference, ...]) -> list[Difference]:
    """Dishes of one name side by side, in the order of their first mention."""
    dishes = [change for change in changes if change.what in _DISHES]
    places = {name: place for place, name in enumerate(dict.fromkeys(map(_name, dishes)))}
    dishes.sort(key=lambda change: (places[_name(change)], change.what != "removed"))
    return dishes + [change for change in changes if change.what not in _DISHES]


def _name(change: Difference) -> str:
    """The dish without number, modifiers and notes; good enough to sort by."""
    _, _, dish = (change.after or change.before).partition(" x ")
    return dish.partition(" (")[0]


def _count_dishes(order: Order) -> Counter[str]:
    numbers: Counter[str] = Counter()
    for line in order.lines:
        numbers[describe_line(line)] += line.quantity
    return numbers


def _say_dish(slip: Slip, change: Difference, numbers: Counter[str]) -> Iterator[Row]:
    if change.what == "added":
        yield "ADDED: ", change.after
    else:
        yield "DO NOT MAKE: " if slip.kind in _TAKEN_BACK else "REMOVED: ", change.before
    # What was refunded may have been made already, so the number on the order says little.
    if slip.refund is None:
        yield "    ", _say_number(change, numbers)


def _say_number(change: Difference, numbers: Counter[str]) -> str:
    """The whole number of a dish, if it was on the order before and still is."""
    count, _, dish = (change.after or change.before).partition(" x ")
    now = numbers[dish]
    if not now or not count.isdecimal():
        return ""
    was = now - int(count) if change.what == "added" else now + int(count)
    return f"NOW {now}, NOT {was}" if was > 0 else ""


def _local(change: Difference, text: str, order: Order, zone: ZoneInfo) -> str:
    """A due time comes as a moment in UTC, all else in words."""
    if change.what != "due":
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return say_time(moment, order, zone) if moment.tzinfo else text
