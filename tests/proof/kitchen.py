"""The kitchens: a POS for each restaurant that has one, and all paper that comes out of them."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import orjson

from bridge.testing.behaviour import Behaviour, busy, drop, error, needs_operator, slow, up
from bridge.testing.fake_pos import FakePos
from bridge.testing.tabs import describe
from tests.proof.history import Journal

# So many of the tickets that come meanwhile meet the trouble.
_SHARE: Final = 0.6
_HEARD: Final = frozenset({"up", "slow"})
# A reply that takes longer may be too late for whoever waits for it.
_PATIENCE: Final = 1.5
# Nobody waits for so long.
_NEVER: Final = 10.0


class JournalingPos(FakePos):
    """Writes down each paper as it comes out, and whether anybody was told."""

    def __init__(
        self, site: str, restaurant: str, journal: Journal, chance: random.Random, **options: Any
    ) -> None:
        self._place = {"site": site, "restaurant": restaurant}
        self._journal = journal
        self._chance = chance
        self._trouble = ""
        self._treatment: Behaviour = up()
        super().__init__(**options)

    @property
    def always(self) -> Behaviour:
        """How the ticket that is at the counter now is treated."""
        return self.meet(self._trouble)

    @always.setter
    def always(self, _usual: Behaviour) -> None:
        """It is always a matter of chance."""

    def meet(self, trouble: str) -> Behaviour:
        """What the next ticket meets, by chance."""
        is_met = bool(trouble) and self._chance.random() < _SHARE
        self._treatment = _treat(trouble, self._chance) if is_met else up()
        return self._treatment

    async def suffer(self, trouble: str, seconds: float) -> None:
        """From now until that time is over."""
        self._trouble = trouble
        if trouble == "down":
            await self.stop_listening()
        if trouble == "closed":
            self.closed = "the kitchen is closed"
        try:
            await asyncio.sleep(seconds)
        finally:
            self._trouble, self.closed = "", None
            await self.listen()

    def _keep(self, key: str, body: str) -> dict[str, Any]:
        kept = super()._keep(key, body)
        self._note(kept, key, body)
        return kept

    def _book(self, ticket: str, key: str, body: str) -> dict[str, Any]:
        kept = super()._book(ticket, key, body)
        self._note(kept, key, body)
        return kept

    def _note(self, kept: Mapping[str, Any], key: str, body: str) -> None:
        if kept["duplicate"]:
            return
        treatment, paper = self._treatment, orjson.loads(body)
        is_given = treatment.name in _HEARD and treatment.seconds < _PATIENCE
        self._journal.append(
            "printed",
            **self._place,
            **read_paper(paper),
            key=key,
            reply="given" if is_given else "withheld",
        )


def read_paper(paper: Mapping[str, Any]) -> dict[str, Any]:
    """What a cook reads on it."""
    dishes: dict[str, int] = defaultdict(int)
    for line in paper["lines"]:
        dishes[describe(line["name"], line["modifiers"], line["notes"])] += line["quantity"]
    return {
        "order": paper["order_id"],
        "kind": paper["kind"],
        "version": paper["version"],
        "marked": paper["kind"] == "place" and bool(paper["reason"]),
        "dishes": dict(dishes),
    }


@asynccontextmanager
async def open_kitchens(
    site: str, places: Iterable[Any], journal: Journal, seed: int
) -> AsyncIterator[dict[str, JournalingPos]]:
    """By restaurant; one that has only a board has no POS."""
    async with AsyncExitStack() as stack:
        yield {
            place.id: await stack.enter_async_context(
                JournalingPos(
                    site,
                    place.id,
                    journal,
                    random.Random(f"{seed}/{place.id}"),  # noqa: S311  of a load
                    idempotent=place.is_idempotent,
                )
            )
            for place in places
            if place.has_pos
        }


def _treat(trouble: str, chance: random.Random) -> Behaviour:
    """To one ticket. While a POS is down or closed no ticket comes as far as that."""
    keeps = chance.random() < 0.5
    match trouble:
        case "lost":
            late = Behaviour(name="slow", keeps=keeps, seconds=_NEVER)
            return late if chance.random() < 0.3 else drop(keeps=keeps)
        case "error":
            return error(keeps=keeps)
        case "busy":
            return busy(chance.uniform(0.1, 1.0))
        case "slow":
            return slow(chance.uniform(0.2, 3.0))
        case "paper":
            return needs_operator()
        case _:
            return up()
