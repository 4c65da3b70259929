"""Every fail point x side x what it does, once: passed, failed, or not reached."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tests.proof.points.firing import DOES, SIDES
from tests.proof.sim.pool import Pool, Task
from tests.proof.sim.recipe import REACHING

SEED: Final = 7
CELL: Final = "cell"
PASSED, FAILED, NOT_REACHED = "passed", "failed", "not reached"


@dataclass(slots=True)
class Matrix:
    """`cells`: (point, side, do, result); `stories`: what went wrong in those that failed."""

    cells: list[tuple[str, str, str, str]] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    stories: dict[str, list[str]] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        return Counter(result for *_cell, result in self.cells)


def fill(pool: Pool) -> Matrix:
    """All cells of this shape."""
    (asked,) = pool.play([{"ask": "points"}])
    ways = _find_ways(pool)
    matrix, tasks = Matrix(), []
    for name in asked["points"]:
        if (name, "before") not in ways:
            matrix.unreached.append(name)
        for side in SIDES:
            recipe = ways.get((name, side))
            if recipe is not None:
                tasks += [_task(name, side, do, recipe) for do in DOES]
            else:
                matrix.cells += [(name, side, do, NOT_REACHED) for do in DOES]
    for found in pool.play(tasks):
        _judge(found, matrix)
    matrix.cells.sort()
    return matrix


def _find_ways(pool: Pool) -> dict[tuple[str, str], int]:
    """The first recipe that comes by each point and side."""
    ways: dict[tuple[str, str], int] = {}
    for found in pool.play({"seed": SEED, "recipe": each} for each in range(len(REACHING))):
        for name, side in found["hits"]:
            ways.setdefault((name, side), found["recipe"])
    return ways


def _task(point: str, side: str, do: str, recipe: int) -> Task:
    shot = {"id": CELL, "point": point, "side": side, "do": do}
    return {"seed": SEED, "recipe": recipe, "shot": shot}


def _judge(found: Task, matrix: Matrix) -> None:
    shot: dict[str, Any] = found["shot"]
    cell = shot["point"], shot["side"], shot["do"]
    wrong = [found["broken"]] if "broken" in found else found["story"]
    if wrong:
        matrix.stories[" ".join(cell)] = [how_to_replay(found), *wrong]
        matrix.cells.append((*cell, FAILED))
    else:
        matrix.cells.append((*cell, PASSED if CELL in found["fired"] else NOT_REACHED))


def how_to_replay(found: Task) -> str:
    """The command that shows it again."""
    words = ["python -m tests.proof.sim --replay", str(found["seed"])]
    if "recipe" in found:
        words.append(f"--recipe {found['recipe']}")
    if shot := found.get("shot"):
        words.append(f"--point '{shot['point']}' --side {shot['side']} --do {shot['do']}")
    return " ".join(words)
