"""Asks the bridge, and the fake POS, what became of orders; waits until nothing moves any more."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson

from bridge.testing.audit import Audit, Paper, is_settled, papers_of
from bridge.testing.tabs import Due, describe

_AT_ONCE: Final = 4
_AGAIN: Final = 0.5
# A fake POS tells all that it ever got in one answer.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_NOT_FOUND: Final = 404

# What was in each POS before the first guest came, by its address.
Before = dict[str, set[tuple[str, int]]]
_PILES: Final = ("tickets", "refunds")

_Papers = dict[str, list[Paper]]
_Found = tuple[Due, dict[str, Any] | None]


class WitnessError(Exception):
    """The bridge's console or the POS does not tell; the text says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """`console` is the address of the bridge's console, `pos` that of the fake POS's commands.

    `pos` has one for all, or RESTAURANT=ADDRESS for each; without any the bridge's own word is
    taken for what was printed. `patience`: seconds after the last guest has left in which no more
    order comes to its end state.
    """

    console: str
    token: str = ""
    pos: tuple[str, ...] = ()
    patience: float = 60.0

    async def greet(self) -> Before:
        """Before the evening begins: do all of them talk to us? Raises WitnessError."""
        async with self._session() as session:
            await self.read_order(session, "no-such-order")
            piles = [(address, await _read_pos(session, address)) for _, address in self._places()]
        return {address: {_name(kept) for kept in pile} for address, pile in piles}

    async def audit(self, dues: Sequence[Due], before: Before) -> Audit:
        """Compare all. Who does not tell any more is a problem of its own."""
        audit = Audit()
        try:
            async with self._session() as session:
                found = await _Vigil(self, session, dues).keep()
                papers = await self._read_papers(session, audit, dues, before)
        except WitnessError as error:
            audit.blame(str(error))
            return audit
        for due, document in found:
            seen = papers.get(due.order_id, []) if self.pos else papers_of(document)
            audit.add(due, document, seen)
        return audit

    async def read_order(
        self, session: aiohttp.ClientSession, order_id: str
    ) -> dict[str, Any] | None:
        """What the bridge tells of one order, None if it does not know it."""
        address = f"{self.console.rstrip('/')}/api/v1/orders/{quote(order_id, safe='')}"
        status, document = await _fetch(session, address, "the console")
        if status == _NOT_FOUND:
            return None
        if status != 200 or "deliveries" not in document:  # noqa: PLR2004  the only good one
            reason = document.get("detail") or document.get("title") or f"status {status}"
            raise WitnessError(f"the console at {self.console} does not tell: {reason}")
        return document

    async def _read_papers(
        self, session: aiohttp.ClientSession, audit: Audit, dues: Sequence[Due], before: Before
    ) -> _Papers:
        """By order. What came since then for an order that nobody asked for is blamed at once."""
        asked = {due.order_id for due in dues}
        papers: _Papers = defaultdict(list)
        for restaurant, address in self._places():
            for kept in await _read_pos(session, address):
                body = orjson.loads(kept["body"])
                papers[body["order_id"]].append(_paper(kept, body, restaurant))
                is_new = _name(kept) not in before.get(address, set())
                if is_new and body["order_id"] not in asked:
                    audit.blame("the POS has a ticket of no order here", body["order_id"])
        return papers

    def _places(self) -> Iterator[tuple[str, str]]:
        """Restaurant, "" for all, and address of each POS."""
        for one in self.pos:
            restaurant, found, rest = one.partition("=http")
            yield (restaurant, f"http{rest}") if found else ("", one)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as session:
            yield session


class _Vigil:
    """Waits for one order after the other, so that asking does not slow them down."""

    def __init__(
        self, witness: Witness, session: aiohttp.ClientSession, dues: Iterable[Due]
    ) -> None:
        self._witness = witness
        self._session = session
        self._waiting = deque(dues)
        self._found: list[_Found] = []
        self._moved_at = time.monotonic()

    async def keep(self) -> list[_Found]:
        """Each with its document, once that is settled or nothing moves any more."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_AT_ONCE):
                    tasks.create_task(self._work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        return self._found

    async def _work(self) -> None:
        while self._waiting:
            due = self._waiting.popleft()
            self._found.append((due, await self._wait(due)))

    async def _wait(self, due: Due) -> dict[str, Any] | None:
        while True:
            document = await self._witness.read_order(self._session, due.order_id)
            if is_settled(due, document):
                self._moved_at = time.monotonic()
                return document
            if time.monotonic() - self._moved_at > self._witness.patience:
                return document
            await asyncio.sleep(_AGAIN)


async def _fetch(
    session: aiohttp.ClientSession, address: str, who: str
) -> tuple[int, dict[str, Any]]:
    try:
        async with session.get(address, allow_redirects=False) as reply:
            status, body = reply.status, await reply.read()
        document = orjson.loads(body)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise WitnessError(f"{who} at {address} does not answer: {reason}") from error
    return status, document if isinstance(document, dict) else {}


async def _read_pos(session: aiohttp.ClientSession, address: str) -> list[dict[str, Any]]:
    """All that it ever took, in the order of arrival: two piles, and yet one after the other."""
    status, document = await _fetch(session, address, "the POS")
    if status != 200 or not document.keys() >= set(_PILES):  # noqa: PLR2004  the only good one
        raise WitnessError(f"no fake POS takes commands at {address}: status {status}")
    piles = [kept | {"pile": pile} for pile in _PILES for kept in document[pile]]
    return sorted(piles, key=_arrival)


def _arrival(kept: dict[str, Any]) -> float:
    return float(kept["kept_at"])


def _name(kept: dict[str, Any]) -> tuple[str, int]:
    return kept["pile"], kept["number"]


def _paper(kept: dict[str, Any], body: dict[str, Any], pos: str) -> Paper:
    dishes: dict[str, int] = defaultdict(int)
    for line in body["lines"]:
        dishes[describe(line["name"], line["modifiers"], line["notes"])] += line["quantity"]
    return Paper(
        kind=body["kind"],
        version=body["version"],
        key=kept["key"],
        is_marked=body["kind"] == "place" and bool(body["reason"]),
        dishes=dict(dishes),
        facts={
            "number": body["order_number"],
            "table": body["table"],
            "fulfilment": body["fulfilment"],
            "due": body["due"],
            "guest": body["guest"],
            "notes": "; ".join(body["notes"]),
        },
        cents=kept.get("amount_cents"),
        amount_cents=body.get("refund", {}).get("amount_cents"),
        restaurant=body["restaurant"],
        pos=pos,
    )
