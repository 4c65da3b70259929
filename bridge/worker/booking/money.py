"""From what the platform says is left of each item to what fell, exactly to the cent.

The platform tells a state, never a delta, and states may change places on their way: an amount
only comes nearer to nothing, so of each item the least ever heard counts. What is still to be told
is what was paid, less that, less what refunds tell already; so it can wait until the POS has the
order. Of what was paid nothing is guessed: what cannot be known is told as that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.ledger.book import CHARGE, UNREAD, Book, Booked, Checkout, Money, Open
from bridge.model import Operation, Order, RefundLine, Remainder
from bridge.worker.booking.case import DEAD, is_unsent

LOOK = "look at the platform"
AMOUNT_UNKNOWN = f"amount unknown: {LOOK}"
LESS_THAN_NOTHING = f"less than nothing is left: {LOOK}"
TAX_UNKNOWN = "tax of the charge unknown"

_SERVICE = "service charge"
_Cents = tuple[int, int]  # price and tax


def count_money(book: Book, newest: Order, checkout: Checkout) -> dict[str, Money]:
    """What each unit and the service charges cost, as the POS has it or is going to."""
    left = _list_left(checkout)
    paid = {**_units(newest), **_fee(newest)}
    before = _without_found(book.money, checkout)
    is_fixed = _may_be_in_pos(book.place)
    # What the platform shows of an order may be what refunds have left of it, told or not yet.
    known = {
        key: one
        for key, one in before.items()
        if is_fixed or key in left or (key in paid and not paid[key].price_cents)
    }
    units = {key: one for key, one in before.items() if key != CHARGE}
    money = {**_strays(checkout.strays), **units, **paid, **known}
    if CHARGE in money and CHARGE in left:
        money[CHARGE] = _at_least(money[CHARGE], left[CHARGE])
    return money


def keep(money: Mapping[str, Money], tellers: Iterable[Booked | Open]) -> dict[str, Money]:
    """What the order is to be remembered with: in doubt it is another's, until it was told."""
    told = _count_told(tellers)
    return {
        key: replace(one, is_told=key in told)
        for key, one in money.items()
        if one.is_known or key in told
    }


def is_named(money: Mapping[str, Money], checkout: Checkout) -> bool:
    """True if the platform has told what is left of the order's own items."""
    return any(one.id in money and money[one.id].is_known for one in checkout.items)


def find_gone(money: Mapping[str, Money], checkout: Checkout, order: Order) -> set[str]:
    """The units that were refunded whole; what was free goes with the last of the others."""
    left = {one.id: one.price_cents for one in checkout.items}
    gone = {
        key
        for key, one in money.items()
        if one.is_known and one.price_cents > 0 and not left.get(key, one.price_cents)
    }
    units = {unit.id for line in order.lines for unit in line.units}
    is_all = gone & units and not any(left.get(key, money[key].price_cents) for key in units)
    return gone | units if is_all else gone


def find_fallen(
    money: Mapping[str, Money], checkout: Checkout, tellers: Iterable[Booked]
) -> tuple[RefundLine, ...]:
    """What fell, and these deliveries do not tell."""
    left = _list_left(checkout)
    told = _count_told(tellers)
    lines = (_fall(key, money[key], left[key], told) for key in money if key in left)
    return tuple(line for line in lines if line is not None)


def key_of(line: RefundLine) -> str:
    """Its name in `Book.money`."""
    return CHARGE + line.id if line.is_charge else line.id


def _may_be_in_pos(place: Booked | None) -> bool:
    if place is None or place.state in DEAD:
        return False
    return place.may_be_there or not is_unsent(place)


def _list_left(checkout: Checkout) -> dict[str, Remainder]:
    """By the names of `Book.money`."""
    left = {one.id: one for one in (*checkout.items, *checkout.strays)}
    if checkout.charges:
        left[CHARGE] = Remainder(
            id="",
            price_cents=sum(one.price_cents for one in checkout.charges),
            tax_cents=sum(one.tax_cents for one in checkout.charges),
        )
    return left


