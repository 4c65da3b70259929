"""The group of commands. Heavy imports wait until a command runs."""

import click

from bridge import __version__
from bridge.cli.adapters import adapters
from bridge.cli.check import check
from bridge.cli.decide import pause, replay, resolve, resume, take_over, void
from bridge.cli.demo import demo
from bridge.cli.doctor import doctor
from bridge.cli.orders import orders, show
from bridge.cli.run import run
from bridge.cli.salvage import salvage
from bridge.cli.simulate import simulate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pos-bridge")
def main() -> None:
    """Bring orders from an ordering platform to a restaurant's POS.

    Exit status: 0 good, 1 the thing asked for is not so, 2 wrong use or wrong configuration.
    """


for command in (
    *(run, demo, check, doctor, simulate, orders, show),
    *(replay, resolve, void, pause, resume, take_over, adapters, salvage),
):
    main.add_command(command)
