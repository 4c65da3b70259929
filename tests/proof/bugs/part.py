"""The part of the proof that asks whether the checker deserves belief: every bug is caught."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from tests.proof.bugs.catalogue import BUGS, Bug
from tests.proof.part import Job, Result

PROCESSES: Final = 2
# Far more than a slow machine needs.
PATIENCE: Final = 900.0


def run(job: Job) -> Result:
    """Side by side in processes of their own."""
    shares = [[bug.name for bug in BUGS[number::PROCESSES]] for number in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as threads:
        found = [catch for some in threads.map(_hunt, shares) for catch in some]
    result = judge({catch["bug"]: catch for catch in found})
    job.tell(f"planted bugs: {result.figures['caught']} of {result.figures['planted']} caught")
    return result


def judge(catches: dict[str, dict[str, Any]]) -> Result:
    """A bug that is not caught fails the proof, and so does a control that is to blame."""
    result = Result()
    for bug in BUGS:
        catch = catches.get(bug.name)
        if catch is None:
            result.wrong.append(f"{bug.name}: nobody could say whether it is caught")
        elif not catch["counter"]:
            result.wrong.append(f"{bug.name}: not caught in {catch['evenings']} evenings")
        elif catch["control"]:
            blame = "; ".join(catch["control"][:2])
            result.wrong.append(f"{bug.name}: the evening without it is to blame, too: {blame}")
    rows = [_row(bug, catches.get(bug.name, {})) for bug in BUGS]
    caught = sum(row["is_caught"] for row in rows)
    result.figures = {"planted": len(BUGS), "caught": caught, "bugs": rows}
    return result


def _row(bug: Bug, catch: dict[str, Any]) -> dict[str, Any]:
    counter = catch.get("counter", "")
    return {
        "name": bug.name,
        "is_caught": bool(counter) and not catch["control"],
        "breaks": counter,
        "evenings": catch.get("evenings", 0),
        "what": _first_line(bug.plant),
        "without": _first_line(bug.without) if bug.without else "",
        "case": catch.get("story", [])[1:2],
    }


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


def _hunt(names: list[str]) -> list[dict[str, Any]]:
    """What a process could tell before it ended, however it did."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.bugs", "--json", *names],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        timeout=PATIENCE,
        check=False,
    )
    return [orjson.loads(line) for line in done.stdout.splitlines()]
