"""A second, smaller opinion on what must be so once all is at rest.

`Kitchens` reads what the platform said and the bridge took in, and nothing else; `Cook` reads the
papers that came out for one order, believes them, and knows what there is to make.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    Fate,
    ItemsRefunded,
    Order,
    OrderChanged,
    OrderPlaced,
)


@dataclass
class Story:
    """One order. `paid`: price and tax of each unit when it was first heard of; `prices`: ever.

    `is_answered`: a yes to its injection went out, or may have, and no cancel came since;
    `is_signed`: the guest paid.
    """

    newest: Order
    paid: dict = field(default_factory=dict)
    prices: dict = field(default_factory=lambda: defaultdict(set))
    served: set = field(default_factory=set)
    is_answered: bool = False
    is_signed: bool = False

    def hear(self, order):
        if order.is_newer_than(self.newest):
            self.newest = order
        for unit in (unit for line in self.newest.lines for unit in line.units):
            self.paid.setdefault(unit.id, (unit.price_cents, unit.tax_cents))
            self.prices[unit.id].add((unit.price_cents, unit.tax_cents))
            if unit.status != "waiting" or self.newest.closed_at is not None:
                self.served.add(unit.id)


@dataclass
class Visit:
    """One checkout in one restaurant. `left`: the least heard of each unit, `fees` of each fee."""

    stories: dict = field(default_factory=dict)  # placed last, last in it
    left: dict = field(default_factory=dict)
    fees: dict = field(default_factory=dict)
    is_finished: bool = False

    def hear(self, order):
        story = self.stories.setdefault(order.id, Story(newest=order))
        story.hear(order)
        return story

    def place(self, order, fate):
        """An injection that got no answer is no news of an order that was paid, or got its yes."""
        story = self.stories.get(order.id)
        is_kept = story is not None and (story.is_signed or story.is_answered)
        if fate is not Fate.GONE or not is_kept:
            story = self.hear(order)
        story.is_answered |= fate is not Fate.GONE
        self.stories[order.id] = self.stories.pop(order.id)

    def sign(self):
        """What is refunded was paid, and so was the newest order of a finished checkout."""
        stories = list(self.stories.values())
        for story in stories:
            story.is_signed |= self.is_named(story)
        if self.is_finished and stories:
            stories[-1].is_signed = True

    def is_named(self, story):
        return not story.paid.keys().isdisjoint(self.left)

    def fallen(self, story, unit):
        """The cents to be given back of a unit, by what it may have cost when the POS got it."""
        return {
            sum(
                max(0, before - now)
                for before, now in zip(costs, self.left.get(unit, costs), strict=True)
            )
            for costs in story.prices[unit]
        }

    def is_gone(self, story, unit):
        """What was free goes with the last that was not."""
        price, _tax = story.paid[unit]
        return self._is_at_nothing(story, unit) if price > 0 else self._is_all_gone(story)

    def _is_at_nothing(self, story, unit):
        return self.left.get(unit, story.paid[unit])[0] == 0

    def _is_all_gone(self, story):
        units = [unit.id for line in story.newest.lines for unit in line.units]
        has_cost = any(story.paid[unit][0] for unit in units)
        return has_cost and all(self._is_at_nothing(story, unit) for unit in units)

    def left_to_make(self, story):
        """The units on the newest order that were not refunded whole."""
        units = ((unit, line.name) for line in story.newest.lines for unit in line.units)
        return [(unit, dish) for unit, dish in units if not self.is_gone(story, unit.id)]

    def is_waiting(self, story):
        is_open = story.newest.closed_at is None
        return is_open and any(unit.status == "waiting" for unit, _ in self.left_to_make(story))

    def to_make(self, story):
        """By dish: at least, at most. A cook who is done with one is not told of its refund."""
        least = Counter(dish for _unit, dish in self.left_to_make(story))
        untold = [unit for unit in story.served if self.is_gone(story, unit)]
        return least, least + Counter(unit.split("/")[1] for unit in untold)


class Kitchens:
    """`visits` by restaurant and checkout."""

    def __init__(self):
        self.visits = defaultdict(Visit)

    def take(self, said):
        event = said.event
        visit = self.visits[said.restaurant, event.checkout_id]
        match event:
            case OrderPlaced():
                visit.place(event.order, said.fate)
            case OrderChanged():
                visit.hear(event.order).is_signed = True
            case CheckoutFinished():
                visit.is_finished = True
            case CheckoutCancelled():
                for story in visit.stories.values():
                    story.is_answered = False
            case ItemsRefunded():
                _keep_least(visit.left, event.items)
                _keep_least(visit.fees, event.charges)
        visit.sign()


def _keep_least(known, remainders):
    for one in remainders:
        price, tax = known.get(one.id, (one.price_cents, one.tax_cents))
        known[one.id] = (min(price, one.price_cents), min(tax, one.tax_cents))


@dataclass
class Cook:
    """`makes` by dish; None: there is no ticket, or it was taken back."""

    makes: Counter | None = None

    def read(self, kind, dishes, differences):
        if kind == "place":
            assert self.makes is None, "a second ticket beside the first"
            self.makes = Counter(dishes)
            return
        assert self.makes is not None, f"a {kind} without a ticket"
        for what, before, after in differences:
            if what == "removed":
                self._count(before, -1)
            elif what == "added":
                self._count(after, 1)
        if kind == "void":
            self.makes = None

    def _count(self, text, sign):
        number, dish = text.split(" x ")
        self.makes[dish] += sign * int(number)
        assert self.makes[dish] >= 0, f"{text} to be left out where there is none"
