"""`pos-bridge run`."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from bridge.cli import config_file
from bridge.cli.process import early_end, serve


@click.command()
@config_file.option
@config_file.role_option
def run(path: Path, role: str) -> None:
    """Run the daemon in the foreground, as a service does.

    SIGTERM ends it: no new calls, running ones are finished. A second SIGTERM ends it at once.
    """
    with early_end():
        end = _serve(path, role)
    end()


def _serve(path: Path, role: str) -> Callable[[], None]:
    from bridge.daemon import Daemon, Role  # noqa: PLC0415
    from bridge.notify import Notifier  # noqa: PLC0415
    from bridge.telemetry import configure_logs  # noqa: PLC0415

    examined = config_file.examine(path, role)
    for problem in examined.problems:
        click.echo(str(problem), err=True)
    if examined.config is None:
        raise SystemExit(2)
    config = examined.config
    configure_logs(config.log.level, config.log.format)
    return serve(lambda: Daemon(config, role=Role(role), notifier=Notifier(os.environ)))
