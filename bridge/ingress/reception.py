"""From a call to whoever answers it: decode, look who may, give it a seat, pass it on.

Nothing here knows HTTP.
"""

from collections.abc import Callable
from dataclasses import replace

from bridge import fault
from bridge.ingress.admission import Admission
from bridge.ingress.answers import FAILED, refuse
from bridge.ingress.auth import unauthorized
from bridge.ingress.call import Call, Reply
from bridge.ingress.checkouts import Checkouts, Quotes
from bridge.ingress.gate import Gate
from bridge.ingress.injections import Injections
from bridge.ingress.lag import Lag
from bridge.ingress.news import NewsDesk
from bridge.ingress.owners import Owners
from bridge.ingress.recording import Recorder, about, request_of
from bridge.ledger import Ledger
from bridge.model import (
    Answer,
    CheckoutStarted,
    IntegrationChanged,
    ItemsRefunded,
    OrderPlaced,
    PriceCheck,
)
from bridge.sources.bbot import Decoded, DecodeError, Hook, decode
from bridge.telemetry import Metrics

UNREADABLE = frozenset({400, 415})


class Reception:
    """Answers calls. A record that fails becomes 503; nothing else of ours blocks a checkout."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        injections: Injections,
        checkouts: Checkouts,
        news: NewsDesk,
        admission: Admission,
    ) -> None:
        self._recorder = recorder
        self._injections = injections
        self._checkouts = checkouts
        self._news = news
        self._admission = admission

    async def answer(self, call: Call) -> Reply:
        """The reply to a call; if we fail on it, the bare call is recorded with that."""
        try:
            return await self._answer(call)
        except Exception as error:  # noqa: BLE001  a bug of ours must not become a silent loss
            fault.tell("call_failed", error, correlation_id=call.correlation_id)
            return self._answer_failed(call, f"{type(error).__name__} in the bridge")

    def refuse(self, call: Call, answer: Answer, *, because: str = "") -> Reply:
        """Record a call that was not decoded with the answer it got."""
        request = replace(request_of(call, call.hook or ""), error=because or answer.code)
        return self._recorder.refuse(call, request, answer)

    async def _answer(self, call: Call) -> Reply:
        try:
            decoded = decode(call.hook, call.body, call.content_type)
        except DecodeError as error:
            return await self._answer_undecodable(call, error)
        if not call.may_be(decoded.hook):
            return Reply(answer=unauthorized(call.correlation_id))
        return await self._admit(call, decoded)

    async def _admit(self, call: Call, decoded: Decoded) -> Reply:
        """In a seat of its restaurant. What is nobody's here waits for nothing, so needs none."""
        event = decoded.event
        owner = call.endpoint.restaurants.get(event.restaurant)
        if owner is None:
            return await self._pass_on(call, decoded)
        left = call.deadlines.of(decoded.hook).left
        async with self._admission.admit(owner, event, left) as shortage:
            if shortage and isinstance(event, PriceCheck | CheckoutStarted):
                return self._answer_open(call, event, owner, shortage)
            return await self._pass_on(call, decoded)

    def _answer_open(
        self, call: Call, event: PriceCheck | CheckoutStarted, owner: str, code: str
    ) -> Reply:
        request = replace(about(request_of(call, Hook.PROMO), event), restaurant=owner)
        allow = True if isinstance(event, CheckoutStarted) else None
        return self._checkouts.answer_open(call, request, code, allow=allow)

    async def _pass_on(self, call: Call, decoded: Decoded) -> Reply:
        match decoded.event:
            case OrderPlaced() as event:
                return await self._injections.answer(call, event)
            case PriceCheck() | CheckoutStarted() as event:
                return await self._checkouts.answer(call, event)
            case IntegrationChanged() as event:
                return await self._news.archive(call, about(request_of(call, decoded.hook), event))
            case event:
                return await self._news.answer(call, decoded.hook, event)

    async def _answer_undecodable(self, call: Call, error: DecodeError) -> Reply:
        """A no to what cannot be read; what is read, and cannot be blocked, is kept instead."""
        hook = error.hook or Hook.ORDER_INJECTION
        if not call.may_be(hook):
            return Reply(answer=unauthorized(call.correlation_id))
        request = replace(
            request_of(call, hook),
            restaurant=call.endpoint.restaurants.get(error.restaurant, error.restaurant),
            order_id=error.order_id,
            checkout_id=error.checkout_id,
            error=f"{error.code}: {error.detail}",
        )
        if hook not in {Hook.ORDER_INJECTION, Hook.PROMO}:
            self._recorder.tell_misread(request, error.code)
        if hook is Hook.ORDER_INJECTION or error.status in UNREADABLE:
            answer = refuse(error.status, error.code, error.detail, call.correlation_id)
            return self._recorder.refuse(call, request, answer)
        if hook is Hook.PROMO:
            return self._checkouts.answer_open(call, request, error.code)
        if hook is Hook.ITEMS_REFUNDED and error.checkout_id:
            return await self._news.answer(call, hook, _unread_refund(error))
        return await self._news.archive(call, request)

    def _answer_failed(self, call: Call, because: str) -> Reply:
        if call.hook is Hook.PROMO:
            request = replace(request_of(call, call.hook), error=because)
            return self._checkouts.answer_open(call, request, "bridge_error")
        answer = refuse(*FAILED, call.correlation_id)
        return replace(self.refuse(call, answer, because=because), withdraws=True)


def _unread_refund(error: DecodeError) -> ItemsRefunded:
    """Money went back: who knows the checkout is told, though not how much."""
    return ItemsRefunded(
        restaurant=error.restaurant, checkout_id=error.checkout_id, unread=error.detail
    )


def build(
    ledger: Ledger,
    gate: Gate,
    quotes: Quotes,
    *,
    metrics: Metrics,
    known_restaurants: Callable[[str], bool],
    admission: Admission | None = None,
) -> Reception:
    """All that answers, put together."""
    recorder = Recorder(ledger, metrics)
    owners = Owners(known_restaurants)
    return Reception(
        recorder,
        injections=Injections(recorder, owners, gate),
        checkouts=Checkouts(recorder, owners, gate, quotes, metrics),
        news=NewsDesk(recorder, owners, quotes),
        admission=admission or Admission(metrics, Lag()),
    )
