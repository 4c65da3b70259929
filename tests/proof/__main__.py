"""python -m tests.proof: are the three promises kept, whatever happens?"""

import secrets
import shutil
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path

import click
import orjson

from tests.proof.part import Job, Result
from tests.proof.plan import SHORT, plan_for

# In this order; the module of each has `run(job) -> Result`.
PARTS = {
    "sim": "tests.proof.sim.part",
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
    results = {}
    for name in parts or PARTS:
        click.echo(f"== {name}", err=True)
        place = directory / name
        place.mkdir(parents=True)
        results[name] = _run(name, Job(plan=plan, seed=seed, directory=place, tell=_tell))
    sys.exit(_report(seed, results, directory))


def _run(name, job):
    """A part that breaks has proved nothing, and the others go on."""
    try:
        return import_module(PARTS[name]).run(job)
    except Exception as error:  # noqa: BLE001  it is told, and the proof fails
        _tell(traceback.format_exc())
        return Result(wrong=[f"the part itself failed: {type(error).__name__}: {error}"])


def _report(seed, results, directory):
    wrong = [f"{name}: {each}" for name, result in results.items() for each in result.wrong]
    document = {
        "version": 1,
        "seed": seed,
        "parts": {name: result.figures for name, result in results.items()},
        "skipped": [each for result in results.values() for each in result.skipped],
        "wrong": wrong,
    }
    (directory / "report.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    click.echo("\n".join([f"seed {seed}", *(wrong or ["nothing is wrong"])]))
    return 1 if wrong else 0


def _tell(text):
    click.echo(text, err=True)


if __name__ == "__main__":
    prove(prog_name="python -m tests.proof")
