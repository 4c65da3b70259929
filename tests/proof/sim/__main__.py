"""python -m tests.proof.sim --replay SEED: one evening of the simulation, and what was wrong."""

import os
import sys

if os.environ.get("PYTHONHASHSEED") != "0":
    os.execve(  # noqa: S606  ourselves once more
        sys.executable,
        [sys.executable, "-m", "tests.proof.sim", *sys.argv[1:]],
        {**os.environ, "PYTHONHASHSEED": "0"},
    )

from tests.proof.points import firing, rewrite
from tests.proof.points.kinds import MODULES
from tests.proof.sim import loop

loop.take_over()
rewrite.install(MODULES)


def _find_firing():
    life = loop.LIFE.get()
    return life.owner.firing if life is not None and not life.is_over else None


firing.use(_find_firing)

from tests.proof.sim import process  # noqa: E402  the order is the point
from tests.proof.sim.command import command  # noqa: E402

process.replace_edges()

if __name__ == "__main__":
    command(prog_name="python -m tests.proof.sim")
