"""Real daemons in a storm: guests come, whatever is done to the bridge and to all that it needs."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, Final

import aiohttp

from tests.proof.checker import Verdict, check
from tests.proof.history import FIELDS, Journal, read_history
from tests.proof.part import Job, Result
from tests.proof.plan import Targets
from tests.proof.report.answers import describe
from tests.proof.rig import disk
from tests.proof.rig.schedule import KILL
from tests.proof.rig.siege import Siege
from tests.proof.rig.stage import Stage
from tests.proof.timeline import tell_first
from tests.rabbitmq_node import LocalNode, can_run_locally, local_broker

# After the last guest: whatever is on its way must arrive, be held or be refused. What a broker
# has lost is missed after a minute, and the answer to that may be lost once more.
REST: Final = 180.0
# The part of guests and faults for ingress and worker apart: they need more time to recover, and
# three processes need more of the machine.
APART: Final = 0.4
NO_BROKER: Final = "ingress and worker apart: no rabbitmq-server on this machine"


def run(job: Job) -> Result:
    """One box, and ingress and worker apart: everything fails, from the first guest to the last."""
    history = job.directory / "history"
    history.mkdir()
    result = Result()
    with ExitStack() as stack:
        node = stack.enter_context(local_broker()) if can_run_locally() else None
        if node is None:
            result.skipped.append(NO_BROKER)
        elif not disk.can_mount(history):
            result.skipped.append(disk.NOT_HERE)
        storm = asyncio.run(_blow(job, history, node, result))
    return _judge(job, history, storm, result)


async def _blow(job: Job, history: Path, node: LocalNode | None, result: Result) -> "Storm":
    async with AsyncExitStack() as stack:
        journals = {name: Journal(history, name) for name in FIELDS}
        for journal in journals.values():
            stack.callback(journal.close)
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        storm = Storm(job)
        stage = Stage(job, stack, session=session, journals=journals)
        if node is None:
            storm.sieges = [await stage.build_box(1.0)]
        else:
            storm.sieges = [await stage.build_box(1 - APART), await stage.build_split(APART, node)]
        await storm.blow(result)
    return storm


class Storm:
    """All sites side by side."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.sieges: list[Siege] = []

    @property
    def guests(self) -> int:
        return sum(siege.guests for siege in self.sieges)

    @property
    def done(self) -> Counter[str]:
        """Injections, by what was done."""
        return sum((siege.done for siege in self.sieges), Counter())

    async def blow(self, result: Result) -> None:
        """All of it, until everything is at rest and everybody has told what they saw."""
        try:
            await asyncio.gather(*(siege.start() for siege in self.sieges))
            async with asyncio.TaskGroup() as evening:
                for siege in self.sieges:
                    evening.create_task(siege.play(self._has_enough))
            told = f"{self.guests} guests, {self.done.total()} injections: wait for rest"
            self._job.tell(told)
            rests = await asyncio.gather(*(siege.wait_for_rest(REST) for siege in self.sieges))
            if not all(rests):
                result.wrong.append(f"orders are still on their way {REST:.0f} s after the storm")
            for siege in self.sieges:
                result.wrong += await siege.tell()
        finally:
            for wrong in await asyncio.gather(*(siege.stop() for siege in self.sieges)):
                result.wrong += wrong

    def _has_enough(self) -> bool:
        targets, done = self._job.plan.targets, self.done
        return done[KILL] >= targets.kills and done.total() >= targets.injections


def _judge(job: Job, directory: Path, storm: Storm, result: Result) -> Result:
    history = read_history(directory)
    verdict = check(history)
    result.figures = {
        "guests": storm.guests,
        "cpu_seconds": {"kit": _cpu(RUSAGE_SELF), "daemons": _cpu(RUSAGE_CHILDREN)},
        "injections": dict(storm.done),
        "kills": storm.done[KILL],
        "sites": {siege.site.name: _describe(siege) for siege in storm.sieges},
        **verdict.as_dict(),
        "answers": describe(history),
        "first_finding": tell_first(verdict, history),
    }
    result.wrong += [f"{name}: {count}" for name, count in verdict.counts.items() if count]
    result.wrong += _shortfalls(verdict, storm.done, job.plan.targets)
    for line in result.figures["first_finding"]:
        job.tell(line)
    if not result.wrong:
        for siege in storm.sieges:
            shutil.rmtree(siege.site.directory)
        shutil.rmtree(directory)
    return result


def _describe(siege: Siege) -> Mapping[str, Any]:
    """What was done to one site."""
    return {
        "processes": [half or "all" for half in siege.processes],
        "guests": siege.guests,
        "longest_stall": round(siege.stalls.longest, 2),
        "injections": dict(siege.done),
        "troubles": dict(sorted(siege.troubles.items())),
    }


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
