"""The platform of the simulation: guests' evenings over wires in memory, and what it heard."""

import asyncio
import base64
import random
from collections.abc import Callable
from contextvars import Context
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import orjson

from bridge.model import CheckoutStarted, OrderPlaced
from bridge.testing.guests import Guest
from bridge.testing.noise import Call, Noise, Sent
from bridge.testing.replies import code_of
from bridge.testing.steps import ASSUMED, INJECTION, Reply
from bridge.testing.story import Story
from bridge.testing.tabs import Due, Tabs
from tests.proof.cases import HUNG_UP
from tests.proof.sim.loop import SimLoop, clock
from tests.proof.sim.notes import Notes
from tests.proof.sim.wire import Caller, Door, Heard, exchange

ENDPOINT: Final = "endpoint-0123456789"
USER, PASSWORD = "bbot", "a password that nobody guesses"
PATIENCE: Final = 10.0
LATENCY: Final = (0.0005, 0.02)
# The platform asks once more where it heard nothing.
AGAIN: Final = 0.5
_LOGIN: Final = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def now() -> datetime:
    return datetime.fromtimestamp(clock.at, UTC)


@dataclass(slots=True, kw_only=True)
class Bbot:
    """Plays guests against whoever is behind `door`; `on_commit` names restaurants."""

    site: str
    door: Callable[[], Door | None]
    notes: Notes
    chance: random.Random
    loop: SimLoop
    world: Context
    on_commit: frozenset[str]
    share: float
    deaf: float
    has_partner: bool
    numbers: Any

    async def serve(self, guest: Guest, chance: random.Random) -> None:
        """One guest's evening, and what is due of it."""
        luck = random.Random(chance.getrandbits(64))  # noqa: S311  no secret
        noise = Noise(luck, share=self.share, repeats=self.share)
        story = Story(guest, chance, now, pace=0.4, has_partner=self.has_partner)
        tabs, beside = Tabs(), set()
        await self._play(noise.disturb(story.tell()), tabs, beside)
        if beside:
            await asyncio.wait(beside)
        restaurants = {order.id: order.restaurant for order in guest.orders}
        for due in tabs.close():
            known = tabs._tabs[due.order_id].order.restaurant
            self._note_due(due, restaurants.get(due.order_id, known))

    async def _play(self, calls: Sent, tabs: Tabs, beside: set[asyncio.Task[Reply]]) -> None:
        call, reply = next(calls, None), ASSUMED
        while call is not None:
            await asyncio.sleep(call.step.after)
            if call.is_broken:
                reply = Reply(status=400)
            elif call.waits:
                reply = await self._make(call, tabs)
            else:
                beside.add(self.loop.create_task(self._make(call, tabs)))
            try:
                call = calls.send(reply)
            except StopIteration:
                return

    async def _make(self, call: Call, tabs: Tabs) -> Reply:
        """All copies of a call; the best answer counts. What was not heard may be asked again."""
        replies = await self._post(call)
        if call.step.hook == INJECTION and not call.hangs_up:
            while not any(reply.status for reply in replies) and self.chance.random() < AGAIN:
                await asyncio.sleep(self.chance.uniform(0.2, 3.0))
                replies += await self._post(call)
        best = max(replies, key=lambda reply: (reply.is_yes, reply.status))
        if not call.hangs_up:
            _learn(call, replies, best, tabs)
        return best

    async def _post(self, call: Call) -> list[Reply]:
        number = next(self.numbers)
        copies = [self._post_one(call, number, copy) for copy in range(call.copies)]
        return list(await asyncio.gather(*copies))

    async def _post_one(self, call: Call, number: int, copy: int) -> Reply:
        event, begun = call.step.event, clock.at
        is_deaf = self.chance.random() < self.deaf
        is_asked = isinstance(event, OrderPlaced | CheckoutStarted)
        self.notes.append(
            "sent",
            call=number,
            copy=copy,
            site=self.site,
            hook=call.step.hook,
            restaurant=event.restaurant,
            order=event.order_id,
            checkout=event.checkout_id,
            # Who does not listen cannot be told yes.
            at_stake=is_asked and not call.hangs_up and not is_deaf,
        )
        caller = Caller(self.world, self.loop, self.chance.uniform(*LATENCY))
        heard = await exchange(
            self.door(), _request(call), caller, call.hangs_up or PATIENCE, is_deaf=is_deaf
        )
        reply = Reply(status=heard.status, body=heard.body)
        is_left = bool(call.hangs_up) and heard.heard in {"part", "none"}
        code = HUNG_UP if is_left else code_of(call.step, reply)
        self._note_answer(number, copy, heard, code, begun)
        return reply

    def _note_answer(self, number: int, copy: int, heard: Heard, code: str, begun: float) -> None:
        self.notes.append(
            "answered",
            call=number,
            copy=copy,
            status=heard.status,
            code=code,
            ms=round((clock.at - begun) * 1000, 3),
            heard=heard.heard,
        )

    def _note_due(self, due: Due, restaurant: str) -> None:
        fields = asdict(due)
        self.notes.append(
            "due",
            site=self.site,
            restaurant=restaurant,
            order=due.order_id,
            wanted=fields["is_wanted"],
            signed=fields["is_signed"],
            cancelled=fields["is_cancelled"],
            unclear=fields["is_unclear"],
            must=dict(due.must),
            may=[sorted(names) for names in due.may],
            on_commit=restaurant in self.on_commit,
        )


def _learn(call: Call, replies: list[Reply], best: Reply, tabs: Tabs) -> None:
    event = call.step.event
    if best.is_yes:
        tabs.learn(event)
    elif call.step.is_news or not all(reply.status for reply in replies):
        tabs.doubt(event)
    if isinstance(event, OrderPlaced):
        tabs.name(event.order)


def _request(call: Call) -> bytes:
    body = orjson.dumps(call.step.document)
    hook = "" if call.is_bare else f"/{call.step.hook}"
    head = (
        f"POST /bbot/{ENDPOINT}{hook} HTTP/1.1\r\nHost: bridge.test\r\n"
        f"Content-Type: application/json\r\nAuthorization: Basic {_LOGIN}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def numbers() -> Any:
    """Of calls, from 1."""
    return count(1)
