"""A second, smaller opinion on who may have which code, and what it takes off.

It reads what was asked and told, and knows only the rules: who counts, and for how long.
"""

from collections import defaultdict
from dataclasses import dataclass

from bridge.ingress.quotes import REPEATED_FOR
from bridge.ledger.promotions import RESERVED_FOR
from bridge.model import CheckoutStarted


@dataclass
class Held:
    """What a checkout had at its last start; `number` is that of the answer which said so."""

    code: str
    person: str
    off: int
    at: float
    number: int
    is_back: bool = False

    def counts(self, now):
        return not self.is_back and self.at > now - RESERVED_FOR


@dataclass
class Shown:
    """The last answer, and what it hangs on."""

    lines: tuple
    code: str
    off: int
    at: float


@dataclass
class Visit:
    """One checkout in one restaurant. `is_known`: the process that runs was told its guest."""

    code: str = ""
    person: str = ""
    shown: Shown | None = None
    held: Held | None = None
    is_known: bool = False


class Promotions:
    """`paid`: by restaurant, checkout and code."""

    def __init__(self):
        self.visits = defaultdict(Visit)
        self.paid = {}

    def answer(self, event, now, number, off, *, is_sure):
        """An answer took that much off; `is_sure`: nothing was forgotten, all was looked up."""
        name, cart = (event.restaurant, event.checkout_id), event.cart
        visit = self.visits[name]
        visit.code = _typed(cart) or visit.code
        visit.person, visit.is_known = cart.guest_id or visit.person, True
        shown, starts = visit.shown, isinstance(event, CheckoutStarted)
        is_taken = self._is_taken(name, visit.code, visit.person, now)
        is_same = shown is not None and (shown.lines, shown.code) == (cart.lines, visit.code)
        if starts and is_same and now - shown.at < REPEATED_FOR and not (shown.off and is_taken):
            expected = shown.off
        else:
            shown, expected = None, 0 if is_taken else worth(visit.code, cart)
        if is_sure:
            assert off == expected, (event, visit)
        if shown is None or off != shown.off:
            visit.shown = Shown(cart.lines, visit.code, off, now)
        if starts:
            visit.held = Held(visit.code, visit.person, off, now, number) if off else None

    def finish(self, name, now):
        visit = self.visits[name]
        held = visit.held
        if held is None:
            return
        if held.counts(now) or not self._is_taken(name, held.code, held.person, now):
            self.paid.setdefault((*name, held.code), held)
            visit.held = None

    def cancel(self, name):
        held = self.visits[name].held
        if held is not None:
            held.is_back = True

    def restart(self):
        """What was only in memory is gone."""
        for visit in self.visits.values():
            visit.shown, visit.is_known = None, False
            if visit.code == "made up":
                visit.code = ""

    def paid_in(self, restaurant, checkout):
        return [held for use, held in self.paid.items() if use[:2] == (restaurant, checkout)]

    def on_record(self, now):
        """What the ledger must have of each use: one of these states, and the cents."""
        held = {
            (*name, visit.held.code): (_states(visit.held, now), visit.held.off)
            for name, visit in self.visits.items()
            if visit.held
        }
        return held | {use: ({"committed"}, paid.off) for use, paid in self.paid.items()}

    def _is_taken(self, name, code, person, now):
        """True if the code is not to be had there."""
        if code not in {"guest", "checkout"}:
            return False
        if (*name, code) in self.paid:
            return True
        return code == "guest" and any(
            held.person == person for held in self._counting(name, code, now)
        )

    def _counting(self, name, code, now):
        """All that count at the restaurant, but that checkout's own."""
        restaurant, _checkout = name
        yield from (
            held
            for (place, _checkout, its_code), held in self.paid.items()
            if (place, its_code) == (restaurant, code)
        )
        for (place, checkout), visit in self.visits.items():
            held = visit.held
            is_other = place == restaurant and (place, checkout) != name
            if is_other and held is not None and held.code == code and held.counts(now):
                yield held


def _states(held, now):
    if held.is_back:
        return {"released"}
    return {"reserved"} if held.counts(now) else {"reserved", "released"}


def worth(code, cart):
    """What the promotions of a code take off a cart."""
    total = sum(line.total_cents for line in cart.lines)
    match code:
        case "guest":
            return min(500, total)
        case "checkout":
            return (20 * total + 50) // 100
        case "always" if total >= 1500:
            return (50 * total + 50) // 100
        case _:
            return 0


def _typed(cart):
    wanted = f"pos-bridge:{cart.restaurant}:code"
    values = [each.value for each in cart.prompts if each.id == wanted]
    return values[0].strip().lower() if values else ""
