"""A busy evening against a running bridge: guests who come whether or not it keeps up.

The load is open: the next guest does not wait for the last one's answer, and a latency counts from
the moment that call was due. Each guest's calls follow each other as Bbot's would, see `story`.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import aiohttp

from bridge.model import CheckoutStarted, OrderPlaced
from bridge.testing.codes import Code
from bridge.testing.guests import EVENING, Guest, Mix, arrive, only_orders
from bridge.testing.noise import Call, Noise, Sent
from bridge.testing.replies import allows
from bridge.testing.steps import ASSUMED, Reply
from bridge.testing.story import Story
from bridge.testing.summary import Latency, Summary, latency_of
from bridge.testing.tabs import Tabs
from bridge.testing.tally import Tally
from bridge.testing.witness import Witness

__all__ = ["Latency", "Simulation", "Summary", "latency_of", "simulate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Where to post, how much, how fast.

    `rate` is guests in a second, `seconds` an end to their coming before `orders` of them are
    there. The same `seed` means the same guests with the same ids, which a bridge that has seen
    them before takes for repeats; without one, each run is new. `url` is the bridge's or the
    endpoint's, `.../bbot/ENDPOINT`.

    `hooks`: "orders" for a restaurant that has only the two hooks of orders, where everybody pays
    at once; "all" for the whole evening of `mix`. `quirks` is the share of calls that something
    happens to, see `noise`, and of the guests that have each of `traits`; `repeats` and `edits` are
    shares of the orders; `pay_after` is the mean time between two calls of a guest. With a
    `witness` all orders are compared in the end.

    Nobody may be refused or turned away unless `may_refuse`. `is_busy`: the machine has other
    things to do, so answers may come late, or leave out what there was no time for. `is_open`:
    partners may come without credentials.
    """

    url: str
    endpoint: str
    username: str
    password: str
    restaurants: tuple[str, ...]
    orders: int = 100
    rate: float = 10.0
    seconds: float = float("inf")
    seed: int | None = None
    hooks: Literal["orders", "all"] = "orders"
    mix: Mix = EVENING
    quirks: float = 0.0
    codes: tuple[Code, ...] = ()
    repeats: float = 0.02
    edits: float = 0.05
    pay_after: float = 0.1
    timeout: float = 10.0
    is_busy: bool = False
    may_refuse: bool = False
    is_open: bool = True
    witness: Witness | None = None

    def address(self, hook: str = "") -> str:
        """Where calls of that hook go; "" for the address that takes all."""
        endpoint = f"/bbot/{self.endpoint}"
        return f"{self.url.rstrip('/').removesuffix(endpoint)}{endpoint}/{hook}".rstrip("/")


async def simulate(simulation: Simulation) -> Summary:
    """Run it to the end: every guest has had an answer or has given up.

    Raises WitnessError before the first guest comes if nobody could compare in the end.
    """
    seed = random.SystemRandom().getrandbits(64) if simulation.seed is None else simulation.seed
    witness = simulation.witness
    before = await witness.greet() if witness else {}
    tally, begun = _tally(simulation), time.perf_counter()
    async with _session() as session, asyncio.TaskGroup() as guests:
        bbot = _Bbot(simulation, session, tally)
        for number, (guest, chance) in enumerate(_arrivals(simulation, seed)):
            after = number / simulation.rate
            if after >= simulation.seconds:
                break
            due = begun + after
            await asyncio.sleep(due - time.perf_counter())
            guests.create_task(bbot.serve(guest, chance, due))
    seconds = time.perf_counter() - begun
    audit = await witness.audit(tally.dues, before) if witness else None
    return tally.summary(seconds, seed, audit)


def _tally(simulation: Simulation) -> Tally:
    return Tally(
        is_busy=simulation.is_busy, may_refuse=simulation.may_refuse, promo=simulation.codes
    )


def _arrivals(simulation: Simulation, seed: int) -> Iterator[tuple[Guest, random.Random]]:
    mix = simulation.mix if simulation.hooks == "all" else only_orders(simulation.edits)
    mix = replace(mix, traits=mix.traits or simulation.quirks)
    guests = arrive(seed, simulation.restaurants, mix, _now, simulation.codes)
    return (pair for _number, pair in zip(range(simulation.orders), guests, strict=False))


