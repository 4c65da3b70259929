"""From what the platform says is left of each item to what fell, exactly to the cent.

The platform tells a state, never a delta, and states may change places on their way: an amount
can only fall, so of each item the least ever heard counts. What is still to be told is what was
paid, less that, less what refunds tell already; so it can wait until the POS has the order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bridge.ledger.book import CHARGE, Book, Booked, Checkout, Money
from bridge.model import Order, RefundLine, Remainder

_Cents = tuple[int, int]  # price and tax


def count_money(book: Book, newest: Order, checkout: Checkout) -> dict[str, Money]:
    """What each unit and charge of the order cost when it was first heard of."""
    units = _units(newest)
    # A charge goes with the order whose items are refunded; where none are, with any.
    is_ours = is_named({**units, **book.money}, checkout) or not checkout.items
    charges = _charges(newest, checkout) if is_ours else {}
    return {**units, **charges, **book.money}


def is_named(money: Mapping[str, Money], checkout: Checkout) -> bool:
    """True if the platform has told what is left of the order's own items."""
    return any(one.id in money for one in checkout.items)


def find_gone(money: Mapping[str, Money], checkout: Checkout) -> set[str]:
    """The units that were refunded whole."""
    emptied = {one.id for one in checkout.items if not one.price_cents}
    return {unit_id for unit_id in emptied & money.keys() if money[unit_id].price_cents > 0}


def find_fallen(
    money: Mapping[str, Money], checkout: Checkout, tellers: Iterable[Booked]
) -> tuple[RefundLine, ...]:
    """What fell, and these deliveries do not tell."""
    left = {one.id: one for one in checkout.items}
    left |= {CHARGE + one.id: one for one in checkout.charges}
    told = _count_told(tellers)
    lines = (_fall(key, money[key], left[key], told[key]) for key in money if key in left)
    return tuple(line for line in lines if line is not None)


def _units(order: Order) -> dict[str, Money]:
    return {
        unit.id: Money(name=line.name, price_cents=unit.price_cents, tax_cents=unit.tax_cents)
        for line in order.lines
        for unit in line.units
    }


def _charges(order: Order, checkout: Checkout) -> dict[str, Money]:
    """What the charges were. The platform tells that only of a single one, as the order's fee."""
    is_single = len(checkout.charges) == 1
    return {
        CHARGE + one.id: Money(
            name="service charge",
            price_cents=max(one.price_cents, order.totals.fee_cents if is_single else 0),
            tax_cents=one.tax_cents,
        )
        for one in checkout.charges
    }


def _count_told(tellers: Iterable[Booked]) -> defaultdict[str, _Cents]:
    """What refunds give back, by unit and charge."""
    told: defaultdict[str, _Cents] = defaultdict(lambda: (0, 0))
    refunds = (one.slip.refund for one in tellers)
    for line in (line for refund in refunds if refund for line in refund.lines):
        key = CHARGE + line.id if line.is_charge else line.id
        price, tax = told[key]
        told[key] = (price + line.price_cents, tax + line.tax_cents)
    return told


def _fall(key: str, paid: Money, left: Remainder, told: _Cents) -> RefundLine | None:
    price = max(0, paid.price_cents - left.price_cents - told[0])
    tax = max(0, paid.tax_cents - left.tax_cents - told[1])
    if not price and not tax:
        return None
    return RefundLine(
        id=key.removeprefix(CHARGE),
        name=paid.name,
        price_cents=price,
        tax_cents=tax,
        is_gone=price > 0 and not left.price_cents,
        is_charge=key.startswith(CHARGE),
    )