def _units(order: Order) -> dict[str, Money]:
    return {
        unit.id: Money(name=line.name, price_cents=unit.price_cents, tax_cents=unit.tax_cents)
        for line in order.lines
        for unit in line.units
    }


def _fee(order: Order) -> dict[str, Money]:
    """What the order says of its service charges: their price, and within all tax theirs."""
    totals = order.totals
    if totals.fee_cents <= 0:
        return {}
    tax = totals.tax_cents - sum(unit.tax_cents for line in order.lines for unit in line.units)
    fee = Money(
        name=_SERVICE, price_cents=totals.fee_cents, tax_cents=max(0, tax), is_tax_known=tax >= 0
    )
    return {CHARGE: fee}


def _at_least(fee: Money, left: Remainder) -> Money:
    """More cannot be left than there was: then the order does not say what that was."""
    return replace(
        fee,
        price_cents=max(fee.price_cents, left.price_cents),
        tax_cents=max(fee.tax_cents, left.tax_cents),
        is_known=fee.is_known and left.price_cents <= fee.price_cents,
        is_tax_known=fee.is_tax_known and left.tax_cents <= fee.tax_cents,
    )


def _without_found(money: Mapping[str, Money], checkout: Checkout) -> dict[str, Money]:
    """Without strays whose order is known by now: it tells of them itself."""
    lost = {CHARGE, *(one.id for one in checkout.strays)}
    return {key: one for key, one in money.items() if one.is_known or key in lost}


def _strays(strays: Iterable[Remainder]) -> dict[str, Money]:
    return {
        one.id: Money(
            name=_name_stray(one.id),
            price_cents=one.price_cents,
            tax_cents=one.tax_cents,
            is_known=False,
        )
        for one in strays
    }


def _name_stray(key: str) -> str:
    if key.startswith(UNREAD):
        return f"a refund that cannot be read ({key.removeprefix(UNREAD)})"
    return _SERVICE if key.startswith(CHARGE) else "an item that is on no order known here"


def _count_told(tellers: Iterable[Booked | Open]) -> dict[str, _Cents]:
    """What refunds of the newest ticket give back, by unit and charge.

    What they gave back of a ticket that was taken back, another ticket knows nothing of.
    """
    told: defaultdict[str, _Cents] = defaultdict(lambda: (0, 0))
    for one in tellers:
        if one.operation is Operation.CANCEL and one.state not in DEAD:
            told.clear()
        for line in one.slip.refund.lines if one.slip.refund else ():
            key = key_of(line)
            price, tax = told[key]
            told[key] = (price + line.price_cents, tax + line.tax_cents)
    return dict(told)


def _fall(key: str, paid: Money, left: Remainder, told: Mapping[str, _Cents]) -> RefundLine | None:
    price_told, tax_told = told.get(key, (0, 0))
    price = _shrink(paid.price_cents, left.price_cents, price_told)
    tax = _shrink(paid.tax_cents, left.tax_cents, tax_told)
    if not price and not tax and (paid.is_known or key in told):
        return None
    return RefundLine(
        id=key.removeprefix(CHARGE),
        name=paid.name,
        price_cents=price,
        tax_cents=tax,
        is_gone=price > 0 and not left.price_cents,
        is_charge=key.startswith(CHARGE),
        doubt=_doubt(paid, left, is_told=key in told),
    )


def _doubt(paid: Money, left: Remainder, *, is_told: bool) -> str:
    """An amount is unknown once, then what falls is known; but where it belongs is not."""
    if paid.price_cents * left.price_cents < 0 or paid.tax_cents * left.tax_cents < 0:
        return LESS_THAN_NOTHING
    if not paid.is_known:
        return LOOK if is_told else AMOUNT_UNKNOWN
    return "" if is_told or paid.is_tax_known else TAX_UNKNOWN


def _shrink(paid: int, left: int, told: int) -> int:
    """What came off, and is not told; of a discount that is less than nothing."""
    if paid < 0:
        return min(0, paid - min(0, left) - told)
    return max(0, paid - max(0, left) - told)
