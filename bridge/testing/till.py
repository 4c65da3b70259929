"""What is left to pay of one order after each refund: a state that only falls."""

import random
from dataclasses import replace

from bridge.model import ItemsRefunded, Order, Remainder
from bridge.testing.guests import Act
from bridge.testing.orders import named, tax_on


class Till:
    """Knows the units that the order ever had, and its service charge if it has one."""

    def __init__(self, order: Order) -> None:
        self._left: dict[str, Remainder] = {}
        fee = order.totals.fee_cents
        charge_id = str(named(order.id, "fee"))
        self._fees = (
            [Remainder(id=charge_id, price_cents=fee, tax_cents=tax_on(fee))] if fee else []
        )
        self.take(order)

    def take(self, order: Order) -> None:
        """Units that came to it since; one that was taken off the order stays as it is."""
        for line in order.lines:
            for unit in line.units:
                new = Remainder(id=unit.id, price_cents=unit.price_cents, tax_cents=unit.tax_cents)
                self._left.setdefault(unit.id, new)

    def refund(self, act: Act, order: Order, chance: random.Random) -> ItemsRefunded | None:
        """What the platform tells after it; None if there is nothing left to give back."""
        before = self._told(order)
        if act is Act.REFUND_TIP:
            return before
        if act is Act.REFUND_ALL:
            self._left = {one: _gone(left) for one, left in self._left.items()}
            self._fees = [_gone(fee) for fee in self._fees]
        elif act is Act.REFUND_FEE:
            self._fees = [_part(fee, chance) for fee in self._fees]
        else:
            self._refund_one(act, chance)
        told = self._told(order)
        return told if told != before else None

    def _refund_one(self, act: Act, chance: random.Random) -> None:
        one = chance.choice(list(self._left.values()))
        match act:
            case Act.REFUND_ITEM:
                one = _gone(one)
            case Act.REFUND_TAX:
                one = replace(one, tax_cents=0)
            case _:
                one = _part(one, chance)
        self._left[one.id] = one

    def _told(self, order: Order) -> ItemsRefunded:
        return ItemsRefunded(
            restaurant=order.restaurant,
            checkout_id=order.checkout_id,
            items=tuple(self._left.values()),
            charges=tuple(self._fees),
        )


def _gone(one: Remainder) -> Remainder:
    return replace(one, price_cents=0, tax_cents=0)


def _part(one: Remainder, chance: random.Random) -> Remainder:
    """Some of it, to any cent; what is left of the price keeps its tax."""
    price = chance.randint(0, one.price_cents)
    return replace(one, price_cents=price, tax_cents=min(one.tax_cents, tax_on(price)))
