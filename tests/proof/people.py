"""What people see: where each order stands, what is on the boards, and what the log cries out."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from tests.proof.history import Journal
from tests.proof.kitchen import read_paper

# The log events that call a person, and for which of their lines that is so.
ALERTS: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "delivery_held": lambda _line: True,
    "delivery_moved": lambda line: line.get("state") == "held",
    "dead_letter": lambda _line: True,
    "events_do_not_get_through": lambda _line: True,
    "restaurant_paused": lambda _line: True,
}
_MOVING: Final = frozenset({"ready", "sending", "unknown"})
_LOOK_EVERY: Final = 1.0
# Looks in a row in which nothing is on its way any more.
_STILL: Final = 3
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)


class People:
    """Operators and cooks at one site's console."""

    def __init__(
        self,
        site: str,
        console: str,
        token: str,
        session: aiohttp.ClientSession,
        journal: Journal,
    ) -> None:
        self._site = site
        self._console = console
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session = session
        self._journal = journal

    async def wait_for_rest(self, seconds: float) -> bool:
        """Until nothing is on its way to a worker or to a POS.

        False if something still is after that time.
        """
        ends, still = time.monotonic() + seconds, 0
        while still < _STILL:
            if time.monotonic() > ends:
                return False
            await asyncio.sleep(_LOOK_EVERY)
            states = [order["state"] async for order in self._orders("open=1")]
            is_moving = _MOVING & set(states) or await self._has_waiting_events()
            still = 0 if is_moving else still + 1
        return True

    async def look(self) -> dict[tuple[str, str], str]:
        """The state of each order, by restaurant and order."""
        return {
            (order["restaurant"], order["order_id"]): order["state"]
            async for order in self._orders("since=0")
        }

    async def tell_standings(self, at: str) -> None:
        """Where each order stands; `at` is whose console it is."""
        async for order in self._orders("since=0"):
            self._journal.append(
                "standing",
                site=self._site,
                restaurant=order["restaurant"],
                order=order["order_id"],
                at=at,
                state=order["state"],
                cause=order["cause"],
            )

    async def tell_board(self, restaurant: str, papers: Journal) -> None:
        """What is on a board is what its cooks have, as papers from elsewhere."""
        document = await self._ask(f"/api/v1/kitchen/{restaurant}/tickets")
        for ticket in document["tickets"]:
            place = {"site": self._site, "restaurant": restaurant, "key": "", "reply": "given"}
            paper = read_paper({**ticket, "kind": "place"}) | place
            papers.append("printed", **paper)
            if ticket["state"] == "void":
                # It is still there, and struck out.
                papers.append("printed", **paper | {"kind": "void"})

    def tell_alerts(self, log: Path) -> None:
        """Those of the daemon's log so far."""
        for t, line in read_alerts(log, offset=time.monotonic() - time.time()):
            self._journal.append(
                "alert",
                t=t,
                site=self._site,
                restaurant=line.get("restaurant", ""),
                order=line.get("order_id", ""),
                event=line["event"],
            )

    async def _has_waiting_events(self) -> bool:
        """Those that no worker has recorded yet."""
        return bool((await self._ask("/readyz"))["ledger"]["events_waiting"])

    async def _orders(self, query: str) -> AsyncIterator[Mapping[str, Any]]:
        before: str | None = ""
        while before is not None:
            more = f"&before={before}" if before else ""
            page = await self._ask(f"/api/v1/orders?{query}&limit=500{more}")
            for order in page["orders"]:
                yield order
            before = page["next"]

    async def _ask(self, path: str) -> dict[str, Any]:
        async with self._session.get(
            f"{self._console}{path}",
            headers=self._headers,
            timeout=_TIMEOUT,
            raise_for_status=True,
        ) as answer:
            return dict(orjson.loads(await answer.read()))


def read_alerts(log: Path, *, offset: float) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each with its time; `offset` turns the log's wall clock into that of the history."""
    for text in log.read_bytes().splitlines():
        line = _parse(text)
        event = line.get("event", "")
        if event in ALERTS and ALERTS[event](line):
            yield datetime.fromisoformat(line["timestamp"]).timestamp() + offset, line


def _parse(text: bytes) -> dict[str, Any]:
    """A line cut short by a kill says nothing."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
