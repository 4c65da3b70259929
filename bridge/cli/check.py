"""`pos-bridge check`."""

from pathlib import Path

import click
import orjson

from bridge.cli import config_file


@click.command()
@config_file.option
@config_file.role_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(path: Path, role: str, as_json: bool) -> None:
    """Read the configuration and report every error at once.

    Each one names the file, the key, what was found and what is allowed. It is judged as `run` with
    the same --role would: adapters and their settings are the worker's business, endpoints and
    their passwords the ingress's. Exit status 2 if there is an error; warnings alone are 0.
    """
    problems = config_file.examine(path, role).problems
    errors = [problem for problem in problems if problem.is_error]
    if as_json:
        data = {"good": not errors, "problems": [config_file.as_data(one) for one in problems]}
        click.echo(orjson.dumps(data).decode())
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        click.echo("the configuration is good" if not errors else f"{len(errors)} error(s)")
    raise SystemExit(2 if errors else 0)
