"""A guest's evening, call by call, as Bbot would tell it: pure, and the same for the same chances.

browse        a price check for each item, a code typed
check out     checkout started; an injection for each restaurant
paid          order-change (a new order), checkout finished; then edits, progress, refunds
not paid      checkout cancelled; perhaps another attempt
"""

import random
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bridge.model import Order
from bridge.testing.baskets import Basket
from bridge.testing.edits import (
    closed,
    for_later,
    moved,
    new_id,
    noted,
    odd_id,
    one_more,
    progressed,
    reissued,
    with_lines,
    without_one,
)
from bridge.testing.guests import EDITS, Act, Guest
from bridge.testing.orders import OrderFactory
from bridge.testing.replies import allows
from bridge.testing.screen import Screen
from bridge.testing.steps import Reply, Step
from bridge.testing.till import Till
from bridge.testing.traits import Trait

Told = Generator[Step, Reply, None]
Answered = Generator[Step, Reply, bool]

_SOON = timedelta(seconds=20)
_LATER = timedelta(hours=3)
_TICK = timedelta(milliseconds=7)


class Story:
    """`pace` is the mean time between two calls in seconds; `has_partner`: all hooks are set.

    `used`: the codes that the guest has paid with in the end, by restaurant.
    """

    def __init__(
        self,
        guest: Guest,
        chance: random.Random,
        now: Callable[[], datetime],
        *,
        pace: float = 0.1,
        has_partner: bool = True,
    ) -> None:
        self._guest = guest
        self._chance = chance
        self._now = now
        self._pace = pace
        self._has_partner = has_partner
        self._new_id = odd_id if Trait.ODD_IDS in guest.traits else new_id
        self.used: list[tuple[str, str]] = []

    def tell(self) -> Told:
        """From the first price check to the last refund."""
        guest = self._guest
        if guest.strolls and self._has_partner:
            elsewhere = self._new_id(self._chance)
            orders = (replace(order, checkout_id=elsewhere) for order in guest.orders)
            yield from self._shop([self._basket(order) for order in orders])
        baskets = [self._basket(order) for order in guest.orders]
        if self._has_partner:
            yield from self._shop(baskets)
        for attempt in range(guest.failures + guest.pays):
            if not (yield from self._check_out(baskets, is_paid=attempt == guest.failures)):
                return

    def _basket(self, order: Order) -> Basket:
        guest = self._guest
        return Basket(
            order=order,
            guest_id=guest.guest_id,
            screen=Screen(others=guest.others),
            traits=guest.traits,
            is_shared=guest.is_again,
            has_field=guest.has_codes,
        )

    def _after(self) -> float:
        return self._chance.uniform(0.5, 1.5) * self._pace

    def _shop(self, baskets: list[Basket]) -> Told:
        for basket in baskets:
            others = [each.cart for each in baskets if each is not basket]
            for order in self._fill(basket):
                step = basket.check(order, after=self._after(), others=others)
                basket.hear((yield step), step)
            for word, code in self._guest.typed:
                if basket.screen.has_input:
                    step = basket.check(
                        basket.order, after=self._after(), typed=word, code=code, others=others
                    )
                    basket.hear((yield step), step)
            if self._guest.swaps:
                basket.swap(one_more(basket.order, self._chance))

    def _fill(self, basket: Basket) -> Iterator[Order]:
        """What is in the cart after each click."""
        size = sum(line.quantity for line in basket.order.lines)
        yield from (basket.first(units) for units in range(not self._guest.regrets, size + 1))
        if self._guest.regrets:
            yield one_more(basket.order, self._chance)
            yield basket.order

    def _check_out(self, baskets: list[Basket], *, is_paid: bool) -> Answered:
        """One attempt; False if there is not going to be another one."""
        if self._has_partner and not (yield from self._begin(baskets)):
            yield from self._cancel(baskets)
            return False
        bills = [self._bill(basket) for basket in baskets]
        for basket, order in bills:
            reply = yield basket.place(order, after=self._after(), will_be_paid=is_paid)
            if not reply.is_yes:
                yield from self._cancel(baskets)
                return False
        if not is_paid:
            yield from self._cancel(baskets)
            return True
        yield from self._pay(bills)
        return True

    def _begin(self, baskets: Iterable[Basket]) -> Answered:
        attempt_id = new_id(self._chance)
        for basket in baskets:
            step = basket.begin(attempt_id, after=self._after())
            reply = yield step
            basket.hear(reply, step)
            if not allows(reply):
                return False
        return True

    def _bill(self, basket: Basket) -> tuple[Basket, Order]:
        """The order of this attempt: a new one, unless Bbot keeps the id of the one before."""
        if not self._guest.same_order:
            basket.order = reissued(basket.order, self._chance, self._new_id)
        now = self._now()
        order = replace(
            basket.priced(), placed_at=now, modified_at=now + timedelta(microseconds=11)
        )
        return basket, for_later(order, now + _LATER) if self._guest.is_later else order

    def _cancel(self, baskets: Iterable[Basket]) -> Told:
        if self._has_partner:
            for basket in baskets:
                yield basket.cancel(after=self._after())

    def _pay(self, bills: list[tuple[Basket, Order]]) -> Told:
        for basket, order in bills:
            yield basket.change(_touched(order), after=self._after())
        if self._has_partner:
            for basket, _order in bills:
                yield basket.finish(after=self._after())
                if basket.code and basket.offer.discount_cents:
                    self.used.append((basket.order.restaurant, basket.code.word))
        for (basket, order), acts in zip(bills, self._guest.acts, strict=True):
            yield from self._live_on(basket, _touched(order), acts)

    def _live_on(self, basket: Basket, order: Order, acts: tuple[Act, ...]) -> Told:
        till, placed = Till(order), order
        for act in acts:
            if act.name.startswith("REFUND"):
                if self._has_partner and (left := till.refund(act, order, self._chance)):
                    yield basket.refund(left, after=self._after())
                continue
            changed = self._act(act, order, placed)
            if changed != order:
                order = _touched(changed)
                till.take(order)
                yield basket.change(order, after=self._after())

    def _act(self, act: Act, order: Order, placed: Order) -> Order:
        if act in EDITS and act is not Act.DUE:
            return self._edit(act, order, placed)
        match act:
            case Act.ACCEPT:
                return progressed(order, "accepted", self._chance)
            case Act.FINISH:
                return closed(order, self._now())
            case Act.EMPTY:
                return with_lines(order, ())
            case _:
                return self._retime(act, order)

    def _edit(self, act: Act, order: Order, placed: Order) -> Order:
        chance = self._chance
        match act:
            case Act.MOVE:
                return moved(order, chance)
            case Act.NOTE:
                return noted(order, chance)
            case Act.MORE:
                factory = OrderFactory(chance.getrandbits(64), self._now)
                return with_lines(order, factory.edited(order).lines)
            case _:
                units = {unit.id for line in placed.lines for unit in line.units}
                return without_one(order, chance, frozenset(units))

    def _retime(self, act: Act, order: Order) -> Order:
        """Never to a time that nobody here could wait for."""
        if act is Act.UNSNOOZE:
            return replace(order, snoozed_until=None)
        soon = self._now() + _SOON
        if act is Act.DUE and (order.snoozed_until or order.due_at):
            return order
        return replace(order, due_at=soon, snoozed_until=None)


def _touched(order: Order) -> Order:
    """Changed a little later than before."""
    return replace(order, modified_at=(order.modified_at or order.placed_at or _EPOCH) + _TICK)


_EPOCH = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
