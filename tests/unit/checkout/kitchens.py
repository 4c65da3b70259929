"""A POS that believes its papers, and restaurants on one ledger."""

import json

from bridge.adapter import (
    Blind,
    Capability,
    Idempotent,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    TicketRejected,
)
from bridge.ledger import timers
from bridge.model import Acceptance, SlipKind, Ticket
from bridge.worker import intake
from tests.engine import SLIPS, Engine, MemoryPos

REPEATS = {
    "idempotent": (Idempotent(window=86_400.0), frozenset()),
    "read back": (ReadBack(lag=5.0), frozenset({Capability.LOOKUP})),
    "blind": (Blind(), frozenset()),
}
KINDS = {
    "prints everything": (SLIPS, frozenset()),
    "books refunds": (SLIPS - {SlipKind.REFUND}, frozenset({Capability.REFUND})),
    "prints places only": (frozenset({SlipKind.PLACE}), frozenset()),
}


class Kitchen(MemoryPos):
    """A POS that keeps each paper as it came out; `script` says what the next calls meet."""

    def __init__(self, spec):
        super().__init__(spec)
        self.papers = []

    def translate(self, order, slip):
        text = json.dumps(
            {
                "kind": slip.kind,
                "order": order.id,
                "marked": slip.reason == "REFIRED",
                "dishes": [line.name for line in order.lines for _unit in line.units],
                "differences": told(slip),
            }
        )
        return Ticket(body=text.encode(), content_type="application/json", preview=text)

    async def refund(self, ticket, key, pos_ref):
        assert pos_ref in self.tickets
        return await self.submit(ticket, key)

    def take(self, ticket, key):
        if not self._keeps_out(key):
            self.tickets[key] = json.loads(ticket.body)
            self.papers.append((key, self.tickets[key]))
        return Acceptance(pos_ref=key)

    def _keeps_out(self, key):
        return key in self.tickets and isinstance(self.spec.repeat, Idempotent)

    async def _find(self, key):
        return Acceptance(pos_ref=key) if key in self.tickets else None

    def play(self, step, meanwhile=None):
        """What the next call meets, and what happens before its answer."""

        async def act(ticket, key):
            if meanwhile is not None:
                await meanwhile()
            if step == "taken" or (step == "refused" and self._keeps_out(key)):
                return self.take(ticket, key)
            if step == "lost after it arrived":
                self.take(ticket, key)
            raise {
                "lost after it arrived": OutcomeUnknown(step),
                "lost before it arrived": OutcomeUnknown(step),
                "unreachable": PosUnreachable(step),
                "busy": PosBusy(retry_after=3),
                "refused": TicketRejected(step),
                "paper": OperatorNeeded(step),
            }[step]

        self.script.append(act)


class House(Engine):
    """One restaurant of several on the same ledger."""

    def __init__(self, restaurant, ledger, clock, pos_system, terms):
        self.restaurant = restaurant
        super().__init__(ledger, clock, pos_system, terms)

    def renew(self):
        super().renew()
        self.pos.restaurant = self.lane.restaurant = self.restaurant

    def _take(self, tx, events):
        return intake.take(tx, events, self.terms_of(self.restaurant), self.clock(), report=True)

    async def rows(self, order_id=None):
        rows = await super().rows(order_id)
        return [row for row in rows if row.restaurant == self.restaurant]

    async def next_moment(self):
        """When the lane next has something to do; None if never."""
        return await self.ledger.read(
            lambda tx: timers.next_moment(tx, self.restaurant, self.clock())
        )


def told(slip):
    return [(one.what, one.before, one.after) for one in slip.differences]
