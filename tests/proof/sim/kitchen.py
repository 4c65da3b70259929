"""POS systems of three kinds: they lose answers, are busy, refuse, run out of paper, or are off.

A ticket that is on its way arrives whatever becomes of the process that sent it.
"""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bridge.adapter import (
    Adapter,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.model import Acceptance, Availability, Deadline, PosState, Ticket
from bridge.testing.fake_adapter import FakeAdapter, FakeBlindAdapter, FakeReadBackAdapter
from bridge.testing.tabs import describe
from tests.proof.sim.loop import LIFE, clock
from tests.proof.sim.notes import Notes

LATENCY: Final = (0.002, 0.05)
# How long a person takes for a new roll of paper.
PAPER: Final = 12.0
# How far a single failure reaches: the lane asks again and again in this time.
ECHO: Final = 6.0
OUTCOMES: Final = ("withheld", "lost", "unreachable", "busy", "rejected", "paper", "silent")


@dataclass(slots=True)
class SimKitchen:
    """`trouble`: the share of submits that do not go well. `on`: its name in the faults."""

    site: str
    restaurant: str
    is_idempotent: bool
    notes: Notes
    chance: random.Random
    loop: asyncio.AbstractEventLoop
    world: Any
    trouble: float = 0.0
    off_until: float = 0.0
    closed_until: float = 0.0
    paper_until: float = 0.0
    kept: dict[str, list[str]] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)

    @property
    def on(self) -> str:
        return f"{self.site}.pos.{self.restaurant}"

    @property
    def is_off(self) -> bool:
        return clock.at < self.off_until

    def switch_off(self, seconds: float) -> None:
        self.off_until = clock.at + seconds
        self.notes.fault("pos", self.on, seconds, detail="off")

    def close(self, seconds: float) -> None:
        self.closed_until = clock.at + seconds
        self.notes.fault("pos", self.on, seconds, detail="closed")

    async def ask(self) -> None:
        """There and back. Raises PosUnreachable while it is off."""
        if self.is_off:
            await asyncio.sleep(self._latency())
            raise PosUnreachable("no connection")
        await asyncio.sleep(2 * self._latency())

    async def probe(self) -> Availability:
        await self.ask()
        if clock.at < self.paper_until:
            return Availability(state=PosState.DOWN, reason="no paper")
        if clock.at < self.closed_until:
            return Availability(state=PosState.CLOSED, reason="closed for the day")
        return Availability.up()

    async def send(self, ticket: Ticket, key: str) -> Acceptance:
        """Raises as an adapter does."""
        if self.is_off:
            await self.ask()
        outcome = self._draw(key)
        if outcome not in {"withheld", "silent", "given"}:
            await asyncio.sleep(2 * self._latency())
            raise _error(outcome)
        arrived = self.loop.create_future()
        self.loop.call_later(
            self._latency(),
            self._arrive,
            ticket,
            key,
            outcome,
            arrived,
            context=self.world,
        )
        if outcome == "silent":
            await asyncio.Event().wait()
        await arrived
        await asyncio.sleep(self._latency())
        if outcome == "withheld":
            raise OutcomeUnknown("the answer was cut off")
        return Acceptance(pos_ref=f"T-{key}")

    async def find(self, key: str) -> Acceptance | None:
        await self.ask()
        return Acceptance(pos_ref=f"T-{key}") if key in self.kept else None

    def _draw(self, key: str) -> str:
        """What is refused once is refused again, unless it is there already."""
        if key in self.rejected:
            return "rejected"
        if clock.at < self.paper_until:
            return "paper"
        if self.chance.random() >= self.trouble:
            return "given"
        outcome = self.chance.choice(OUTCOMES)
        if outcome == "rejected":
            if key in self.kept:
                return "given"
            self.rejected.add(key)
        if outcome == "paper":
            self.paper_until = clock.at + PAPER
        seconds = PAPER + ECHO if outcome == "paper" else ECHO
        self.notes.fault("pos", self.on, seconds, detail=outcome, key=key)
        return outcome

    def _arrive(self, ticket: Ticket, key: str, outcome: str, arrived: Any) -> None:
        kept = self.kept.setdefault(key, [])
        if not (kept and self.is_idempotent):
            self._print(orjson.loads(ticket.body), key, outcome)
        kept.append(outcome)
        if not arrived.done():
            arrived.set_result(None)

    def _print(self, body: dict[str, Any], key: str, outcome: str) -> None:
        dishes: dict[str, int] = {}
        for line in body["lines"]:
            dish = describe(line["name"], line["modifiers"], line["notes"])
            dishes[dish] = dishes.get(dish, 0) + line["quantity"]
        self.notes.append(
            "printed",
            site=self.site,
            restaurant=self.restaurant,
            key=key,
            order=body["order_id"],
            kind=body["kind"],
            version=body["version"],
            marked=body["kind"] == "place" and bool(body["reason"]),
            dishes=dishes,
            reply="given" if outcome == "given" else "withheld",
        )

    def _latency(self) -> float:
        return self.chance.uniform(*LATENCY)


def _error(outcome: str) -> Exception:
    match outcome:
        case "lost":
            return OutcomeUnknown("cut off while sending")
        case "unreachable":
            return PosUnreachable("no connection")
        case "busy":
            return PosBusy("wait a moment", retry_after=2.0)
        case "rejected":
            return TicketRejected("no such dish")
        case _:
            return OperatorNeeded("no paper")


class _InMemory:
    """The fakes' tickets, and a kitchen of the simulation in place of their HTTP."""

    def _kitchen(self) -> SimKitchen:
        life = LIFE.get()
        return life.owner.kitchens[self.services.restaurant.id]

    async def open(self) -> None:
        await self._kitchen().ask()

    async def probe(self, deadline: Deadline) -> Availability:
        return await self._kitchen().probe()

    async def submit(self, ticket: Ticket, key: str) -> Acceptance:
        return await self._kitchen().send(ticket, key)


class SimIdempotent(_InMemory, FakeAdapter):
    async def refund(self, ticket: Ticket, key: str, pos_ref: str) -> Acceptance:
        return await self._kitchen().send(ticket, key)


class SimReadBack(_InMemory, FakeReadBackAdapter):
    refund = SimIdempotent.refund

    async def find(self, key: str) -> Acceptance | None:
        return await self._kitchen().find(key)


class SimBlind(_InMemory, FakeBlindAdapter):
    pass


ADAPTERS: Final[dict[str, type[Adapter]]] = {
    "fake": SimIdempotent,
    "fake-readback": SimReadBack,
    "fake-blind": SimBlind,
}
