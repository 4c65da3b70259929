"""What the kitchen should have of each order in the end, from what the bridge said yes to.

A small model of its own. It knows what was sent and answered, in that order, and nothing of how
the bridge works; where the truth cannot be known by anybody, it leaves it open.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    Event,
    ItemsRefunded,
    Line,
    Order,
    OrderChanged,
    OrderPlaced,
    Remainder,
    Unit,
    differences,
)
from bridge.model.order import WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be found of one order: never more than one ticket that is not marked.

    `must` counts the dishes of the last ticket. `may`: units that may be on it besides, because
    they were on their way before they were refunded, each under any name that it had. `may_wait`:
    nobody has said that it is paid, or taken it back. `changes`, `voids`, `refires` and `refunds`
    are the most that there may be. `facts`: what else the last ticket says, by name.
    """

    order_id: str
    restaurant: str
    is_wanted: bool
    is_signed: bool
    is_known: bool
    is_cancelled: bool
    is_unclear: bool
    may_wait: bool
    must: Mapping[str, int]
    may: Sequence[frozenset[str]]
    facts: Mapping[str, str]
    refunded_cents: int
    changes: int
    voids: int
    refires: int
    refunds: int


@dataclass(slots=True)
class Tab:
    """One order. `least` is what was ever left of each unit and charge, `first` what it cost."""

    order: Order
    is_placed: bool = False
    is_signed: bool = False
    is_cancelled: bool = False
    is_unclear: bool = False
    is_empty: bool = False
    edits: int = 0
    voids: int = 0
    refires: int = 0
    refunds: int = 0
    first: dict[str, Remainder] = field(default_factory=dict)
    least: dict[str, Remainder] = field(default_factory=dict)
    begun: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, order: Order) -> None:
        """A newer state counts, an older one does not."""
        for line in order.lines:
            for unit in line.units:
                self._take_unit(unit, dish_of(line))
        if order.is_newer_than(self.order):
            self.edits += bool(differences(self.order, order))
            self.order = order
        self._look()

    def take_refund(self, event: ItemsRefunded) -> None:
        """The least ever heard of each; a charge is known as the sum that the order names."""
        self.refunds += 1
        totals = self.order.totals
        tax = totals.tax_cents - sum(u.tax_cents for li in self.order.lines for u in li.units)
        for fee in event.charges:
            price = max(fee.price_cents, totals.fee_cents)
            one = replace(fee, price_cents=price, tax_cents=max(fee.tax_cents, tax))
            self.first.setdefault(fee.id, one)
        for one in (*event.items, *event.charges):
            known = self.least.get(one.id, one)
            self.least[one.id] = Remainder(
                id=one.id,
                price_cents=min(one.price_cents, known.price_cents),
                tax_cents=min(one.tax_cents, known.tax_cents),
            )
        self._look()

    def cancel(self) -> None:
        """Counts for what was not paid yet; it may be wanted after all."""
        if self.is_placed and not self.is_signed and not self.is_cancelled:
            self.is_cancelled = True
            self.voids += 1
            self.refires += 1

    def close(self) -> Due:
        """The sum of it."""
        is_made = (self.is_placed or self.is_signed) and not self.is_cancelled
        must = self._dishes() if is_made else Counter[str]()
        begun = [names for one, names in self.begun.items() if self._is_gone(one)]
        return Due(
            order_id=self.order.id,
            restaurant=self.order.restaurant,
            is_wanted=is_made and bool(must),
            is_signed=self.is_signed,
            is_known=self.is_placed or self.is_signed,
            is_cancelled=self.is_cancelled,
            is_unclear=self.is_unclear,
            may_wait=is_made and not self.is_signed,
            must=must,
            may=tuple(map(frozenset, begun)) if is_made else (),
            facts=facts_of(self.order),
            refunded_cents=self._count_refunded(),
            changes=self.edits,
            voids=self.voids,
            refires=self.refires,
            refunds=self.refunds,
        )

    def _take_unit(self, unit: Unit, dish: str) -> None:
        one = Remainder(id=unit.id, price_cents=unit.price_cents, tax_cents=unit.tax_cents)
        self.first.setdefault(unit.id, one)
        if unit.status != WAITING or unit.id in self.begun:
            self.begun[unit.id].add(dish)

    def _look(self) -> None:
        """Where nothing is left a ticket is taken back, and what comes then is a new one."""
        is_empty = not self._dishes()
        self.voids += is_empty and not self.is_empty
        self.refires += self.is_empty and not is_empty
        self.is_empty = is_empty

    def _dishes(self) -> Counter[str]:
        counts = Counter[str]()
        for line in self.order.lines:
            left = sum(not self._is_gone(unit.id) for unit in line.units)
            counts.update({dish_of(line): left} if left else {})
        return counts

    def _is_gone(self, unit_id: str) -> bool:
        """What was free goes with the last that was not."""
        is_free = self.first[unit_id].price_cents == 0 if unit_id in self.first else False
        return self._is_all_gone() if is_free else self._is_given_back(unit_id)

    def _is_all_gone(self) -> bool:
        units = [unit.id for line in self.order.lines for unit in line.units]
        paid = [one for one in units if one in self.first and self.first[one].price_cents]
        return bool(paid) and all(map(self._is_given_back, paid))

    def _is_given_back(self, unit_id: str) -> bool:
        left, first = self.least.get(unit_id), self.first.get(unit_id)
        return bool(left and first and left.price_cents == 0 < first.price_cents)

    def _count_refunded(self) -> int:
        pairs = [(self.first[one], left) for one, left in self.least.items() if one in self.first]
        return sum(
            first.price_cents - left.price_cents + first.tax_cents - left.tax_cents
            for first, left in pairs
        )


