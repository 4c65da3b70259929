"""`pos-bridge run`."""

import os
from pathlib import Path

import click

from bridge.cli import config_file
from bridge.cli.process import serve


@click.command()
@config_file.option
@click.option(
    "--role",
    type=click.Choice(["all", "ingress", "worker"]),
    default="all",
    show_default=True,
    help="Which half to be; the halves apart need the section [broker].",
)
def run(path: Path, role: str) -> None:
    """Run the daemon in the foreground, as a service does.

    SIGTERM ends it: no new calls, running ones are finished. A second SIGTERM ends it at once.
    """
    from bridge.daemon import Daemon, Role  # noqa: PLC0415
    from bridge.notify import Notifier  # noqa: PLC0415
    from bridge.telemetry import configure_logs  # noqa: PLC0415

    examined = config_file.examine(path)
    for problem in examined.problems:
        click.echo(str(problem), err=True)
    if examined.config is None or any(problem.is_error for problem in examined.problems):
        raise SystemExit(2)
    config = examined.config
    configure_logs(config.log.level, config.log.format)
    serve(lambda: Daemon(config, role=Role(role), notifier=Notifier(os.environ)))
