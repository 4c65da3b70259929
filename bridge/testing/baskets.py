"""One restaurant's part of a checkout: the cart, what its guest is shown, the order it becomes."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.model import (
    Cart,
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    Guest,
    ItemsRefunded,
    Order,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.testing.bodies import order_body
from bridge.testing.codes import Code
from bridge.testing.edits import discounted, first_units, new_id
from bridge.testing.partner_bodies import (
    PLAIN,
    Traits,
    beginning_body,
    cart_of,
    end_body,
    line_id,
    pricecheck_body,
    refund_body,
    told_apart,
)
from bridge.testing.replies import Offer, allows, is_empty, read_offer, spread
from bridge.testing.screen import Screen
from bridge.testing.steps import Promise, Reply, Step
from bridge.testing.traits import Trait

Document = dict[str, Any]

# What a price check of the published shape does not have, and a start does not have.
_NOT_CHECKED = ("guest_email",)
_NOT_BEGUN = (
    "guest_id",
    "guest_email",
    "guest_email_is_verified",
    "guest_phone",
    "guest_phone_is_verified",
    "guest_first_name",
    "guest_last_name",
    "prompts_to_guest",
)


@dataclass(slots=True)
class Basket:
    """`order` is what the guest wants, at the prices of the menu; `guest_id` as Bbot sends it.

    `typed` is the code of the newest price check, `code` the one that was heard, and `is_shared` if
    somebody else may use it up.
    `has_field`: there is to be one for it. `heard` is the newest answer; `is_current` while it is
    about the whole order.
    """

    order: Order
    guest_id: str
    screen: Screen
    traits: Traits = PLAIN
    is_shared: bool = False
    has_field: bool = False
    typed: Code | None = None
    code: Code | None = None
    offer: Offer = field(default_factory=Offer)
    sent: Document = field(default_factory=dict)
    heard: Document = field(default_factory=dict)
    is_current: bool = False

    @property
    def cart(self) -> Cart:
        """Full, as it goes to the checkout."""
        return self._cart(self.order, with_name=True)

    def check(
        self,
        order: Order,
        *,
        after: float,
        typed: str = "",
        code: Code | None = None,
        others: Iterable[Cart] = (),
    ) -> Step:
        """The price check of a cart that may become that order; `code` is what is typed."""
        cart, self.typed = self._cart(order), code
        self.sent = pricecheck_body(cart, self.screen.given_back(typed), others)
        cart = told_apart(cart)
        if Trait.TERSE in self.traits:
            self.sent = _without(self.sent, _NOT_CHECKED)
            cart = replace(cart, guest=replace(cart.guest, email=""))
        return Step(
            event=PriceCheck(cart=cart),
            document=self.sent,
            after=after,
            worth=self._worth(cart, code or self.code),
            code=code.word if code else "",
            has_field=self.has_field,
        )

    def first(self, units: int) -> Order:
        """The order when it had that many units."""
        return first_units(self.order, units)

    def begin(self, attempt_id: str, *, after: float, others: Iterable[Cart] = ()) -> Step:
        """The start of a checkout, which must be given what was shown last."""
        cart = self.cart
        self.sent = beginning_body(cart, attempt_id, self.screen.given_back(), others)
        cart = told_apart(cart)
        if Trait.TERSE in self.traits:
            self.sent = _without(self.sent, _NOT_BEGUN)
            cart = replace(cart, guest=Guest(), guest_id="", prompts=())
        return Step(
            event=CheckoutStarted(cart=cart, attempt_id=attempt_id),
            document=self.sent,
            after=after,
            promise=self._promise(),
            worth=self._worth(cart, self.code),
            has_field=self.has_field,
        )

    def hear(self, reply: Reply, step: Step) -> None:
        """Show what came back for one of the two."""
        event = step.event
        if not isinstance(event, PriceCheck | CheckoutStarted):
            return
        self.is_current = reply.is_yes and allows(reply) and not is_empty(reply)
        if not reply.is_yes:
            return
        if not is_empty(reply):
            # Whoever had no time to show anything has not heard the code either.
            self.code = self.typed or self.code
        self.heard = reply.document
        self.offer = read_offer(reply, event.cart, starts=isinstance(event, CheckoutStarted))
        self.screen.show(self.offer.prompts)

    def swap(self, order: Order) -> None:
        """The cart has changed, and nobody was asked for its price."""
        self.order, self.is_current = order, False

    def priced(self) -> Order:
        """The order with its discount, spread over the units of each line."""
        return discounted(self.order, self._off())

    def place(self, order: Order, *, after: float, will_be_paid: bool) -> Step:
        return Step(
            event=OrderPlaced(order=order),
            document=self._body(order),
            after=after,
            will_be_paid=will_be_paid,
        )

    def change(self, order: Order, *, after: float) -> Step:
        return Step(event=OrderChanged(order=order), document=self._body(order), after=after)

    def finish(self, *, after: float) -> Step:
        cart = self.cart
        return Step(
            event=CheckoutFinished(restaurant=cart.restaurant, checkout_id=cart.checkout_id),
            document=end_body("checkout_finished", cart, self.screen.given_back()),
            after=after,
        )

    def cancel(self, *, after: float) -> Step:
        cart = self.cart
        return Step(
            event=CheckoutCancelled(restaurant=cart.restaurant, checkout_id=cart.checkout_id),
            document=end_body("checkout_cancelled", cart, self.screen.given_back()),
            after=after,
        )

    def refund(self, left: ItemsRefunded, *, after: float) -> Step:
        lines = {
            unit.id: line_id(line, self.traits) for line in self.order.lines for unit in line.units
        }
        prompts, response = self.screen.given_back(), self.heard or None
        document = refund_body(left, self.cart, lines, prompts, response, self._off())
        return Step(event=left, document=document, after=after)

    def _promise(self) -> Promise | None:
        """Nothing is promised for a cart that nobody has priced, or if a code may be gone."""
        is_whole = self.heard.keys() >= {"prompts_to_guest", "discounts"}
        if not (self.is_current and is_whole) or self.is_shared:
            return None
        return Promise(prompts=self.heard["prompts_to_guest"], discounts=self.heard["discounts"])

    def _worth(self, cart: Cart, code: Code | None) -> frozenset[int] | None:
        if code is None or not code.is_known:
            return None
        worth = code.worth(cart)
        return frozenset({worth, 0} if self.is_shared else {worth})

    def _off(self) -> dict[str, int]:
        """The cents of the discount by unit."""
        off: dict[str, int] = {}
        for line in self.order.lines:
            share = self.offer.shares.get(line_id(line, self.traits), 0)
            off |= spread(share, {unit.id: unit.price_cents for unit in line.units})
        return off

    def _cart(self, order: Order, *, with_name: bool = False) -> Cart:
        cart = cart_of(order, self.guest_id, with_name=with_name, traits=self.traits)
        return replace(cart, prompts=self.screen.foreign)

    def _body(self, order: Order) -> Document:
        fee = order.totals.fee_cents
        return order_body(
            order,
            discounts=[self._discount()] if self.offer.discount_cents else [],
            fees=[{"id": order.checkout_id, "name": "Service", "pretax_cents": fee}] if fee else [],
        )

    def _discount(self) -> Document:
        chance = random.Random(self.order.checkout_id)  # noqa: S311  an id that stays
        return {
            "promotion": {
                "id": new_id(chance),
                "name_for_owner": self.offer.name,
                "promo_type": "loyalty",
                "cents_to_add_per_cart_effect": self.offer.discount_cents,
                "fraction_multiplier_effect": 1,
            },
            "final_webhook_post": self.sent,
            "final_webhook_response": self.heard,
        }


def _without(document: Document, names: Iterable[str]) -> Document:
    gone = set(names)
    return {name: value for name, value in document.items() if name not in gone}
