"""python -m tests.proof.bugs [NAME]...: plants one bug after the other, until each is caught."""

import os
import sys
from importlib import import_module

if os.environ.get("PYTHONHASHSEED") != "0":
    os.execve(  # noqa: S606  ourselves once more
        sys.executable,
        [sys.executable, "-m", "tests.proof.bugs", *sys.argv[1:]],
        {**os.environ, "PYTHONHASHSEED": "0"},
    )

# It takes over clocks and chances, and puts in the fail points, before the bridge is imported.
import_module("tests.proof.sim.__main__")

from tests.proof.bugs.command import command  # noqa: E402  the order is the point

if __name__ == "__main__":
    command(prog_name="python -m tests.proof.bugs")
