"""Who comes on a busy evening, and what each of them is going to do: the same for the same seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bridge.model import Order
from bridge.testing.bodies import HIDDEN_EMAIL
from bridge.testing.codes import Code
from bridge.testing.edits import hanging, odd_id, with_fee
from bridge.testing.menus import RARE_FULFILMENTS
from bridge.testing.orders import OrderFactory
from bridge.testing.traits import Trait


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
    REFUND_TIP = "refund_tip"  # of which the message says nothing
    REFUND_ALL = "refund_all"
    EMPTY = "empty"  # staff take everything off the order


EDITS = (Act.MOVE, Act.NOTE, Act.MORE, Act.FEWER, Act.DUE)
REFUNDS = (Act.REFUND_ITEM, Act.REFUND_PART, Act.REFUND_TAX, Act.REFUND_FEE, Act.REFUND_TIP)
LAST = (Act.REFUND_ALL, Act.EMPTY)
# So many guests later somebody who has paid comes again.
AGAIN_AFTER: Final = 40


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
    regrets: float = 0.1  # look into an empty cart, and put something back
    swaps: float = 0.06  # change the cart before they pay, and nobody asks for its price
    rare: float = 0.3  # get it in a way that is seen less often
    again: float = 0.05  # come twice at once, and once more, with the same code
    traits: float = 0.0  # each trait


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
        regrets=0,
        swaps=0,
        again=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """`orders`: one for each restaurant, of one checkout; `acts`: what becomes of each of them.

    `typed`: words, and which code each is, if any. `failures` attempts to pay come to nothing;
    `pays`: the one after them does not. `is_again`: the same person has other checkouts.
    `has_codes`: there are some, so there is a field for them.
    """

    orders: tuple[Order, ...]
    acts: tuple[tuple[Act, ...], ...]
    guest_id: str
    typed: tuple[tuple[str, Code | None], ...] = ()
    failures: int = 0
    pays: bool = True
    same_order: bool = False
    strolls: bool = False
    others: int = 0
    regrets: bool = False
    swaps: bool = False
    is_later: bool = False
    is_again: bool = False
    has_codes: bool = False
    traits: frozenset[Trait] = frozenset()


def arrive(
    seed: int,
    restaurants: tuple[str, ...],
    mix: Mix,
    now: Callable[[], datetime],
    codes: tuple[Code, ...] = (),
) -> Iterator[tuple[Guest, random.Random]]:
    """Guests without end, each with chances of its own."""
    number, expected = 0, dict[int, Guest]()
    while True:
        number += 1
        chance = random.Random(f"{seed}/{number}")  # noqa: S311  made-up guests are no secret
        known = expected.pop(number, None)
        guest = _Host(chance, restaurants, mix, now, codes).seat(seed, number, known)
        if guest.is_again and known is None:
            expected |= {number + 1: guest, number + AGAIN_AFTER: guest}
        yield guest, chance


class _Host:
    def __init__(
        self,
        chance: random.Random,
        restaurants: tuple[str, ...],
        mix: Mix,
        now: Callable[[], datetime],
        codes: tuple[Code, ...],
    ) -> None:
        self._chance = chance
        self._restaurants = restaurants
        self._mix = mix
        self._now = now
        self._codes = codes

    def seat(self, seed: int, number: int, known: Guest | None) -> Guest:
        """Somebody new, or the one who is known and fills another cart."""
        mix, fails = self._mix, self._happens(self._mix.failures)
        is_later = self._happens(mix.laters)
        traits = frozenset(trait for trait in Trait if self._happens(mix.traits))
        orders = self._orders(seed, number, traits)
        guest = Guest(
            orders=orders,
            acts=tuple(self._acts(order, is_later=is_later) for order in orders),
            guest_id=self._guest_id(orders[0]),
            typed=self._typed() if self._codes and self._happens(mix.codes) else (),
            failures=int(fails),
            pays=not fails or self._happens(mix.retries),
            same_order=self._happens(mix.same_order),
            strolls=self._happens(mix.strolls),
            others=2 if Trait.STRANGERS in traits else int(self._happens(mix.others)),
            regrets=self._happens(mix.regrets),
            swaps=self._happens(mix.swaps),
            is_later=is_later,
            is_again=known is not None,
            has_codes=bool(self._codes),
            traits=traits,
        )
        if known is None and not (self._codes and self._happens(mix.again)):
            return guest
        return self._seat_again(guest, known or guest)

    def _seat_again(self, guest: Guest, known: Guest) -> Guest:
        """Nobody of them leaves unpaid: a code that was given back might be taken by the other."""
        code = self._chance.choice([code for code in self._codes if code.is_once] or self._codes)
        who = known.orders[0].guest
        return replace(
            guest,
            orders=tuple(replace(order, guest=who) for order in guest.orders),
            guest_id=known.guest_id,
            typed=known.typed[-1:] if known.is_again else ((code.word, code),),
            failures=0,
            pays=True,
            is_again=True,
            traits=guest.traits - {Trait.HIDDEN_EMAIL, Trait.TERSE},
        )

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _orders(self, seed: int, number: int, traits: frozenset[Trait]) -> tuple[Order, ...]:
        factory = OrderFactory(self._chance.getrandbits(64), self._now)
        is_pair = len(self._restaurants) > 1 and self._happens(self._mix.pairs)
        places = self._chance.sample(self._restaurants, 2 if is_pair else 1)
        first, *rest = (
            replace(factory.order(place), number=str(number % 1000 or 1000)) for place in places
        )
        # No two guests are one: a code may be good once for each.
        phone = str(self._chance.randrange(10**9, 10**10))
        who = replace(first.guest, email=f"guest-{seed:x}-{number}@example.test", phone=phone)
        if Trait.HIDDEN_EMAIL in traits:
            who = replace(who, email=HIDDEN_EMAIL)
        if Trait.QUOTED_NAME in traits:
            who = replace(who, name=f"{who.name} \u201cAce\u201d")
        return tuple(
            self._odd(
                replace(self._charged(order), guest=who, checkout_id=first.checkout_id), traits
            )
            for order in (self._routed(first), *rest)
        )

    def _odd(self, order: Order, traits: frozenset[Trait]) -> Order:
        if Trait.NESTED in traits:
            order = hanging(order)
        if Trait.ODD_IDS not in traits:
            return order
        # The parts of one checkout have one id.
        same = random.Random(order.checkout_id)  # noqa: S311  no secret
        return replace(order, id=odd_id(self._chance), checkout_id=odd_id(same))

    def _routed(self, order: Order) -> Order:
        if not self._happens(self._mix.rare):
            return order
        code = self._chance.choice(list(RARE_FULFILMENTS))
        words = RARE_FULFILMENTS[code]
        return replace(order, fulfilment_code=code, fulfilment=words, address=None)

    def _charged(self, order: Order) -> Order:
        if not self._happens(self._mix.fees):
            return order
        return with_fee(order, self._chance.randint(50, 900))

    def _guest_id(self, order: Order) -> str:
        """Somebody logged in, a session, or a number: nobody says which."""
        session = f"{self._chance.getrandbits(64):016x}"
        found = self._chance.choice((order.guest.email, session, str(int(session, 16) % 10**12)))
        return session if found == HIDDEN_EMAIL else found

    def _typed(self) -> tuple[tuple[str, Code | None], ...]:
        code = self._chance.choice(self._codes)
        good = (code.word, code)
        if not self._happens(0.2):
            return (good,)
        return (f"{code.word}?", None), (code.word.lower(), code)

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
