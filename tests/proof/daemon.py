"""python -m tests.proof.daemon run --config ...: the real daemon, with fail points.

PROOF_POINTS=1         put them in
PROOF_CONTROL=PATH     a socket that arms shots, see `points.control`
PROOF_HISTORY=DIR      shots are written to the faults there before they are fired
PROOF_SITE=SITE        what they are done to
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from tests.proof.history import Journal
from tests.proof.points import control, firing, rewrite
from tests.proof.points.firing import Firing, RealHand, Shot
from tests.proof.points.kinds import MODULES


def put_points(environ: Mapping[str, str]) -> Firing | None:
    """Before anything of the bridge is imported; None if nobody asked for them."""
    if environ.get("PROOF_POINTS") != "1":
        return None
    rewrite.install(MODULES)
    found = Firing(RealHand(), _noter(environ))
    firing.use(lambda: found)
    if "PROOF_CONTROL" in environ:
        control.listen(Path(environ["PROOF_CONTROL"]), found)
    return found


def _noter(environ: Mapping[str, str]):
    if "PROOF_HISTORY" not in environ:
        return lambda _shot: None
    journal = Journal(Path(environ["PROOF_HISTORY"]), "faults")
    site = environ.get("PROOF_SITE", "a")

    def note(shot: Shot) -> None:
        seconds = shot.seconds if shot.do == "hang" else 0.0
        journal.append(
            "shot",
            id=shot.id,
            on=site,
            until=time.monotonic() + seconds,
            point=shot.point,
            side=shot.side,
            do=shot.do,
        )

    return note


def run() -> None:
    """As the command does it."""
    put_points(os.environ)
    from bridge.cli.main import main  # noqa: PLC0415  the points go in first

    main(prog_name="pos-bridge")


if __name__ == "__main__":
    run()
