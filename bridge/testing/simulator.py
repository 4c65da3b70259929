"""A busy evening against a running bridge: guests who come whether or not it keeps up.

Every guest posts an injection and, when the answer is 2XX, the order-change that proves payment.
Some injections are posted twice, some orders are edited afterwards. The load is open: the next
guest does not wait for the last one's answer, and a latency counts from the moment that call was
due.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Any

import aiohttp
import orjson

from bridge.model import Order
from bridge.testing.bodies import change_body, injection_body
from bridge.testing.orders import OrderFactory

INJECTION = "order-injection"
CHANGE = "order-change"

# "The restaurant said no": sold out, closed, the POS is down.
REFUSALS = frozenset({409, 422, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Where to post, how much, how fast; `repeats` and `edits` are shares of the orders.

    `rate` is guests in a second. The same `seed` means the same orders with the same ids, which a
    bridge that has seen them before takes for repeats; without one, each run is new. `url` is the
    bridge's or the endpoint's, `.../bbot/ENDPOINT`.
    """

    url: str
    endpoint: str
    username: str
    password: str
    restaurants: tuple[str, ...]
    orders: int = 100
    rate: float = 10.0
    seed: int | None = None
    repeats: float = 0.02
    edits: float = 0.05
    pay_after: float = 0.1
    timeout: float = 10.0

    def address(self, hook: str) -> str:
        """Where calls of that hook go."""
        endpoint = f"/bbot/{self.endpoint}"
        return f"{self.url.rstrip('/').removesuffix(endpoint)}{endpoint}/{hook}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """In milliseconds, nearest rank."""

    p50: float
    p90: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of it.

    `statuses`, `latency` and `errors` are by hook; `answers` counts all answers. `accepted` holds
    the ids of the orders whose injection got a 2XX, `unanswered` those that got no answer at all,
    `disagreed` those whose repeated injection was not answered as the first.
    """

    seconds: float
    answers: int
    statuses: Mapping[str, Mapping[int, int]]
    errors: Mapping[str, Mapping[str, int]]
    latency: Mapping[str, Latency]
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    unanswered: tuple[str, ...]
    disagreed: tuple[str, ...]

    @property
    def faults(self) -> dict[int, int]:
        """Answers that are neither a yes nor a no of the restaurant, by status."""
        found: Counter[int] = Counter()
        for counts in self.statuses.values():
            found.update(counts)
        return {
            status: count
            for status, count in sorted(found.items())
            if not _is_yes(status) and status not in REFUSALS
        }

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self, option=orjson.OPT_NON_STR_KEYS))
        return plain

    def as_text(self) -> str:
        """A few lines for people."""
        rows = [
            f"{self.answers} answers in {self.seconds:.1f} s",
            f"orders: {len(self.accepted)} accepted, {len(self.refused)} refused",
            f"orders without an answer: {len(self.unanswered)}",
            f"repeats answered unlike the first: {len(self.disagreed)}",
        ]
        for hook, latency in self.latency.items():
            statuses = ", ".join(
                f"{count} x {status}" for status, count in self.statuses[hook].items()
            )
            rows.append(
                f"{hook}: {statuses}; p50 {latency.p50:.1f} ms, p90 {latency.p90:.1f} ms, "
                f"p99 {latency.p99:.1f} ms, max {latency.max:.1f} ms"
            )
        rows += [
            f"{hook}: {count} x {error}"
            for hook, errors in self.errors.items()
            for error, count in errors.items()
        ]
        return "\n".join(rows)


