"""A discount over the lines of a cart: to the cent, and on no line more than it costs."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from bridge.model import Cart, Share

# Beyond it not every reader of JSON tells neighbouring whole numbers apart.
_EXACT: Final = 2**53 - 1


def limits(cart: Cart) -> dict[str, int]:
    """What each line can get at most, in cents above 0, by its id and in the cart's order.

    A line that cannot be named without doubt is left out, and so is one that costs nothing.
    """
    times = Counter(line.id for line in cart.lines)
    return {
        line.id: min(line.total_cents, _EXACT)
        for line in cart.lines
        if times[line.id] == 1 and _is_nameable(line.id)
        if line.quantity > 0 and line.price_cents > 0
    }


def ceiling(cart: Cart, chosen: Mapping[str, int]) -> int:
    """What can be taken off these lines together, never more than the platform says it costs."""
    return max(0, min(sum(chosen.values()), cart.pretax_cents, _EXACT))


def spread(amount: int, chosen: Mapping[str, int]) -> tuple[Share, ...]:
    """The amount over lines by their price, as `limits` tells it; at most all of it together.

    Largest remainder: each line gets its part rounded down, the cents that are left go to the
    lines that lost most by that, equal ones in the order of their ids.
    """
    whole = sum(chosen.values())
    if not 0 < amount <= whole:
        raise ValueError("an amount is above 0 and at most what the lines cost")
    parts = {line_id: divmod(amount * price, whole) for line_id, price in chosen.items()}
    left = amount - sum(cents for cents, _rest in parts.values())
    first = sorted(parts, key=lambda line_id: (-parts[line_id][1], line_id))
    lucky = set(first[:left])
    cents = {line_id: parts[line_id][0] + (line_id in lucky) for line_id in parts}
    return tuple(Share(line_id=one, amount_cents=part) for one, part in cents.items() if part)


def _is_nameable(line_id: str) -> bool:
    return bool(line_id) and not any("\ud800" <= sign <= "\udfff" for sign in line_id)
