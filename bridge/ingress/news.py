"""What the platform only tells: of orders, of checkouts, of refunds.

Once recorded it counts whatever became of the answer: the platform may never repeat it.
"""

from dataclasses import replace
from typing import Protocol

from bridge.ingress.answers import refuse
from bridge.ingress.call import Call, Reply
from bridge.ingress.owners import FOREIGN, Owners
from bridge.ingress.recording import Recorder, about, request_of
from bridge.ledger.requests import Request
from bridge.model import CheckoutCancelled, CheckoutFinished, Event, News
from bridge.model.event import at
from bridge.sources.bbot import Hook


class Ends(Protocol):
    """Who must know how a checkout ended: what is promised to its guest hangs on it."""

    def finish(self, restaurant: str, checkout_id: str) -> None: ...

    def cancel(self, restaurant: str, checkout_id: str) -> None: ...


class NewsDesk:
    """Records what is told, for the side that serves the POS."""

    def __init__(self, recorder: Recorder, owners: Owners, ends: Ends) -> None:
        self._recorder = recorder
        self._owners = owners
        self._ends = ends

    async def answer(self, call: Call, hook: Hook, event: News) -> Reply:
        """2XX once it is durable; without effect where the restaurant is nobody's."""
        request = about(request_of(call, hook), event)
        owner = self._owners.find(call.endpoint, event.restaurant)
        if isinstance(owner, str):
            return await self._take(call, request, at(event, owner))
        if owner is FOREIGN:
            return self._recorder.refuse(call, request, refuse(*owner, call.correlation_id))
        return await self.archive(call, replace(request, error=f"archived: {owner.code}"))

    async def archive(self, call: Call, request: Request) -> Reply:
        """Kept for people to look at, without effect."""
        owner = call.endpoint.restaurants.get(request.restaurant, request.restaurant)
        request = replace(request, restaurant=owner)
        return await self._recorder.record(call, request, "archived", hand_over=False)

    async def _take(self, call: Call, request: Request, event: Event) -> Reply:
        request = replace(request, restaurant=event.restaurant, event=event)
        reply = await self._recorder.record(call, request, "recorded", hand_over=True)
        # Also of what could not be kept: it is so all the same, and will not be told again.
        match event:
            case CheckoutFinished():
                self._ends.finish(event.restaurant, event.checkout_id)
            case CheckoutCancelled():
                self._ends.cancel(event.restaurant, event.checkout_id)
        return reply
