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

    Exit status 1 if a call failed or was answered differently when repeated.
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
    raise SystemExit(1 if summary.errors or summary.unanswered or summary.disagreed else 0)
