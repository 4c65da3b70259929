"""What a process that plants bugs is asked for, and what it answers."""

import sys
from dataclasses import asdict

import click
import orjson

from bridge.broker import dial
from tests.proof.bugs import wire
from tests.proof.bugs.catalogue import BUGS
from tests.proof.bugs.evening import Catch, hunt
from tests.proof.bugs.world import build_daemon
from tests.proof.sim import process


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([bug.name for bug in BUGS]), metavar="NAME...")
@click.option("--json", "as_lines", is_flag=True, help="A line of JSON for each.")
def command(names, as_lines):
    """Plant these bugs, or all. Exit status 0 if each was caught and no control was to blame."""
    dial._Wire.create = wire.create
    process.Daemon = build_daemon
    is_good = True
    for bug in BUGS:
        if names and bug.name not in names:
            continue
        catch = hunt(bug)
        is_good &= catch.is_good
        click.echo(orjson.dumps(asdict(catch)) if as_lines else _describe(catch))
    sys.exit(0 if is_good else 1)


def _describe(catch: Catch) -> str:
    head = f"{catch.bug}: {catch.counter or 'NOT CAUGHT'} after {catch.evenings} evenings"
    control = ["in the control, too:", *catch.control] if catch.control else []
    return "\n".join([head, *catch.story, *control, ""])
