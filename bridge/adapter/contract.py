"""What the lane calls, when, and what it expects.

One object serves one restaurant. `open` is called until it returns, then `probe` every few seconds
and `submit` for each ticket, up to `spec.max_in_flight` at once; `close` ends it. All calls run on
the worker's event loop: they must not block it, retry, sleep or log in normal operation.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

import aiohttp

from bridge.adapter.spec import AdapterSpec
from bridge.model import Acceptance, Availability, Cart, Deadline, Order, Quote, Slip, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantFacts:
    """What an adapter may know of the restaurant; `timezone` is an IANA name."""

    id: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Handed in, never made by the adapter: HTTP session, clock (aware UTC), restaurant."""

    http: aiohttp.ClientSession
    now: Callable[[], datetime]
    restaurant: RestaurantFacts


class Adapter(ABC):
    """A POS. The constructor stores; `open` connects; `close` forgives."""

    spec: ClassVar[AdapterSpec]

    def __init__(self, settings: Any, services: Services) -> None:
        self.settings = settings
        self.services = services

    async def open(self) -> None:  # noqa: B027  doing nothing is a good default
        """Connect. Called again with back-off until it returns."""

    async def close(self) -> None:  # noqa: B027  doing nothing is a good default
        """Let go of everything. May be called twice, and without a successful `open`."""

    @abstractmethod
    async def probe(self, deadline: Deadline) -> Availability:
        """Say whether the POS takes tickets now. No side effect; obeys the deadline."""

    @abstractmethod
    def translate(self, order: Order, slip: Slip) -> Ticket:
        """The order as the POS wants it. Pure: no I/O, clock or randomness.

        Raises TicketRejected when the POS could never take it.
        """

    @abstractmethod
    async def submit(self, ticket: Ticket, key: str) -> Acceptance:
        """Bring the ticket to the POS: the only method that changes it."""


@runtime_checkable
class Lookup(Protocol):
    """A POS that can be asked whether it has a ticket."""

    async def find(self, key: str) -> Acceptance | None:
        """The acceptance of that key, or None if the POS does not have it. No side effect."""
        ...


@runtime_checkable
class Changes(Protocol):
    """A POS that can change an order it has, instead of taking a change slip."""

    async def change(self, ticket: Ticket, key: str, pos_ref: str) -> Acceptance: ...


@runtime_checkable
class Cancels(Protocol):
    """A POS that can take an order back, instead of taking a void slip."""

    async def cancel(self, ticket: Ticket, key: str, pos_ref: str) -> Acceptance: ...


@runtime_checkable
class Refunds(Protocol):
    """A POS that can book a refund, instead of taking a refund slip."""

    async def refund(self, ticket: Ticket, key: str, pos_ref: str) -> Acceptance: ...


@runtime_checkable
class Promotions(Protocol):
    """A POS that knows of discounts, or has something to ask or tell a guest who fills a cart."""

    async def quote(self, cart: Cart, deadline: Deadline) -> Quote:
        """What to show for this cart, and what to take off. No side effect; obeys the deadline.

        Asked while the guest waits, each time the cart changes, and with less than a second left.
        """
        ...
