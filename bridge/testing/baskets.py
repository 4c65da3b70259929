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
    Order,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.testing.bodies import order_body
from bridge.testing.edits import discounted, first_units, new_id
from bridge.testing.partner_bodies import (
    beginning_body,
    cart_of,
    end_body,
    line_id,
    pricecheck_body,
)
from bridge.testing.replies import Offer, read_offer, spread
from bridge.testing.screen import Screen
from bridge.testing.steps import Reply, Step

Document = dict[str, Any]


@dataclass(slots=True)
class Basket:
    """`order` is what the guest wants, at the prices of the menu; `guest_id` as Bbot sends it."""

    order: Order
    guest_id: str
    screen: Screen
    offer: Offer = field(default_factory=Offer)
    sent: Document = field(default_factory=dict)
    heard: Document = field(default_factory=dict)

    @property
    def cart(self) -> Cart:
        """Full, as it goes to the checkout."""
        return self._cart(self.order, with_name=True)

    def check(
        self, units: int, *, after: float, typed: str = "", others: Iterable[Cart] = ()
    ) -> Step:
        """The price check of the first so many units."""
        cart = self._cart(first_units(self.order, units))
        self.sent = pricecheck_body(cart, self.screen.given_back(typed), others)
        return Step(event=PriceCheck(cart=cart), document=self.sent, after=after)

    def begin(self, attempt_id: str, *, after: float, others: Iterable[Cart] = ()) -> Step:
        """The start of a checkout, which must be given what was shown last."""
        cart = self.cart
        self.sent = beginning_body(cart, attempt_id, self.screen.given_back(), others)
        return Step(
            event=CheckoutStarted(cart=cart, attempt_id=attempt_id),
            document=self.sent,
            after=after,
            promised=self.offer.discount_cents if self.heard else None,
        )

    def hear(self, reply: Reply, step: Step) -> None:
        """Show what came back for one of the two."""
        if not reply.is_yes or not isinstance(step.event, PriceCheck | CheckoutStarted):
            return
        self.heard = reply.document
        self.offer = read_offer(reply, step.event.cart)
        self.screen.show(self.offer.prompts)

    def priced(self) -> Order:
        """The order with its discount, spread over the units of each line."""
        off: dict[str, int] = {}
        for line in self.order.lines:
            share = self.offer.shares.get(line_id(line), 0)
            off |= spread(share, {unit.id: unit.price_cents for unit in line.units})
        return discounted(self.order, off)

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

    def _cart(self, order: Order, *, with_name: bool = False) -> Cart:
        cart = cart_of(order, self.guest_id, with_name=with_name)
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
