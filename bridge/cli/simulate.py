"""`pos-bridge simulate URL`."""

import asyncio
from pathlib import Path

import click
import orjson


@click.command()
@click.argument("url")
@click.option("--endpoint", required=True, help="Id of the webhook address.")
@click.option("--username", required=True, help="User of the endpoint.")
@click.option(
    "--password-file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File that holds the endpoint's password.",
)
@click.option(
    "--restaurant", "restaurants", multiple=True, required=True, help="May be given again."
)
@click.option("--orders", type=click.IntRange(min=1), default=100, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(min=0.01),
    default=10.0,
    show_default=True,
    help="Orders a second.",
)
@click.option("--seed", type=int, help="The same seed plays the same guests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(
    url: str,
    endpoint: str,
    username: str,
    password_file: Path,
    restaurants: tuple[str, ...],
    orders: int,
    rate: float,
    seed: int | None,
    as_json: bool,
) -> None:
    """Play guests against a bridge at URL, at a steady rate, and say how it answered.

    URL is the bridge's address, or the endpoint's as Bbot has it: https://HOST/bbot/ENDPOINT.

    Exit status 0 if every call was answered with 2XX, or with 409, 422 or 503: the restaurant said
    no. 1 if a call failed, was answered otherwise, or was answered differently when repeated.
    """
    from bridge.testing import simulator  # noqa: PLC0415

    simulation = simulator.Simulation(
        url=url,
        endpoint=endpoint,
        username=username,
        password=password_file.read_text(encoding="utf-8").strip(),
        restaurants=restaurants,
        orders=orders,
        rate=rate,
        seed=seed,
    )
    summary = asyncio.run(simulator.simulate(simulation))
    click.echo(orjson.dumps(summary.as_dict()).decode() if as_json else summary.as_text())
    for status, count in summary.faults.items():
        click.echo(f"neither a yes nor a no of the restaurant: {count} x {status}", err=True)
    failed = summary.faults or summary.errors or summary.unanswered or summary.disagreed
    raise SystemExit(1 if failed else 0)
