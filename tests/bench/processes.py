"""Child processes of the bench: started apart from the terminal, ended by their process id."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
STOP_LIMIT = 15.0


class Died(click.ClickException):
    """A process of the bench ended before its work was done."""


@contextmanager
def started(arguments, *, stdout=subprocess.DEVNULL, stderr=None):
    """`python -m ARGUMENTS...` for as long as the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        # The terminal's Ctrl-C is for the bench, which then ends its children itself.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)


def end(process):
    """SIGTERM, and SIGKILL where that does not help."""
    process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_LIMIT)
    if process.stdout is not None:
        process.stdout.close()


def environment():
    """Without settings of a bridge that belong to somebody else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}


def cpu_seconds(pids):
    """CPU time that the processes have used so far; None where the system does not tell."""
    try:
        stats = [Path(f"/proc/{pid}/stat").read_text("ascii") for pid in pids]
    except OSError:
        return None
    # After the name in brackets: user and system time are the 12th and 13th, in ticks.
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")
