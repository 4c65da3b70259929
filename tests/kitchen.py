"""Brings orders onto a kitchen board the way a worker does: through the ledger's own functions."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from adapters.board.ticket import compose, preview
from bridge.ledger import Ledger, deliveries, orders
from bridge.ledger.book import Booking, Open
from bridge.ledger.deliveries import Verdict
from bridge.model import (
    Acceptance,
    DeliveryState,
    Difference,
    Fate,
    Guest,
    Handover,
    Line,
    Modifier,
    Operation,
    Order,
    OrderPlaced,
    Slip,
    SlipKind,
    Table,
    Ticket,
    Unit,
    differences,
)


def dish(quantity, name, *modifiers, notes=""):
    return Line(
        name=name,
        menu_item_id=name,
        units=tuple(Unit(id=f"{name}-{number}") for number in range(quantity)),
        modifiers=tuple(Modifier(id=text, name=text) for text in modifiers),
        notes=notes,
    )


def an_order(order_id="order-1", *lines, number="233", guest="Eric Wang", table="Barge", **more):
    return Order(
        source="bbot",
        id=order_id,
        restaurant="lopez",
        checkout_id=f"checkout-{order_id}",
        lines=lines or (dish(2, "Ceviche", "Èclairs"),),
        number=number,
        fulfilment=more.pop("fulfilment", "Runner"),
        guest=Guest(name=guest),
        table=Table(id=table, name=table) if table else None,
        **more,
    )


@dataclass
class Kitchen:
    """Writes finished deliveries of one restaurant; `adapter` is where they went."""

    ledger: Ledger
    restaurant: str = "lopez"
    adapter: str = "board"
    known: dict = field(default_factory=dict)
    seqs: count = field(default_factory=lambda: count(1))

    async def place(self, order=None, *, at=None, reason=""):
        order = replace(order or an_order(), restaurant=self.restaurant)
        slip = Slip(kind=SlipKind.PLACE, version=self._next(order), reason=reason)
        await self._deliver(order, slip, Operation.PLACE, at)
        return order

    async def change(self, order, *, changes: tuple[Difference, ...] | None = None):
        old = self.known[order.id][1]
        slip = Slip(
            kind=SlipKind.CHANGE,
            version=self._next(order),
            differences=changes if changes is not None else differences(old, order),
        )
        await self._deliver(order, slip, Operation.CHANGE, None)

    async def void(self, order, *, reason=""):
        slip = Slip(kind=SlipKind.VOID, version=self._next(order), reason=reason)
        await self._deliver(order, slip, Operation.CANCEL, None)

    async def refund(self, order, *, what=()):
        slip = Slip(kind=SlipKind.REFUND, version=self._next(order), differences=tuple(what))
        await self._deliver(order, slip, Operation.REFUND, None)

    async def tell(self, order):
        """News of the platform that makes no ticket."""
        now = self.ledger.now()
        handover = self._handover(order, now)
        news = Booking(note="status only", current=order, committed=True)
        await self.ledger.write(lambda tx: orders.apply(tx, handover, news, now, report=True))

    def _next(self, order):
        return self.known.get(order.id, (0, None))[0] + 1

    async def _deliver(self, order, slip, operation, at):
        now = self.ledger.now() if at is None else at
        handover = self._handover(order, now)
        self.known[order.id] = (slip.version, order)
        action = Open(
            operation=operation,
            version=slip.version,
            state=DeliveryState.READY,
            slip=slip,
            content=order,
            promise_at=now + 1800,
            next_at=now,
        )
        booking = Booking(note="placed", current=order, committed=True, actions=(action,))
        ticket = Ticket(
            body=compose(order, slip),
            content_type="application/json",
            preview=preview(order, slip),
        )
        await self.ledger.write(lambda tx: self._write(tx, handover, booking, ticket, now))

    def _write(self, tx, handover, booking, ticket, now):
        orders.apply(tx, handover, booking, now, report=True)
        (work,) = deliveries.list_work(tx, self.restaurant, now, 10)
        attempt = deliveries.begin(tx, work, ticket, self.adapter, now)
        verdict = Verdict(state=DeliveryState.DONE, outcome="accepted")
        accepted = Acceptance(pos_ref=work.key)
        deliveries.finish(tx, work, verdict, now, attempt=attempt, acceptance=accepted)

    def _handover(self, order, now):
        seq = next(self.seqs)
        return Handover(
            event_id=f"{self.restaurant}:{seq}",
            ingress="ingress",
            seq=seq,
            restaurant=self.restaurant,
            correlation_id=f"c-{seq}",
            received_at=datetime.fromtimestamp(now, UTC),
            fate=Fate.WRITTEN,
            event=OrderPlaced(order=order),
        )
