"""What a code is good for in this cart, now: a pure decision, and the sentence for the guest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bridge.config.promotion import Promotion, fold
from bridge.config.restaurant import Restaurant
from bridge.model import Cart, CartLine, Discount, as_decimal_text
from bridge.sources.shares import ceiling, limits, spread

UNKNOWN = "This code is not known here."
NOT_YET = "This code is not valid yet."
OVER = "This code is no longer valid."
NOT_TODAY = "This code is not valid today."
NOT_NOW = "This code is not valid at this time of day."
NOT_THIS_WAY = "This code is not for this kind of order."
NOT_IN_CART = "Nothing in your cart goes with this code."
USED = "This code was used already."
UNCHECKED = "This code cannot be checked at the moment. Please try again."

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The promotions of one restaurant, by their folded codes, and its time zone."""

    by_code: Mapping[str, Promotion]
    zone: ZoneInfo

    @classmethod
    def of(cls, restaurant: Restaurant) -> "Offers":
        by_code = {promotion.folded: promotion for promotion in restaurant.promotions}
        return cls(by_code=by_code, zone=restaurant.zone)

    def find(self, code: str) -> Promotion | None:
        """The promotion of a code, however it is written."""
        return self.by_code.get(fold(code))

    def are_open(self, now: datetime) -> bool:
        """True while a code is worth asking for: not all of them are over."""
        return any(not _is_over(promotion, self, now) for promotion in self.by_code.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`text` is for the guest. It applies if there is a discount."""

    text: str
    discount: Discount | None = None


def decide(
    promotion: Promotion | None, offers: Offers, cart: Cart, now: datetime, *, is_used: bool = False
) -> Decision:
    """What the promotion takes off this cart, or why it does not.

    `is_used`: its guest or checkout cannot have it once more. `now` is aware.
    """
    if promotion is None:
        return Decision(text=UNKNOWN)
    refusal = _refuse_time(promotion, offers, now) or (USED if is_used else "")
    return Decision(text=refusal) if refusal else _decide_cart(promotion, cart)


def _refuse_time(promotion: Promotion, offers: Offers, now: datetime) -> str:
    if promotion.starts is not None and now < _moment(promotion.starts, offers):
        return NOT_YET
    if _is_over(promotion, offers, now):
        return OVER
    local = now.astimezone(offers.zone)
    begins, ends = promotion.daily_from or _MIDNIGHT, promotion.daily_until or _MIDNIGHT
    clock, is_night = local.time(), ends <= begins
    # A night that passes midnight belongs to the day on which it began.
    is_after_midnight = is_night and clock < ends
    day = local - timedelta(days=1) if is_after_midnight else local
    if promotion.weekdays and _DAYS[day.weekday()] not in promotion.weekdays:
        return NOT_TODAY
    is_on = clock >= begins or is_after_midnight if is_night else begins <= clock < ends
    return "" if is_on else NOT_NOW


def _is_over(promotion: Promotion, offers: Offers, now: datetime) -> bool:
    return promotion.ends is not None and now >= _moment(promotion.ends, offers)


def _moment(written: datetime, offers: Offers) -> datetime:
    """In UTC: times of one zone are compared by its clock, which goes back once a year."""
    placed = written if written.tzinfo else written.replace(tzinfo=offers.zone)
    return placed.astimezone(UTC)


def _decide_cart(promotion: Promotion, cart: Cart) -> Decision:
    if promotion.fulfilment and cart.fulfilment_code.lower() not in promotion.fulfilment:
        return Decision(text=NOT_THIS_WAY)
    chosen = _eligible(promotion, cart)
    amount = min(_worth(promotion, _price(promotion, cart, chosen)), ceiling(cart, chosen))
    if amount == 0:
        return Decision(text=NOT_IN_CART)
    missing = promotion.minimum_cents - cart.pretax_cents
    if missing > 0:
        return Decision(text=f"Add {as_decimal_text(missing)} more to use this code.")
    return Decision(
        text=f"{promotion.name}: {as_decimal_text(amount)} off.",
        discount=Discount(name=promotion.name, amount_cents=amount, shares=spread(amount, chosen)),
    )


def _eligible(promotion: Promotion, cart: Cart) -> dict[str, int]:
    """What each line that it is for can get at most."""
    most = limits(cart)
    return {
        line.id: most[line.id]
        for line in cart.lines
        if line.id in most and _is_for(promotion, line)
    }


def _price(promotion: Promotion, cart: Cart, chosen: Mapping[str, int]) -> int:
    """What a percentage is taken of. Something below zero in the cart was taken off already."""
    price = sum(chosen.values())
    is_for_all = all(_is_for(promotion, line) for line in cart.lines)
    return min(price, max(0, cart.pretax_cents)) if is_for_all else price


def _is_for(promotion: Promotion, line: CartLine) -> bool:
    if not promotion.items and not promotion.tags:
        return True
    tags = {fold(tag) for tag in promotion.tags}
    return line.menu_item_id in promotion.items or any(fold(tag) in tags for tag in line.tags)


def _worth(promotion: Promotion, price: int) -> int:
    """In cents; a percentage to the nearest one, half a cent up."""
    if promotion.amount_cents is not None:
        return promotion.amount_cents
    return part_of(price, promotion.percent or Decimal())


def part_of(price: int, percent: Decimal) -> int:
    """Exact, whatever the numbers: 12.5 percent of 4 cents is half a cent, so 1."""
    above, below = percent.as_integer_ratio()
    return (2 * price * above + 100 * below) // (200 * below)
