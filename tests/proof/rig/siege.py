"""One site in a storm: its guests, and what is done to it from the first to the last."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp

from bridge.testing.guests import EVENING, arrive
from tests.proof.guests import Bbot
from tests.proof.history import Journal
from tests.proof.part import Job
from tests.proof.people import People
from tests.proof.rig.process import Process
from tests.proof.rig.schedule import LONGEST, Injection
from tests.proof.rig.site import Box, Site
from tests.proof.stall import Hunger, Stalls

# What can be done to a thing: False if nothing came of it.
Victim = Callable[[Injection], Awaitable[bool]]

# A daemon that has just come back must have the time to do something before it is killed again.
_BREATH: Final = 0.5
_LOOK_EVERY: Final = 3.0
# Whose console knows what came out of the kitchens.
_COOKS: Final = "worker"


class Siege:
    """`injections` are done to `victims`, by what they are done on and what it is.

    `calls` numbers the calls of all sites; `share` is the part of the guests that come here.
    """

    def __init__(
        self,
        job: Job,
        site: Site,
        *,
        session: aiohttp.ClientSession,
        journals: Mapping[str, Journal],
        calls: Iterator[int],
        share: float,
    ) -> None:
        self.site = site
        self.processes = {half: _process(box, site, session) for half, box in site.boxes.items()}
        self.victims: dict[tuple[str, str], Victim] = {}
        self.injections: Sequence[Injection] = ()
        self.done: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.guests = 0
        self._job = job
        self._rate = job.plan.rate * share
        self._journals = journals
        self._numbers = itertools.count(1)
        # Whoever answers the platform is the first that there is.
        self.stalls = Stalls(Hunger(lambda: next(iter(self.processes.values())).pid))
        self._bbot = Bbot(site.door, session, journals["bbot"], calls, self.stalls)
        self._people = {
            half: People(site.name, box.console, site.token, session, journals["people"])
            for half, box in site.boxes.items()
        }
        self._begun = 0.0
        self._is_over = asyncio.Event()

    async def start(self) -> None:
        await asyncio.gather(*(process.start() for process in self.processes.values()))

    async def play(self, has_enough: Callable[[], bool]) -> None:
        """Until all guests have been served, and everything is whole again."""
        self._begun = time.monotonic()
        stalls = asyncio.create_task(self.stalls.run())
        try:
            await self._play(has_enough)
        finally:
            stalls.cancel()

    async def _play(self, has_enough: Callable[[], bool]) -> None:
        async with asyncio.TaskGroup() as evening:
            for on in dict.fromkeys(injection.on for injection in self.injections):
                mine = [injection for injection in self.injections if injection.on == on]
                evening.create_task(self._strike(mine))
            await self._receive(evening, has_enough)
            self._is_over.set()

    async def wait_for_rest(self, seconds: float) -> bool:
        """Until all consoles say that nothing is on its way, and the same of each order.

        False if that is not so after that time.
        """
        ends = time.monotonic() + seconds
        rests = (people.wait_for_rest(seconds) for people in self._people.values())
        if not all(await asyncio.gather(*rests)):
            return False
        while compare({half: await each.look() for half, each in self._people.items()}):
            if time.monotonic() > ends:
                return False
            await asyncio.sleep(_LOOK_EVERY)
        return True

    async def tell(self) -> list[str]:
        """What people see in the end; in the answer is what they cannot be content with."""
        found = {}
        for half, people in self._people.items():
            await people.tell_standings(half or _COOKS)
            found[half] = await people.look()
        people = self._people.get(_COOKS) or self._people[""]
        for place in self.site.places:
            if not place.has_pos:
                await people.tell_board(place.id, self._journals["pos"])
        return compare(found)

    async def stop(self) -> list[str]:
        """What was wrong with the ends of the processes, the asked and the others."""
        statuses = await asyncio.gather(*(each.stop() for each in self.processes.values()))
        wrong = []
        for (half, process), status in zip(self.processes.items(), statuses, strict=True):
            name = half or "daemon"
            if status:
                wrong.append(f"the {name} ended with status {status} when it was asked to")
            wrong += [f"the {name} ended by itself, with status {each}" for each in process.died]
            self._people[half].tell_alerts(self.site.boxes[half].log)
        return wrong

    async def _receive(self, evening: asyncio.TaskGroup, has_enough: Callable[[], bool]) -> None:
        """Guests come whether or not the bridge keeps up."""
        storm = self._job.plan.storm
        names = tuple(place.id for place in self.site.places)
        seed = random.Random(f"{self._job.seed}/{self.site.name}").getrandbits(32)  # noqa: S311  of a load
        for guest, chance in arrive(seed, names, EVENING, lambda: datetime.now(UTC)):
            due = self._begun + self.guests / self._rate
            await asyncio.sleep(due - time.monotonic())
            passed = time.monotonic() - self._begun
            if passed > storm * LONGEST or (passed > storm and has_enough()):
                return
            self.guests += 1
            evening.create_task(self._bbot.serve(guest, chance))

    async def _strike(self, injections: Sequence[Injection]) -> None:
        """One after the other: what is down already cannot be killed."""
        for injection in injections:
            if await self._is_over_before(injection.at):
                return
            begun = time.monotonic()
            if await self.victims[injection.on, injection.what](injection):
                self._note(injection, begun)
            await asyncio.sleep(_BREATH if injection.on in self.processes else 0)

    async def _is_over_before(self, at: float) -> bool:
        try:
            async with asyncio.timeout(self._begun + at - time.monotonic()):
                return await self._is_over.wait()
        except TimeoutError:
            return False

    def _note(self, injection: Injection, begun: float) -> None:
        """It lasted until now, with what must recover from it."""
        self.done[injection.what] += 1
        self.troubles[_describe(injection)] += 1
        name = self.site.name
        self._journals["faults"].append(
            injection.what,
            t=begun,
            id=f"{injection.what}-{name}{next(self._numbers)}",
            on=f"{name}.{injection.on}" if injection.on else name,
            until=time.monotonic(),
            trouble=injection.trouble,
        )


def _process(box: Box, site: Site, session: aiohttp.ClientSession) -> Process:
    return Process(
        box.command,
        log=box.log,
        ready=f"{box.console}/readyz",
        door=box.door,
        environment=site.environment,
        session=session,
    )


def _describe(injection: Injection) -> str:
    """Of a POS it does not matter which one."""
    on = "pos" if injection.on.startswith("pos.") else injection.on or "daemon"
    return " ".join(filter(None, (on, injection.trouble or injection.what)))


def compare(found: Mapping[str, Mapping[tuple[str, str], str]]) -> list[str]:
    """Both consoles must show the same of an order that both know."""
    ingress, worker = found.get("ingress", {}), found.get("worker", {})
    other = [
        f"{'/'.join(key)} is {state} to the ingress, and {worker[key]} to the worker"
        for key, state in ingress.items()
        if worker.get(key, state) != state
    ]
    return [f"{len(other)} orders stand differently at the ingress: {other[0]}"] if other else []
