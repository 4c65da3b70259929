"""Real daemons in a storm: guests come, whatever is done to the bridge and to the POS meanwhile."""

import asyncio
import itertools
import shutil
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, Final

import aiohttp

from bridge.testing.guests import EVENING, arrive
from tests.proof.checker import Verdict, check
from tests.proof.guests import Bbot
from tests.proof.history import FIELDS, Journal, read_history
from tests.proof.kitchen import JournalingPos, open_kitchens
from tests.proof.part import Job, Result
from tests.proof.people import People
from tests.proof.plan import Targets
from tests.proof.rig.process import Process
from tests.proof.rig.schedule import KILL, LONGEST, POS, Injection, schedule
from tests.proof.rig.site import PLACES, Site
from tests.proof.stall import Stalls
from tests.proof.timeline import tell_first

SITE: Final = "a"
# After the last guest: whatever is on its way must arrive, be held or be refused.
REST: Final = 120.0
# A daemon that has just come back must have the time to do something before it is killed again.
_BREATH: Final = 0.5


def run(job: Job) -> Result:
    """One box: killed, stopped, and let down by each POS, from the first guest to the last."""
    history = job.directory / "history"
    history.mkdir()
    return asyncio.run(_run(job, history))


async def _run(job: Job, history: Path) -> Result:
    result = Result()
    with ExitStack() as stack:
        journals = {name: Journal(history, name) for name in FIELDS}
        for journal in journals.values():
            stack.callback(journal.close)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            open_kitchens(SITE, PLACES, journals["pos"], job.seed) as kitchens,
        ):
            urls = {name: pos.url for name, pos in kitchens.items()}
            site = Site(job.directory / "site", urls)
            storm = Storm(job, site, kitchens, session, journals)
            await storm.blow(result)
    return _judge(job, history, storm, result)


class Storm:
    """One site, its guests, its kitchens, and what is done to all of them."""

    def __init__(
        self,
        job: Job,
        site: Site,
        kitchens: dict[str, JournalingPos],
        session: aiohttp.ClientSession,
        journals: dict[str, Journal],
    ) -> None:
        self._job = job
        self._site = site
        self._kitchens = kitchens
        self._journals = journals
        self._numbers = itertools.count(1)
        self.stalls = Stalls()
        calls = itertools.count(1)
        self._bbot = Bbot(site.door, session, journals["bbot"], calls, self.stalls)
        self._process = Process(
            site.command,
            log=site.log,
            ready=f"{site.console}/readyz",
            door=site.port,
            environment=site.environment,
            session=session,
        )
        self._people = People(site.name, site.console, site.token, session, journals["people"])
        self._begun = 0.0
        self._is_over = asyncio.Event()
        self.done: Counter[str] = Counter()
        self.guests = 0

    async def blow(self, result: Result) -> None:
        """All of it, until everything is at rest and everybody has told what they saw."""
        stalls = asyncio.create_task(self.stalls.run())
        try:
            await self._process.start()
            await self._play()
            self._job.tell(f"{self.guests} guests, {self.done.total()} injections: wait for rest")
            if not await self._people.wait_for_rest(REST):
                result.wrong.append(f"orders are still on their way {REST:.0f} s after the storm")
            await self._tell()
        finally:
            stalls.cancel()
            status = await self._process.stop()
        if status:
            result.wrong.append(f"the daemon ended with status {status} when it was asked to")
        for died in self._process.died:
            result.wrong.append(f"the daemon ended by itself, with status {died}")
        self._people.tell_alerts(self._site.log)

    async def _play(self) -> None:
        plan = self._job.plan
        injections = schedule(self._job.seed, plan.storm, plan.targets, list(self._kitchens))
        self._begun = time.monotonic()
        async with asyncio.TaskGroup() as evening:
            for on in ("", *self._kitchens):
                mine = [injection for injection in injections if injection.on == on]
                evening.create_task(self._strike(mine))
            await self._receive(evening)
            self._is_over.set()

    async def _receive(self, evening: asyncio.TaskGroup) -> None:
        """Guests come whether or not the bridge keeps up."""
        plan = self._job.plan
        names = tuple(place.id for place in PLACES)
        for guest, chance in arrive(self._job.seed, names, EVENING, lambda: datetime.now(UTC)):
            due = self._begun + self.guests / plan.rate
            await asyncio.sleep(due - time.monotonic())
            passed = time.monotonic() - self._begun
            if passed > plan.storm * LONGEST or (passed > plan.storm and self._has_enough()):
                return
            self.guests += 1
            evening.create_task(self._bbot.serve(guest, chance))

    def _has_enough(self) -> bool:
        targets = self._job.plan.targets
        return self.done[KILL] >= targets.kills and self.done.total() >= targets.injections

    async def _strike(self, injections: list[Injection]) -> None:
        """One after the other: what is down already cannot be killed."""
        for injection in injections:
            if await self._is_over_before(injection.at):
                return
            begun = time.monotonic()
            await self._inject(injection)
            self._note(injection, begun)
            await asyncio.sleep(_BREATH if not injection.on else 0)

    async def _is_over_before(self, at: float) -> bool:
        try:
            async with asyncio.timeout(self._begun + at - time.monotonic()):
                return await self._is_over.wait()
        except TimeoutError:
            return False

    async def _inject(self, injection: Injection) -> None:
        if injection.what == POS:
            await self._kitchens[injection.on].suffer(injection.trouble, injection.seconds)
        elif injection.what == KILL:
            await self._process.kill()
        else:
            await self._process.pause(injection.seconds)

    def _note(self, injection: Injection, begun: float) -> None:
        """It lasted until now, with what must recover from it."""
        self.done[injection.what] += 1
        on = f"{SITE}.pos.{injection.on}" if injection.on else SITE
        number = f"{injection.what}-{next(self._numbers)}"
        self._journals["faults"].append(
            injection.what,
            t=begun,
            id=number,
            on=on,
            until=time.monotonic(),
            trouble=injection.trouble,
        )

    async def _tell(self) -> None:
        await self._people.tell_standings("worker")
        for place in PLACES:
            if not place.has_pos:
                await self._people.tell_board(place.id, self._journals["pos"])


def _judge(job: Job, directory: Path, storm: Storm, result: Result) -> Result:
    history = read_history(directory)
    verdict = check(history)
    result.figures = {
        "guests": storm.guests,
        "longest_stall_of_the_kit": round(storm.stalls.longest, 2),
        "cpu_seconds": {"kit": _cpu(RUSAGE_SELF), "daemon": _cpu(RUSAGE_CHILDREN)},
        "injections": dict(storm.done),
        **verdict.as_dict(),
        "first_finding": tell_first(verdict, history),
    }
    result.wrong += [f"{name}: {count}" for name, count in verdict.counts.items() if count]
    result.wrong += _shortfalls(verdict, storm.done, job.plan.targets)
    for line in result.figures["first_finding"]:
        job.tell(line)
    if not result.wrong:
        shutil.rmtree(job.directory / "site")
        shutil.rmtree(directory)
    return result


def _cpu(who: int) -> float:
    used = getrusage(who)
    return round(used.ru_utime + used.ru_stime, 1)


def _shortfalls(verdict: Verdict, done: Counter[str], targets: Targets) -> list[str]:
    reached: dict[str, Any] = {
        "accepted orders": (verdict.accepted, targets.orders),
        "injections": (done.total(), targets.injections),
        "kills": (done[KILL], targets.kills),
    }
    return [
        f"only {found} {name}, and {least} are the least"
        for name, (found, least) in reached.items()
        if found < least
    ]
