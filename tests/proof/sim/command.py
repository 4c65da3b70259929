"""What one process of the simulation is asked for, and what it answers."""

import gc
import hashlib
import sys
import traceback
from pathlib import Path
from typing import Any

import click
import orjson

from tests.proof.checker import check
from tests.proof.points.firing import DOES, SIDES, Shot
from tests.proof.sim.matrix import CELL
from tests.proof.sim.notes import keep
from tests.proof.sim.recipe import REACHING, draw, list_points
from tests.proof.sim.world import Outcome, play
from tests.proof.timeline import tell_first


@click.command()
@click.option("--replay", type=int, metavar="SEED", help="This evening, and what was wrong.")
@click.option("--recipe", type=int, metavar="N", help="By the N-th recipe of the matrix.")
@click.option("--point", help="With a shot there, see --side and --do.")
@click.option("--side", type=click.Choice(SIDES), default="before", show_default=True)
@click.option("--do", type=click.Choice(DOES), default="crash", show_default=True)
@click.option(
    "--keep", "directory", type=click.Path(path_type=Path), help="The history goes there."
)
def command(replay, recipe, point, side, do, directory):
    """Play evenings of one box. Without --replay: those that come as lines of JSON.

    Exit status 0 if a replayed evening was good, 1 if not.
    """
    if replay is None:
        _serve()
        return
    shot = Shot(id=CELL, point=point, side=side, do=do) if point else None
    outcome = play(replay, draw(replay) if recipe is None else REACHING[recipe], shot)
    verdict = check(outcome.history)
    click.echo(orjson.dumps(verdict.as_dict(), option=orjson.OPT_INDENT_2).decode())
    click.echo("\n".join([*outcome.ends, *outcome.complaints]))
    click.echo("\n".join(tell_first(verdict, outcome.history)))
    if directory:
        keep(outcome.history, directory)
    sys.exit(0 if verdict.is_good else 1)


def _serve():
    """One line of JSON for each that comes in."""
    # What is there by now stays: the rest is cleared away after each evening, and that is less.
    play(0, draw(0))
    gc.collect()
    gc.freeze()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(orjson.dumps(_answer(orjson.loads(line))) + b"\n")
        sys.stdout.buffer.flush()


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    if task.get("ask") == "points":
        return {**task, "points": list_points()}
    seed, recipe = task["seed"], task.get("recipe")
    shot = Shot(**task["shot"]) if "shot" in task else None
    try:
        outcome = play(seed, draw(seed) if recipe is None else REACHING[recipe], shot)
    except Exception as error:  # noqa: BLE001  told to whoever asked
        traceback.print_exc()
        return {**task, "broken": f"{type(error).__name__}: {error}"}
    return {**task, **_describe(outcome, has_hits=recipe is not None and shot is None)}


def _describe(outcome: Outcome, *, has_hits: bool) -> dict[str, Any]:
    verdict = check(outcome.history)
    return {
        "verdict": verdict.as_dict(),
        "story": tell_first(verdict, outcome.history),
        "digest": hashlib.sha256(orjson.dumps(outcome.history.records)).hexdigest(),
        "hits": sorted(outcome.hits) if has_hits else [],
        "fired": outcome.fired,
        "faults": sum(1 for _ in outcome.history.of("faults")),
        "starts": outcome.starts,
        "ends": outcome.ends,
        "complaints": outcome.complaints,
    }
