"""Guests at the platform: their carts, their orders, and what the platform says of both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson

from bridge.model import (
    Cart,
    CartLine,
    CheckoutStarted,
    Event,
    Fate,
    GivenPrompt,
    Line,
    PriceCheck,
    Totals,
    Unit,
)
from bridge.sources.bbot import Hook
from bridge.testing.bodies import order_body
from bridge.testing.partner_bodies import beginning_body, end_body, pricecheck_body, refund_body
from bridge.testing.reply_rules import violations
from tests.engine import an_order, cancelled, changed, finished, moment, placed, refunded

MENU = {"Salad": (1, 701, 63), "Soup": (2, 499, 45), "Tea": (1, 0, 0)}  # portions, price, tax
FEE = 300
RESTAURANTS = ("lopez", "garcia")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One call. `fate`: of its answer; `is_closed`: the POS is, as far as its gate knows."""

    restaurant: str
    hook: Hook
    event: Event
    body: bytes
    fate: str = Fate.WRITTEN
    is_closed: bool = False

    @property
    def is_question(self):
        """True for what is asked of the ingress alone: what a cart costs."""
        return self.hook is Hook.PROMO


def theirs(restaurant):
    """What the platform calls it."""
    return f"the platform's {restaurant}"


@dataclass
class Visitor:
    """One checkout before there is an order. `off`: cents by dish, as its start was answered.

    `number` is that of the answer; None where none was heard.
    """

    restaurant: str
    checkout_id: str
    person: str = "ann@example.com"
    dishes: frozenset = frozenset({"Salad", "Soup"})
    prompts: list = field(default_factory=list)
    off: Mapping = field(default_factory=dict)
    number: int | None = None

    def check(self, typed=""):
        """A price check, with what is typed where the bridge asked for a code."""
        given = [
            {**each, "value": typed} if each["prompt_type"] == "textinput" else each
            for each in self.prompts
        ]
        cart = replace(self._cart(), prompts=tuple(map(_given, given)))
        body = pricecheck_body(self._named(cart), given)
        return self._say(Hook.PROMO, PriceCheck(cart=cart), body)

    def start(self, *, is_closed=False):
        """A new attempt, which says no guest, and for now has no discount."""
        self.off, self.number = {}, None
        cart = replace(self._cart(), guest_id="")
        event = CheckoutStarted(cart=cart, attempt_id="a-1")
        body = beginning_body(self._named(cart), event.attempt_id, [])
        return self._say(Hook.PROMO, event, body, is_closed=is_closed)

    def read(self, said, document, number):
        """The answer to what was asked."""
        self.prompts = document["prompts_to_guest"]
        if isinstance(said.event, CheckoutStarted) and document["allow_checkout"]:
            rows = (document["discounts"] or [{"distribution_among_line_items": []}])[0]
            self.off = {
                row["line_item_id"]: -row["cents_to_add"]
                for row in rows["distribution_among_line_items"]
            }
            self.number = number

    def end(self, hook):
        """How it ended, whatever there was to be ended."""
        handover = (finished if hook is Hook.CHECKOUT_FINISHED else cancelled)(self.checkout_id)
        body = end_body(hook.value.replace("-", "_"), self._named(self._cart()), [])
        return self._say(hook, handover.event, body)

    def refund(self, left, fee):
        handover = refunded(left, {f"fee-of-{self.checkout_id}": (fee, 0)}, self.checkout_id)
        body = refund_body(handover.event, self._named(self._cart()), {}, [], None)
        return self._say(Hook.ITEMS_REFUNDED, handover.event, body)

    def place(self, order, fate):
        return self._say(Hook.ORDER_INJECTION, placed(order).event, order_body(order), fate=fate)

    def change(self, order):
        return self._say(Hook.ORDER_CHANGE, changed(order).event, order_body(order))

    def _say(self, hook, event, document, **more):
        body = orjson.dumps(document)
        return Said(restaurant=self.restaurant, hook=hook, event=event, body=body, **more)

    def _cart(self):
        lines = tuple(_cart_line(dish) for dish in sorted(self.dishes))
        return Cart(
            source="bbot",
            restaurant=self.restaurant,
            checkout_id=self.checkout_id,
            guest_id=self.person,
            lines=lines,
            pretax_cents=sum(line.total_cents for line in lines),
        )

    def _named(self, cart):
        return replace(cart, restaurant=theirs(self.restaurant))


def heard(said, answer):
    """What an answer to a question says, if it may be said."""
    starts = isinstance(said.event, CheckoutStarted)
    assert violations(answer.body, said.event.cart, starts=starts) == []
    return json.loads(answer.body)


def off_by(document):
    """The cents that an answer takes off."""
    return -sum(each["total_cents_to_add"] for each in document["discounts"] or ())


def _cart_line(dish):
    portions, price, tax = MENU[dish]
    facts = {"id": dish, "menu_item_id": dish, "name": dish, "quantity": portions}
    return CartLine(price_cents=price, tax_cents=tax, **facts)


def _given(prompt):
    return GivenPrompt(
        id=prompt["prompt_id"], kind=prompt["prompt_type"], value=prompt.get("value", "")
    )


class Bill:
    """One order as the platform has it. `shows_refunds`: its own prices fall with them.

    `discount`: the cents that the newest start of its checkout took off, when it was first told
    of; `number`: that of the start's answer.
    """

    def __init__(self, order_id, visitor, *, shows_refunds):
        self.visitor = visitor
        self.shows_refunds = shows_refunds
        order = an_order(
            order_id=order_id, checkout=visitor.checkout_id, totals=Totals(fee_cents=FEE)
        )
        self.order = replace(order, restaurant=theirs(visitor.restaurant))
        self.dishes = visitor.dishes
        self.served = frozenset()
        self.fee = FEE
        self.paid = {
            unit: costs for dish, (_, *costs) in MENU.items() for unit in self._unit_ids(dish)
        }
        self.discount, self.number, self.is_told = 0, None, False

    def settle(self):
        """Before it is first told of: what is in the cart, for what it costs there."""
        if self.is_told:
            return
        self.is_told = True
        self.dishes, self.number = self.visitor.dishes, self.visitor.number
        before = self._pretax()
        for dish, cents in self.visitor.off.items():
            units = self._unit_ids(dish)
            for place, unit in enumerate(units):
                price, tax = self.paid[unit]
                part = cents // len(units) + (place < cents % len(units))
                assert 0 <= part <= price, "more off a portion than it costs"
                self.paid[unit] = [price - part, tax]
        self.discount = before - self._pretax()
        self.left = dict(self.paid)
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

    def place(self, fate):
        return self.visitor.place(self.order, fate)

    def change(self):
        return self.visitor.change(self.order)

    def refund(self):
        """What is left of all that was ever on it."""
        return self.visitor.refund(
            {one: tuple(costs) for one, costs in self.left.items()}, self.fee
        )

    def _pretax(self):
        units = [unit for dish in self.visitor.dishes for unit in self._unit_ids(dish)]
        return sum(self.paid[unit][0] for unit in units)

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
            price, tax = (self.left if self.shows_refunds else self.paid)[unit]
            units.append(Unit(id=unit, price_cents=price, tax_cents=tax, status=status))
        return Line(name=dish, menu_item_id=dish, units=tuple(units))
