"""The world around some checkouts: the platform's orders, a POS, restaurants on one ledger."""

import json
from dataclasses import replace

from bridge.adapter import (
    Idempotent,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.ledger import timers
from bridge.model import Acceptance, Fate, Line, Ticket, Totals, Unit
from bridge.worker import intake
from tests.engine import (
    Engine,
    MemoryPos,
    an_order,
    cancelled,
    changed,
    finished,
    moment,
    placed,
    refunded,
)

MENU = {"Salad": (1, 700, 63), "Soup": (2, 500, 45), "Tea": (1, 0, 0)}  # portions, price, tax
FEE = 300


class Guest:
    """One order as the platform has it. `shows_refunds`: its own prices fall with them."""

    def __init__(self, order_id, checkout, *, shows_refunds):
        self.shows_refunds = shows_refunds
        self.order = an_order(order_id=order_id, checkout=checkout, totals=Totals(fee_cents=FEE))
        self.dishes = frozenset({"Salad", "Soup"})
        self.served = frozenset()
        self.fee = FEE
        self.left = {
            unit: costs for dish, (_, *costs) in MENU.items() for unit in self._unit_ids(dish)
        }
        self._write()

    def edit(self, what, dishes, now):
        if what == "dishes":
            self.dishes = dishes
        elif what == "nothing left":
            self.dishes = frozenset()
        elif what == "served":
            self.served |= dishes
        changes = {
            "table": {"facts": (("Table", str(now)),)},
            "due": {"due_at": moment(now + 2000)},
            "snooze": {"snoozed_until": moment(now + 600)},
            "closed": {"closed_at": moment(now)},
        }
        self._write(**changes.get(what, {}))

    def give_back(self, what, dish):
        """What is left of one portion, or of the fee, falls."""
        unit = self._unit_ids(dish)[0]
        price, tax = self.left[unit]
        falls = {"whole": (0, 0), "half": (price // 2, tax), "tax": (price, 0)}
        if what == "fee":
            self.fee //= 2
        else:
            self.left[unit] = falls[what]
        if self.shows_refunds:
            self._write()

    def tell(self, hook, fate=Fate.WRITTEN):
        """What the platform calls the bridge with, as things are now."""
        checkout = self.order.checkout_id
        match hook:
            case "placed":
                return placed(self.order, fate=fate)
            case "changed":
                return changed(self.order)
            case "finished":
                return finished(checkout)
            case "cancelled":
                return cancelled(checkout)
            case "refunded":
                left = {unit: tuple(costs) for unit, costs in self.left.items()}
                return refunded(left, {f"fee of {checkout}": (self.fee, 0)}, checkout)

    def _write(self, **changes):
        """A new state of the order."""
        self.order = replace(
            self.order,
            lines=tuple(self._line(dish) for dish in sorted(self.dishes)),
            modified_at=moment(self.order.modified_at.timestamp() + 1),
            **changes,
        )

    def _unit_ids(self, dish):
        return [f"{self.order.id}/{dish}/{number}" for number in range(MENU[dish][0])]

    def _line(self, dish):
        status = "done" if dish in self.served else "waiting"
        units = []
        for unit in self._unit_ids(dish):
            price, tax = self.left[unit] if self.shows_refunds else MENU[dish][1:]
            units.append(Unit(id=unit, price_cents=price, tax_cents=tax, status=status))
        return Line(name=dish, menu_item_id=dish, units=tuple(units))


class Kitchen(MemoryPos):
    """A POS that keeps each paper as it came out; `script` says what the next calls meet."""

    def __init__(self, spec):
        super().__init__(spec)
        self.papers = []

    def translate(self, order, slip):
        text = json.dumps(
            {
                "kind": slip.kind,
                "order": order.id,
                "marked": slip.reason == "REFIRED",
                "dishes": [line.name for line in order.lines for _unit in line.units],
                "differences": told(slip),
            }
        )
        return Ticket(body=text.encode(), content_type="application/json", preview=text)

    async def refund(self, ticket, key, pos_ref):
        assert pos_ref in self.tickets
        return await self.submit(ticket, key)

    def take(self, ticket, key):
        if not self._keeps_out(key):
            self.tickets[key] = json.loads(ticket.body)
            self.papers.append((key, self.tickets[key]))
        return Acceptance(pos_ref=key)

    def _keeps_out(self, key):
        return key in self.tickets and isinstance(self.spec.repeat, Idempotent)

    async def _find(self, key):
        return Acceptance(pos_ref=key) if key in self.tickets else None

    def play(self, step, meanwhile=None):
        """What the next call meets, and what happens before its answer."""

        async def act(ticket, key):
            if meanwhile is not None:
                await meanwhile()
            if step == "taken" or (step == "refused" and self._keeps_out(key)):
                return self.take(ticket, key)
            if step == "lost after it arrived":
                self.take(ticket, key)
            raise {
                "lost after it arrived": OutcomeUnknown(step),
                "lost before it arrived": OutcomeUnknown(step),
                "unreachable": PosUnreachable(step),
                "busy": PosBusy(retry_after=3),
                "refused": TicketRejected(step),
                "paper": OperatorNeeded(step),
            }[step]

        self.script.append(act)


class House(Engine):
    """One restaurant of several on the same ledger."""

    def __init__(self, restaurant, ledger, clock, pos_system, terms):
        self.restaurant = restaurant
        super().__init__(ledger, clock, pos_system, terms)

    def renew(self):
        super().renew()
        self.pos.restaurant = self.lane.restaurant = self.restaurant

    def _take(self, tx, events):
        return intake.take(tx, events, {self.restaurant: self.terms}, self.clock(), report=True)

    async def rows(self, order_id=None):
        rows = await super().rows(order_id)
        return [row for row in rows if row.restaurant == self.restaurant]

    async def next_moment(self):
        """When the lane next has something to do; None if never."""
        return await self.ledger.read(
            lambda tx: timers.next_moment(tx, self.restaurant, self.clock())
        )


def told(slip):
    return [(one.what, one.before, one.after) for one in slip.differences]
