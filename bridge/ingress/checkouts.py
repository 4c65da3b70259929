"""What the platform asks while a guest fills a cart and goes to pay: price checks, checkout starts.

Both are answered from memory and recorded without waiting. Trouble of ours never spoils a guest's
cart: a price check then gets the empty quote, a checkout its yes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from bridge import fault
from bridge.ingress.call import Call, Reply
from bridge.ingress.gate import Gate, Judgement, Move
from bridge.ingress.news import Ends
from bridge.ingress.owners import Disowned, Owners
from bridge.ingress.recording import Recorder, about, facts, request_of
from bridge.ledger.requests import Request
from bridge.model import Answer, Cart, CheckoutStarted, Deadline, Label, PriceCheck, Quote
from bridge.sources.bbot import Hook, reply
from bridge.telemetry import Metrics

T = TypeVar("T")

NO_QUOTE = "no_quote"
# The prompt that tells a guest why there is no checkout.
WHY = "why"

_SENTENCES = {
    "closed": "The restaurant is closed at the moment.",
    "pos_down": "The kitchen cannot take orders at the moment. Please try again in a few minutes.",
}
_SENTENCE = "This order cannot be taken at the moment. Please ask the staff."

# What is answered where no cart was read.
_NO_CART = Cart(source="bbot", restaurant="", checkout_id="")

log = structlog.get_logger()


class Quotes(Ends, Protocol):
    """What a cart costs, and what its guest is shown. Never raises."""

    async def check(self, cart: Cart, deadline: Deadline) -> Quote: ...

    async def start(self, cart: Cart, attempt_id: str, deadline: Deadline) -> Quote: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """An answer before it is put into the platform's words; `allow` None: it was not asked."""

    code: str
    allow: bool | None
    quote: Quote = field(default_factory=Quote)
    evidence: dict[str, Any] = field(default_factory=dict)


class Checkouts:
    """Answers price checks and checkout starts, always with a 200."""

    def __init__(
        self, recorder: Recorder, owners: Owners, gate: Gate, quotes: Quotes, metrics: Metrics
    ) -> None:
        self._recorder = recorder
        self._owners = owners
        self._gate = gate
        self._quotes = quotes
        self._metrics = metrics

    async def answer(self, call: Call, event: PriceCheck | CheckoutStarted) -> Reply:
        """With the quote; at a start with `allow_checkout`, and why if that is false."""
        request = about(request_of(call, Hook.PROMO), event)
        allow = True if isinstance(event, CheckoutStarted) else None
        owner = self._owners.find(call.endpoint, event.restaurant)
        if isinstance(owner, Disowned):
            return self.answer_open(call, request, owner.code, allow=allow)
        cart = replace(event.cart, restaurant=owner)
        request = replace(request, restaurant=owner)
        try:
            said = await self._say(cart, event, call.deadlines.promo)
            return self._reply(call, request, said, cart)
        except Exception as error:  # noqa: BLE001  a bug of ours must not spoil a guest's cart
            fault.tell("checkout_failed", error, correlation_id=call.correlation_id)
            return self.answer_open(call, request, "bridge_error", allow=allow)

    def answer_open(
        self, call: Call, request: Request, code: str, *, allow: bool | None = True
    ) -> Reply:
        """The answer that changes nothing for the guest; `code` says why it is no better."""
        log.warning("answered_without_quote", code=code, **facts(request))
        return self._reply(call, request, _Said(code=code, allow=allow), _NO_CART)

    async def _say(
        self, cart: Cart, event: PriceCheck | CheckoutStarted, deadline: Deadline
    ) -> _Said:
        if isinstance(event, CheckoutStarted):
            return await self._start(cart, event.attempt_id, deadline)
        quote = await self._quote(partial(self._quotes.check, cart), deadline)
        return _Said(code="quoted" if quote else NO_QUOTE, allow=None, quote=quote or Quote())

    async def _start(self, cart: Cart, attempt_id: str, deadline: Deadline) -> _Said:
        judgement, quote = await asyncio.gather(
            # It keeps the deadline itself, and then judges by what it knows.
            _attempt("gate", self._gate.decide(cart.restaurant, cart.lines, deadline), None),
            self._quote(partial(self._quotes.start, cart, attempt_id), deadline),
        )
        judgement = judgement or Judgement(move=Move.ACCEPT, evidence={"gate": "failed"})
        evidence = judgement.evidence | ({} if quote else {"quote": NO_QUOTE})
        quote = quote or Quote()
        if judgement.move is not Move.REFUSE:
            return _Said(code="allowed", allow=True, quote=quote, evidence=evidence)
        self._quotes.cancel(cart.restaurant, cart.checkout_id)
        quote = replace(quote, prompts=(_why(judgement), *quote.prompts))
        return _Said(code=judgement.code, allow=False, quote=quote, evidence=evidence)

    async def _quote(
        self, ask: Callable[[Deadline], Coroutine[Any, Any, Quote]], deadline: Deadline
    ) -> Quote | None:
        """None without a ledger, too: nothing is promised that is on no record."""
        if not self._recorder.can_keep:
            return None
        return await _attempt("quote", ask(deadline), deadline.left)

    def _reply(self, call: Call, request: Request, said: _Said, cart: Cart) -> Reply:
        body, problems = reply.compose(said.quote, cart, allow=said.allow)
        evidence = said.evidence | ({"problems": list(problems)} if problems else {})
        answer = Answer(status=200, code=said.code, body=body)
        self._recorder.post(replace(request, evidence=evidence or None), answer)
        if problems:
            self._metrics.quote_problems.labels(cart.restaurant, "mended").inc(len(problems))
            log.warning("quote_repaired", problems=list(problems), **facts(request))
        if said.allow is False:
            self._recorder.count_block(call, request, answer)
        else:
            self._recorder.tell_taken(request)
        return Reply(answer=answer, hook=request.hook)


async def _attempt(what: str, asked: Coroutine[Any, Any, T], seconds: float | None) -> T | None:
    """Its result; None, and a line in the log, if it fails or takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        log.warning("not_in_time", what=what)
    except Exception as error:  # noqa: BLE001  one of them failing must not undo the other
        fault.tell("not_to_be_had", error, what=what)
    return None


def _why(judgement: Judgement) -> Label:
    """In words for a guest: what the POS says of itself is for staff."""
    if judgement.sold_out:
        text = f"Sold out: {', '.join(judgement.sold_out)}. Please change your order."
    else:
        text = _SENTENCES.get(judgement.code, _SENTENCE)
    return Label(id=WHY, text=text)
