"""A second, smaller opinion on what must be so once all is at rest.

`Model` reads the events that were taken in, and nothing else; `Cook` reads the papers that came
out for one order, believes them, and knows what there is to make.
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
    """One order. `paid`: price and tax of each unit when it was first heard of.

    `is_answered`: a yes to its injection went out, or may have, and no cancel came since;
    `is_signed`: the guest paid.
    """

    newest: Order
    paid: dict = field(default_factory=dict)
    served: set = field(default_factory=set)
    is_answered: bool = False
    is_signed: bool = False

    def hear(self, order):
        if order.is_newer_than(self.newest):
            self.newest = order
        for unit in (unit for line in self.newest.lines for unit in line.units):
            self.paid.setdefault(unit.id, (unit.price_cents, unit.tax_cents))
            if unit.status != "waiting":
                self.served.add(unit.id)


@dataclass
class Visit:
    """One checkout in one restaurant. `left`: the least heard of each unit, `fees` of each fee."""

    stories: dict = field(default_factory=dict)  # first heard, first in it
    left: dict = field(default_factory=dict)
    fees: dict = field(default_factory=dict)
    is_finished: bool = False

    def hear(self, order):
        story = self.stories.setdefault(order.id, Story(newest=order))
        story.hear(order)
        return story

    def sign(self):
        """What is refunded was paid, and so was the newest order of a finished checkout."""
        stories = list(self.stories.values())
        for story in stories:
            story.is_signed |= self.is_named(story)
        if self.is_finished and stories:
            stories[-1].is_signed = True

    def is_named(self, story):
        return not story.paid.keys().isdisjoint(self.left)

    def fallen(self, story):
        """The cents to be given back of an order's units."""
        return sum(
            max(0, before - now)
            for unit, costs in story.paid.items()
            for before, now in zip(costs, self.left.get(unit, costs), strict=True)
        )

    def is_gone(self, story, unit):
        price, _tax = costs = story.paid[unit]
        return price > 0 and self.left.get(unit, costs)[0] == 0

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


class Model:
    def __init__(self):
        self.visits = defaultdict(Visit)
        self._seen = set()

    def take(self, handover):
        if handover.event_id in self._seen:
            return
        self._seen.add(handover.event_id)
        event = handover.event
        visit = self.visits[handover.restaurant, event.checkout_id]
        match event:
            case OrderPlaced():
                visit.hear(event.order).is_answered |= handover.fate is not Fate.GONE
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
