"""What a guest is shown and given while the cart fills: one code, and what the POS offers.

The guest types a code into our text input. From then on it belongs to the checkout: it takes its
discount whenever it fits the cart, until another one is typed. The start of the checkout repeats
what was quoted, and reserves it; the finish commits it, a cancel or time gives it back.

Trouble of our own leaves out what it touches, and is never the guest's.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from bridge import fault
from bridge.ingress.pos_quotes import AskAdapter, Count, PosQuotes, Quoting
from bridge.ingress.promotions import UNCHECKED, Decision, Offers, decide
from bridge.ingress.register import Register
from bridge.ingress.visits import CODE, Quoted, Visit, Visits, basket_of, known_of, typed_in
from bridge.ledger import Ledger
from bridge.ledger.promotions import Use
from bridge.model import ApplyButton, Cart, Deadline, Label, Prompt, Quote, TextInput

# Seconds. A price that was shown is still the price at checkout, but not the next day.
REPEATED_FOR = 3600.0

HEADING = "Promo code"
BUTTON = "Apply"

log = structlog.get_logger()


class Quotes:
    """Owned by the ingress. `offers` by restaurant; `count` hears of each trouble by its name.

    `quoting`: the restaurants whose adapters make quotes. Of those without that and without
    promotions nothing is remembered.
    """

    def __init__(
        self,
        ledger: Ledger,
        offers: Mapping[str, Offers],
        *,
        now: Callable[[], datetime],
        ask_adapter: AskAdapter | None = None,
        quoting: Quoting = lambda _restaurant: True,
        count: Count = lambda _restaurant, _trouble: None,
    ) -> None:
        self._offers = offers
        self._now = now
        self._count = count
        self._pos = PosQuotes(ask_adapter, now=self._seconds, count=count, quoting=quoting)
        self._register = Register(ledger, offers, now=self._seconds, tell=self._tell)
        self._visits = Visits(drop=self._drop)

    async def load(self) -> None:
        """Before the first call: what was typed and reserved before this process began."""
        for use in await self._register.load():
            self._visits.open(use.restaurant, use.checkout_id).take(use)

    async def check(self, cart: Cart, deadline: Deadline) -> Quote:
        """The quote for a price check; an empty one if we fail on it."""
        return await self._guarded(self._check(cart, deadline), cart)

    async def start(self, cart: Cart, attempt_id: str, deadline: Deadline) -> Quote:
        """The same for the start of a checkout, which gets what was quoted last if it still fits.

        Until `finish`, `cancel` or the end of its time nobody else gets the use of a code.
        """
        return await self._guarded(self._start(cart, attempt_id, deadline), cart)

    def finish(self, restaurant: str, checkout_id: str) -> None:
        """The guest has paid."""
        self._register.finish(restaurant, checkout_id, self._held(restaurant, checkout_id))

    def cancel(self, restaurant: str, checkout_id: str) -> None:
        """An attempt failed; the code stays that of the checkout, for the next one."""
        held = self._held(restaurant, checkout_id)
        visit = self._visits.find(restaurant, checkout_id)
        is_only = visit is None or not visit.is_retry
        self._register.cancel(restaurant, checkout_id, held, is_only_attempt=is_only)

    def _held(self, restaurant: str, checkout_id: str) -> Use | None:
        visit = self._visits.find(restaurant, checkout_id)
        if visit is None or visit.held is not None:
            return visit.held if visit else None
        # It may have started before it was forgotten and came back: then the ledger knows more.
        self._register.forget(visit.use(restaurant, checkout_id))
        return None

    async def _guarded(self, answer: Coroutine[Any, Any, Quote], cart: Cart) -> Quote:
        try:
            return await answer
        except Exception as error:  # noqa: BLE001  a bug of ours must not spoil a guest's cart
            self._tell("quote_failed", error, cart.restaurant)
            return Quote()

    async def _check(self, cart: Cart, deadline: Deadline) -> Quote:
        if not self._has_answers(cart):
            return Quote()
        visit = self._hear(cart)
        pos = await self._pos.find(visit.asked, cart, deadline)
        use = self._use(visit, cart)
        is_known = await self._register.learn(use, deadline)
        visit.quoted = self._quote(use, cart, pos, is_known=is_known)
        return visit.quoted.quote

    async def _start(self, cart: Cart, attempt_id: str, deadline: Deadline) -> Quote:
        if not self._has_answers(cart):
            return Quote()
        visit = self._hear(cart)
        shown = self._find_shown(visit, cart)
        pos = shown.pos if shown else await self._pos.find(visit.asked, cart, deadline)
        use = self._use(visit, cart)
        is_known = await self._register.learn(use, deadline)
        # No await from here on: what is decided is reserved before anybody else decides.
        shown = self._find_shown(visit, cart)
        is_free = is_known and not self._register.is_used(use)
        if shown is None or shown.code != use.code or (shown.amount_cents and not is_free):
            shown = self._quote(use, cart, pos, is_known=is_known)
        visit.quoted = shown
        self._reserve(visit, replace(use, amount_cents=shown.amount_cents), attempt_id)
        return shown.quote

    def _has_answers(self, cart: Cart) -> bool:
        offers = self._offers.get(cart.restaurant)
        return self._pos.can_ask(cart.restaurant) or (offers is not None and bool(offers.by_code))

    def _hear(self, cart: Cart) -> Visit:
        """The cart's checkout, with what the cart tells of guest and code."""
        visit = self._visits.open(cart.restaurant, cart.checkout_id, lines=len(cart.lines))
        visit.known |= known_of(cart)
        typed = typed_in(cart)
        if typed and typed != visit.code:
            visit.code = typed
            visit.has_row |= self._register.remember(self._use(visit, cart), has_row=visit.has_row)
        return visit

    def _use(self, visit: Visit, cart: Cart) -> Use:
        return visit.use(cart.restaurant, cart.checkout_id, self._seconds())

    def _find_shown(self, visit: Visit, cart: Cart) -> Quoted | None:
        """The last quote, if nothing that it hangs on has changed."""
        shown = visit.quoted
        is_same = (
            shown is not None
            and shown.code == visit.code
            and shown.basket == basket_of(cart)
            and self._seconds() - shown.at < REPEATED_FOR
        )
        return shown if is_same else None

    def _quote(self, use: Use, cart: Cart, pos: Quote, *, is_known: bool) -> Quoted:
        decision = self._decide(use, cart, is_known=is_known)
        # One discount is all there can be: the guest asked for the one of the code.
        discount = decision.discount if decision else None
        beside = pos.prompts
        if discount and pos.discount:
            # What the adapter says of a discount that is not given would be wrong.
            beside = tuple(prompt for prompt in beside if not isinstance(prompt, Label))
        prompts = (*self._prompts(cart, decision), *beside)
        return Quoted(
            quote=Quote(prompts=prompts, discount=discount or pos.discount),
            basket=basket_of(cart),
            code=use.code,
            amount_cents=discount.amount_cents if discount else 0,
            pos=pos,
            at=use.at,
        )

    def _decide(self, use: Use, cart: Cart, *, is_known: bool) -> Decision | None:
        """None if there is nothing to decide."""
        offers = self._offers.get(cart.restaurant)
        if offers is None or not use.code:
            return None
        if not is_known:
            return Decision(text=UNCHECKED)
        promotion, is_used = offers.by_code.get(use.code), self._register.is_used(use)
        return decide(promotion, offers, cart, self._now(), is_used=is_used)

    def _prompts(self, cart: Cart, decision: Decision | None) -> tuple[Prompt, ...]:
        offers = self._offers.get(cart.restaurant)
        if offers is None or not (decision or offers.are_open(self._now())):
            return ()
        # No placeholder: it might come back as if the guest had typed it.
        ask = (TextInput(id=CODE, heading=HEADING), ApplyButton(id="apply", text=BUTTON))
        return (Label(id="result", text=decision.text), *ask) if decision else ask

    def _reserve(self, visit: Visit, use: Use, attempt_id: str) -> None:
        """What this start takes off, in the place of what an earlier one did."""
        visit.note_attempt(attempt_id)
        self._register.reserve(use, visit.held)
        visit.held = use if use.amount_cents else None
        # It may have been forgotten meanwhile, and its end is told to it.
        self._visits.keep(use.restaurant, use.checkout_id, visit)
        if visit.held is not None:
            log.info(
                "promotion_reserved",
                restaurant=use.restaurant,
                checkout_id=use.checkout_id,
                attempt_id=attempt_id,
                amount_cents=use.amount_cents,
            )

    def _drop(self, visit: Visit) -> None:
        if visit.held is not None:
            self._register.forget(visit.held)

    def _tell(self, trouble: str, error: Exception, restaurant: str) -> None:
        self._count(restaurant, trouble)
        fault.tell(trouble, error, restaurant=restaurant)

    def _seconds(self) -> float:
        return self._now().timestamp()