@dataclass(slots=True)
class Tabs:
    """The orders of one guest's checkouts, oldest first."""

    _tabs: dict[str, Tab] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        """The bridge said yes to this."""
        match event:
            case OrderPlaced():
                tab = self._open(event.order)
                tab.is_placed, tab.is_cancelled = True, False
            case OrderChanged():
                tab = self._open(event.order)
                tab.is_signed, tab.is_cancelled = True, False
            case CheckoutFinished():
                for tab in self._of(event.restaurant, event.checkout_id)[-1:]:
                    tab.is_signed, tab.is_cancelled = True, False
            case CheckoutCancelled():
                self._cancel(self._of(event.restaurant, event.checkout_id))
            case ItemsRefunded():
                self._refund(event)

    def name(self, order: Order) -> None:
        """It was asked for, whatever was answered: nothing may be made of it without a yes."""
        self._tabs.setdefault(order.id, Tab(order=order))

    def doubt(self, event: Event) -> None:
        """Nobody knows whether this was heard."""
        if isinstance(event, OrderPlaced | OrderChanged):
            self._open(event.order)
        for tab in self._of(event.restaurant, event.checkout_id):
            tab.is_unclear = True

    def close(self) -> list[Due]:
        return [tab.close() for tab in self._tabs.values()]

    def _open(self, order: Order) -> Tab:
        tab = self._tabs.setdefault(order.id, Tab(order=order))
        tab.take(order)
        return tab

    def _of(self, restaurant: str, checkout_id: str) -> list[Tab]:
        return [
            tab
            for tab in self._tabs.values()
            if tab.order.restaurant == restaurant and tab.order.checkout_id == checkout_id
        ]

    def _cancel(self, tabs: list[Tab]) -> None:
        """It is about what came before it and was not paid."""
        for tab in tabs:
            tab.cancel()

    def _refund(self, event: ItemsRefunded) -> None:
        """Only what was paid can be refunded: items tell their order, charges that of theirs."""
        named = {one.id for one in event.items}
        for tab in self._of(event.restaurant, event.checkout_id):
            if named & tab.first.keys():
                tab.take_refund(event)


def dish_of(line: Line) -> str:
    """A dish as it stands on a ticket, for comparing."""
    return describe(line.name, [modifier.name for modifier in line.modifiers], line.notes)


def facts_of(order: Order) -> dict[str, str]:
    """What a cook or a runner reads beside the dishes, as it stands on a ticket."""
    return {
        "number": order.number,
        "table": order.table.name if order.table else "",
        "fulfilment": order.fulfilment,
        "due": order.due_at.isoformat(timespec="minutes") if order.due_at else "",
        "guest": order.guest.name,
        "notes": "; ".join(f"{name}: {value}" for name, value in order.facts),
    }


def describe(name: str, modifiers: list[str], notes: str) -> str:
    """The same for the parts of it."""
    text = f"{name} [{'; '.join(sorted(modifiers))}] {notes}"
    return unicodedata.normalize("NFC", text)
