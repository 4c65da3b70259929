"""A POS that is the bridge itself: what is accepted stands on the kitchen board."""

from typing import ClassVar

from adapters.board.ticket import compose, preview
from bridge.adapter import Adapter, AdapterSpec, Idempotent
from bridge.model import Acceptance, Availability, Deadline, Order, Slip, SlipKind, Ticket

_A_CENTURY = 100 * 365 * 86400.0


class BoardAdapter(Adapter):
    """Accepts at once and keeps nothing: the board shows the tickets of finished deliveries."""

    spec: ClassVar = AdapterSpec(
        name="board",
        title="Kitchen board",
        # The same key is the same delivery, and a delivery stands on the board once: for ever.
        repeat=Idempotent(window=_A_CENTURY),
        slips=frozenset(SlipKind),
        max_in_flight=16,
    )

    async def probe(self, deadline: Deadline) -> Availability:  # noqa: ARG002  always there
        return Availability.up()

    def translate(self, order: Order, slip: Slip) -> Ticket:
        return Ticket(
            body=compose(order, slip),
            content_type="application/json",
            preview=preview(order, slip, self.services.restaurant.timezone),
        )

    async def submit(self, ticket: Ticket, key: str) -> Acceptance:  # noqa: ARG002  stored already
        return Acceptance(pos_ref=key)
