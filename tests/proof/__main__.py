"""python -m tests.proof: are the three promises kept, whatever happens?"""

import secrets
import shutil
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from tests.proof import report
from tests.proof.part import Job, Result
from tests.proof.plan import SHORT, plan_for
from tests.proof.report.document import build

# In this order; the module of each has `run(job) -> Result`.
PARTS = {
    "sim": "tests.proof.sim.part",
    "bugs": "tests.proof.bugs.part",
    "storm": "tests.proof.rig.storm",
}


@click.command()
@click.option("--minutes", type=click.FloatRange(min=1), default=10.0, show_default=True)
@click.option("--short", is_flag=True, help="The form that belongs to the tests: a few minutes.")
@click.option("--seed", type=int, help="The same seed injects the same faults.")
@click.option(
    "--part", "parts", multiple=True, type=click.Choice(list(PARTS)), help="Only that one."
)
@click.option(
    "--report",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("proof-report"),
    show_default=True,
    help="The report goes there.",
)
def prove(minutes, short, seed, parts, directory):
    """Break whatever can break, and count what became of each order.

    Exit status 0 if nothing was lost, doubled, out of order, made up or blocked without need, and
    enough was done to believe it; 1 if not.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = SHORT if short else plan_for(minutes)
    seed = secrets.randbits(32) if seed is None else seed
    shutil.rmtree(directory, ignore_errors=True)
    began, begun = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    results = {}
    for name in parts or PARTS:
        click.echo(f"== {name}", err=True)
        place = directory / name
        place.mkdir(parents=True)
        results[name] = _run(name, Job(plan=plan, seed=seed, directory=place, tell=_tell))
    form = "the short form" if short else f"{minutes:g} minutes"
    seconds = time.monotonic() - began
    document = build(results, seed=seed, form=form, begun=begun, seconds=seconds)
    click.echo("\n".join(report.write(document, directory)))
    sys.exit(1 if document["wrong"] else 0)


def _run(name, job):
    """A part that breaks has proved nothing, and the others go on."""
    try:
        return import_module(PARTS[name]).run(job)
    except Exception as error:  # noqa: BLE001  it is told, and the proof fails
        _tell(traceback.format_exc())
        return Result(wrong=[f"the part itself failed: {type(error).__name__}: {error}"])


def _tell(text):
    click.echo(text, err=True)


if __name__ == "__main__":
    prove(prog_name="python -m tests.proof")
