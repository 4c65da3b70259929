"""Who comes on a busy evening, and what each of them is going to do: the same for the same seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bridge.model import Order
from bridge.testing.edits import with_fee
from bridge.testing.orders import OrderFactory


class Act(StrEnum):
    """What happens to an order once it is paid."""

    MOVE = "move"  # to another table
    NOTE = "note"
    MORE = "more"
    FEWER = "fewer"
    DUE = "due"
    UNSNOOZE = "unsnooze"
    HURRY = "hurry"  # an order for later is wanted now
    ACCEPT = "accept"
    FINISH = "finish"
    REFUND_ITEM = "refund_item"
    REFUND_PART = "refund_part"
    REFUND_TAX = "refund_tax"
    REFUND_FEE = "refund_fee"
    REFUND_ALL = "refund_all"
    EMPTY = "empty"  # staff take everything off the order


EDITS = (Act.MOVE, Act.NOTE, Act.MORE, Act.FEWER, Act.DUE)
REFUNDS = (Act.REFUND_ITEM, Act.REFUND_PART, Act.REFUND_TAX, Act.REFUND_FEE)
LAST = (Act.REFUND_ALL, Act.EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of the guests, 0 to 1. `retries` and `same_order` are shares of the failures.

    `most_edits`: to one order.
    """

    strolls: float = 0.05  # fill a cart first that they never pay
    codes: float = 0.25  # have a code to type, if there are any
    failures: float = 0.08  # cannot pay at first
    retries: float = 0.6  # try again
    same_order: float = 0.3  # under the same order id
    laters: float = 0.06  # order for later
    edits: float = 0.1
    most_edits: int = 3
    refunds: float = 0.08
    endings: float = 0.02  # nothing is left of the order
    fees: float = 0.15
    progress: float = 0.6  # staff tell how far the order is
    pairs: float = 0.1  # order from two restaurants at once
    others: float = 0.2  # are shown prompts of another partner, too


EVENING: Final = Mix()


def only_orders(edits: float) -> Mix:
    """For a restaurant that has only the two hooks of orders: everybody pays at once."""
    return Mix(
        strolls=0,
        codes=0,
        failures=0,
        laters=0,
        edits=edits,
        most_edits=1,
        refunds=0,
        endings=0,
        fees=0,
        progress=0,
        pairs=0,
        others=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """`orders`: one for each restaurant, of one checkout; `acts`: what becomes of each of them.

    `failures` attempts to pay come to nothing; `pays`: the one after them does not.
    """

    orders: tuple[Order, ...]
    acts: tuple[tuple[Act, ...], ...]
    guest_id: str
    codes: tuple[str, ...] = ()
    failures: int = 0
    pays: bool = True
    same_order: bool = False
    strolls: bool = False
    has_others: bool = False
    is_later: bool = False


def arrive(
    seed: int,
    restaurants: tuple[str, ...],
    mix: Mix,
    now: Callable[[], datetime],
    codes: tuple[str, ...] = (),
) -> Iterator[tuple[Guest, random.Random]]:
    """Guests without end, each with chances of its own."""
    number = 0
    while True:
        number += 1
        chance = random.Random(f"{seed}/{number}")  # noqa: S311  made-up guests are no secret
        yield _Host(chance, restaurants, mix, now, codes).seat(seed, number), chance


class _Host:
    def __init__(
        self,
        chance: random.Random,
        restaurants: tuple[str, ...],
        mix: Mix,
        now: Callable[[], datetime],
        codes: tuple[str, ...],
    ) -> None:
        self._chance = chance
        self._restaurants = restaurants
        self._mix = mix
        self._now = now
        self._codes = codes

    def seat(self, seed: int, number: int) -> Guest:
        mix, fails = self._mix, self._happens(self._mix.failures)
        is_later = self._happens(mix.laters)
        orders = self._orders(seed, number)
        return Guest(
            orders=orders,
            acts=tuple(self._acts(order, is_later=is_later) for order in orders),
            guest_id=self._guest_id(orders[0]),
            codes=self._typed() if self._codes and self._happens(mix.codes) else (),
            failures=int(fails),
            pays=not fails or self._happens(mix.retries),
            same_order=self._happens(mix.same_order),
            strolls=self._happens(mix.strolls),
            has_others=self._happens(mix.others),
            is_later=is_later,
        )

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _orders(self, seed: int, number: int) -> tuple[Order, ...]:
        factory = OrderFactory(self._chance.getrandbits(64), self._now)
        is_pair = len(self._restaurants) > 1 and self._happens(self._mix.pairs)
        places = self._chance.sample(self._restaurants, 2 if is_pair else 1)
        first, *rest = (
            replace(factory.order(place), number=str(number % 1000 or 1000)) for place in places
        )
        # No two guests are one: a code may be good once for each.
        who = replace(first.guest, email=f"guest-{seed:x}-{number}@example.test")
        return tuple(
            replace(self._charged(order), guest=who, checkout_id=first.checkout_id)
            for order in (first, *rest)
        )

    def _charged(self, order: Order) -> Order:
        if not self._happens(self._mix.fees):
            return order
        return with_fee(order, self._chance.randint(50, 900))

    def _guest_id(self, order: Order) -> str:
        """Somebody logged in, a session, or a number: nobody says which."""
        session = f"{self._chance.getrandbits(64):016x}"
        return self._chance.choice((order.guest.email, session, str(int(session, 16) % 10**12)))

    def _typed(self) -> tuple[str, ...]:
        code = self._chance.choice(self._codes)
        return (f"{code}?", code.lower()) if self._happens(0.2) else (code,)

    def _acts(self, order: Order, *, is_later: bool) -> tuple[Act, ...]:
        mix, acts = self._mix, list[Act]()
        if self._happens(mix.edits):
            acts += self._chance.choices(EDITS, k=self._chance.randint(1, mix.most_edits))
        if self._happens(mix.refunds):
            kinds = [act for act in REFUNDS if act is not Act.REFUND_FEE or order.totals.fee_cents]
            acts += self._chance.choices(kinds, k=self._chance.choice((1, 1, 2)))
        self._chance.shuffle(acts)
        if self._happens(mix.progress):
            middle = self._chance.randint(0, len(acts))
            end = self._chance.randint(middle, len(acts))
            acts = [*acts[:middle], Act.ACCEPT, *acts[middle:end], Act.FINISH, *acts[end:]]
        if self._happens(mix.endings):
            acts.append(self._chance.choice(LAST))
        if is_later:
            # Staff do not begin with what waits.
            latest = acts.index(Act.ACCEPT) if Act.ACCEPT in acts else len(acts)
            wake = self._chance.choice((Act.UNSNOOZE, Act.HURRY))
            acts.insert(self._chance.randint(0, latest), wake)
        return tuple(acts)
