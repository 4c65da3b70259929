"""Asks the bridge, and the fake POS, what became of orders; waits until nothing moves any more."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from bridge.testing.audit import Audit, Paper, is_settled, papers_of
from bridge.testing.tabs import Due, describe

_AT_ONCE: Final = 4
_AGAIN: Final = 0.5
# A fake POS tells all that it ever got in one answer.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_NOT_FOUND: Final = 404

_Papers = dict[str, list[Paper]]
_Found = tuple[Due, dict[str, Any] | None]


class WitnessError(Exception):
    """The bridge's console or the POS does not tell; the text says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """`console` is the address of the bridge's console, `pos` that of the fake POS's commands.

    Without `pos` the bridge's own word is taken for what was printed. `patience`: seconds after
    the last guest has left in which no more order comes to its end state.
    """

    console: str
    token: str = ""
    pos: str = ""
    patience: float = 60.0

    async def greet(self) -> None:
        """Before the evening begins: do both of them talk to us? Raises WitnessError."""
        async with self._session() as session:
            await self.read_order(session, "no-such-order")
            if self.pos:
                await self._read_pos(session)

    async def audit(self, dues: Iterable[Due]) -> Audit:
        """Compare all. Who does not tell any more is a problem of its own."""
        audit = Audit()
        try:
            async with self._session() as session:
                found = await _Vigil(self, session, dues).keep()
                papers = await self._read_pos(session) if self.pos else {}
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
        address = f"{self.console.rstrip('/')}/api/v1/orders/{order_id}"
        status, document = await _fetch(session, address, "the console")
        if status == _NOT_FOUND:
            return None
        if status != 200 or "deliveries" not in document:  # noqa: PLR2004  the only good one
            reason = document.get("detail") or document.get("title") or f"status {status}"
            raise WitnessError(f"the console at {self.console} does not tell: {reason}")
        return document

    async def _read_pos(self, session: aiohttp.ClientSession) -> _Papers:
        status, document = await _fetch(session, self.pos, "the POS")
        is_pos = document.keys() >= {"tickets", "refunds"}
        if status != 200 or not is_pos:  # noqa: PLR2004  the only good one
            raise WitnessError(f"no fake POS takes commands at {self.pos}: status {status}")
        papers: _Papers = defaultdict(list)
        # Two piles, and yet they came one after the other.
        for kept in sorted([*document["tickets"], *document["refunds"]], key=_arrival):
            body = orjson.loads(kept["body"])
            papers[body["order_id"]].append(_paper(kept, body))
        return papers

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


def _arrival(kept: dict[str, Any]) -> float:
    return float(kept["kept_at"])


def _paper(kept: dict[str, Any], body: dict[str, Any]) -> Paper:
    dishes: dict[str, int] = defaultdict(int)
    for line in body["lines"]:
        dishes[describe(line["name"], line["modifiers"], line["notes"])] += line["quantity"]
    return Paper(
        kind=body["kind"],
        version=body["version"],
        key=kept["key"],
        is_marked=body["kind"] == "place" and bool(body["reason"]),
        dishes=dict(dishes),
        table=body["table"],
        cents=kept.get("amount_cents"),
    )