async def simulate(simulation: Simulation) -> Summary:
    """Run it to the end: every guest has had an answer or has given up."""
    seed = random.SystemRandom().getrandbits(64) if simulation.seed is None else simulation.seed
    factory = OrderFactory(seed, lambda: datetime.now(UTC))
    chance = random.Random(seed)  # noqa: S311  shares of a load are no secret
    tally, begun = _Tally(), time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=simulation.timeout)
    async with (
        # Without a limit on connections, or a slow bridge would slow the guests down.
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers=_headers(simulation), timeout=timeout
        ) as session,
        asyncio.TaskGroup() as guests,
    ):
        for number in range(simulation.orders):
            due = begun + number / simulation.rate
            await asyncio.sleep(due - time.perf_counter())
            order = factory.order(chance.choice(simulation.restaurants))
            edit = factory.edited(order) if chance.random() < simulation.edits else None
            guest = _Guest(
                order=order,
                edit=edit,
                repeats=chance.random() < simulation.repeats,
                pay_after=chance.uniform(0.5, 1.5) * simulation.pay_after,
            )
            guests.create_task(guest.dine(_Bridge(simulation, session, tally), due))
    return tally.summary(time.perf_counter() - begun)


@dataclass(slots=True)
class _Tally:
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    errors: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    disagreed: list[str] = field(default_factory=list)

    def summary(self, seconds: float) -> Summary:
        return Summary(
            seconds=seconds,
            answers=sum(counter.total() for counter in self.statuses.values()),
            statuses={hook: dict(sorted(found.items())) for hook, found in self.statuses.items()},
            errors={hook: dict(found) for hook, found in self.errors.items()},
            latency={hook: latency_of(times) for hook, times in self.times.items()},
            accepted=tuple(self.accepted),
            refused=tuple(self.refused),
            unanswered=tuple(self.unanswered),
            disagreed=tuple(self.disagreed),
        )


@dataclass(frozen=True, slots=True)
class _Bridge:
    """The daemon as Bbot sees it."""

    simulation: Simulation
    session: aiohttp.ClientSession
    tally: _Tally

    async def post(self, hook: str, body: bytes, due: float) -> tuple[int, bytes] | None:
        """Status and body of the answer; None if none came."""
        address = self.simulation.address(hook)
        try:
            async with self.session.post(address, data=body, allow_redirects=False) as reply:
                answer = reply.status, await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.tally.errors[hook][type(error).__name__] += 1
            return None
        self.tally.times[hook].append((time.perf_counter() - due) * 1000)
        self.tally.statuses[hook][reply.status] += 1
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guest:
    order: Order
    edit: Order | None
    repeats: bool
    pay_after: float

    async def dine(self, bridge: _Bridge, due: float) -> None:
        """Check out; pay if the answer was yes; perhaps think again."""
        tally, body = bridge.tally, orjson.dumps(injection_body(self.order))
        answer = await bridge.post(INJECTION, body, due)
        if answer is None:
            tally.unanswered.append(self.order.id)
            return
        if not _is_yes(answer[0]):
            tally.refused.append(self.order.id)
            return
        tally.accepted.append(self.order.id)
        if self.repeats:
            await self._repeat(bridge, body, answer)
        await self._post_later(bridge, self.order)
        if self.edit:
            await self._post_later(bridge, self.edit)

    async def _repeat(self, bridge: _Bridge, body: bytes, first: tuple[int, bytes]) -> None:
        again = await bridge.post(INJECTION, body, time.perf_counter())
        if again is not None and again != first:
            bridge.tally.disagreed.append(self.order.id)

    async def _post_later(self, bridge: _Bridge, order: Order) -> None:
        await asyncio.sleep(self.pay_after)
        await bridge.post(CHANGE, orjson.dumps(change_body(order)), time.perf_counter())


def latency_of(times: list[float]) -> Latency:
    """Percentiles of at least one time."""
    ranked = sorted(times)
    p50, p90, p99 = (ranked[ceil(len(ranked) * share) - 1] for share in (0.5, 0.9, 0.99))
    return Latency(p50=p50, p90=p90, p99=p99, max=ranked[-1])


def _is_yes(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004  the HTTP class 2XX


def _headers(simulation: Simulation) -> dict[str, str]:
    login = aiohttp.encode_basic_auth(simulation.username, simulation.password)
    return {"Authorization": login, "Content-Type": "application/json"}