class _Bbot:
    """The platform: it knows the bridge's addresses, and what its guests do."""

    def __init__(
        self, simulation: Simulation, session: aiohttp.ClientSession, tally: Tally
    ) -> None:
        self._simulation = simulation
        self._session = session
        self._tally = tally

    async def serve(self, guest: Guest, chance: random.Random, due: float) -> None:
        """One guest's evening, from the moment that it was due."""
        simulation, tally = self._simulation, self._tally
        # Of its own, so that a quirk more or less does not change the story.
        luck = random.Random(chance.getrandbits(64))  # noqa: S311  of a load
        noise = Noise(
            luck, share=simulation.quirks, repeats=simulation.repeats, is_open=simulation.is_open
        )
        is_all = simulation.hooks == "all"
        story = Story(guest, chance, _now, pace=simulation.pay_after, has_partner=is_all)
        tabs = Tabs()
        async with asyncio.TaskGroup() as beside:
            await self._play(noise.disturb(story.tell()), tabs, beside, due)
        tally.guests += 1
        tally.lost += noise.lost
        tally.dues += tabs.close()
        tally.note_codes(guest.guest_id, story.used)

    async def _play(self, calls: Sent, tabs: Tabs, beside: asyncio.TaskGroup, due: float) -> None:
        call, reply = next(calls, None), ASSUMED
        while call is not None:
            due += call.step.after
            await asyncio.sleep(due - time.perf_counter())
            if call.waits:
                reply = await self._make(call, tabs, due)
                due = max(due, time.perf_counter())
            else:
                beside.create_task(self._make(call, tabs, due))
            try:
                call = calls.send(reply)
            except StopIteration:
                return

    async def _make(self, call: Call, tabs: Tabs, due: float) -> Reply:
        """All copies of a call; the best answer counts."""
        copies = [self._post(call, due) for _ in range(call.copies)]
        replies = await asyncio.gather(*copies) if len(copies) > 1 else [await copies[0]]
        best = max(replies, key=lambda reply: (reply.is_yes, reply.status))
        if not call.is_broken and not call.hangs_up:
            self._learn(call, list(replies), best, tabs)
        return best

    def _learn(self, call: Call, replies: list[Reply], best: Reply, tabs: Tabs) -> None:
        event = call.step.event
        if best.is_yes:
            tabs.learn(event)
        elif call.step.is_news or not all(reply.status for reply in replies):
            # News without a yes may have been kept all the same: only its answer was too late.
            tabs.doubt(event)
        if isinstance(event, OrderPlaced):
            tabs.name(event.order)
            self._tally.note_order(event.order_id, replies)
        if isinstance(event, CheckoutStarted) and not allows(best):
            self._tally.turned_away += 1

    async def _post(self, call: Call, due: float) -> Reply:
        address = self._simulation.address("" if call.is_bare else call.step.hook)
        patience = aiohttp.ClientTimeout(total=call.hangs_up or self._simulation.timeout)
        begun = time.perf_counter()
        try:
            async with self._session.post(
                address,
                data=_pieces(call.dressed.sent) if call.dressed.in_pieces else call.dressed.sent,
                headers=self._headers(call),
                allow_redirects=False,
                timeout=patience,
            ) as answer:
                body = await answer.read()
                seconds, kind = time.perf_counter() - begun, answer.headers.get("Content-Type", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            if not call.hangs_up:
                self._tally.note_error(call, error)
            return Reply(status=0)
        reply = Reply(status=answer.status, body=body, content_type=kind, seconds=seconds)
        self._tally.note(call, reply, (time.perf_counter() - due) * 1000)
        return reply

    def _headers(self, call: Call) -> dict[str, str]:
        simulation = self._simulation
        headers = {"Content-Type": call.dressed.content_type}
        if call.dressed.is_packed:
            headers["Content-Encoding"] = "gzip"
        if not call.is_nameless:
            login = aiohttp.encode_basic_auth(simulation.username, simulation.password)
            headers["Authorization"] = login
        return headers


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    middle = len(body) // 2
    for piece in (body[:middle], body[middle:]):
        yield piece


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    # Without a limit on connections, or a slow bridge would slow the guests down.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


def _now() -> datetime:
    return datetime.now(UTC)
