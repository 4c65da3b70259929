"""`pos-bridge simulate URL`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

if TYPE_CHECKING:
    from bridge.testing.codes import Code
    from bridge.testing.witness import Witness

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _read_codes(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> "tuple[Code, ...]":
    from bridge.testing.codes import Code  # noqa: PLC0415

    try:
        return tuple(map(Code.read, texts))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("url")
@click.option("--endpoint", required=True, help="Id of the webhook address.")
@click.option("--username", required=True, help="User of the endpoint.")
@click.option(
    "--password-file", required=True, type=_FILE, help="File that holds the endpoint's password."
)
@click.option(
    "--restaurant", "restaurants", multiple=True, required=True, help="May be given again."
)
@click.option(
    "--orders",
    type=click.IntRange(min=1),
    help="Guests that come; 100, or as many as there are in --seconds.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    help="Guests come for so long.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0.01),
    default=10.0,
    show_default=True,
    help="Orders a second.",
)
@click.option("--seed", type=int, help="The same seed plays the same guests.")
@click.option(
    "--hooks",
    type=click.Choice(["all", "orders"]),
    default="all",
    show_default=True,
    help="orders: only the two hooks of orders are set, and everybody pays at once.",
)
@click.option(
    "--quirks",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="Share of the calls that come twice, late, overtaken, lost, odd or broken.",
)
@click.option(
    "--code",
    "codes",
    multiple=True,
    metavar="CODE[=EFFECT]",
    callback=_read_codes,
    help="A promo code to type, which must work: CODE. To have its discount checked: CODE=300 "
    "(cents) or CODE=12.5%; with /guest behind it if it is once for each. May be given again.",
)
@click.option(
    "--may-refuse", is_flag=True, help="The restaurant may be closed, sold out, or its POS down."
)
@click.option(
    "--busy",
    "is_busy",
    is_flag=True,
    help="The machine has other things to do: answers may be late, and price checks empty.",
)
@click.option(
    "--basic-everywhere",
    "is_open",
    flag_value=False,
    default=True,
    help="The endpoint asks for credentials at every hook.",
)
@click.option("--console", default="", help="Address of the console: compare all in the end.")
@click.option("--token-file", type=_FILE, help="File that holds the console's token.")
@click.option(
    "--pos-control",
    multiple=True,
    metavar="[RESTAURANT=]URL",
    help="Address where a fake POS takes commands: count there. May be given for each restaurant.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(
    console: str,
    token_file: Path | None,
    pos_control: tuple[str, ...],
    password_file: Path,
    orders: int | None,
    seconds: float | None,
    as_json: bool,
    **wish: Any,
) -> None:
    """Play guests against a bridge at URL, at a steady rate, and say how it answered.

    URL is the bridge's address, or the endpoint's as Bbot has it: https://HOST/bbot/ENDPOINT.
    Guests fill carts, type codes, pay or fail to; orders are edited and refunded.

    With --console every order is looked up in the end: is it in an end state, does the kitchen have
    what it should, each ticket, change, void and refund once, and every cent?

    Exit status 0 if every call was answered as it should be and in its time, and every order is as
    it should be. 1 if a call failed, was answered otherwise, or differently when repeated, or if
    somebody was refused (see --may-refuse); 2 if console or POS cannot be asked.
    """
    from bridge.testing import simulator  # noqa: PLC0415
    from bridge.testing.witness import WitnessError  # noqa: PLC0415

    simulation = simulator.Simulation(
        password=_read(password_file),
        orders=orders or (100 if seconds is None else sys.maxsize),
        seconds=float("inf") if seconds is None else seconds,
        witness=_witness(console, token_file, pos_control),
        **wish,
    )
    try:
        summary = asyncio.run(simulator.simulate(simulation))
    except WitnessError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    click.echo(orjson.dumps(summary.as_dict()).decode() if as_json else summary.as_text())
    raise SystemExit(0 if summary.is_good else 1)


def _witness(
    console: str, token_file: Path | None, pos_control: tuple[str, ...]
) -> "Witness | None":
    from bridge.testing.witness import Witness  # noqa: PLC0415

    if not console:
        if token_file or pos_control:
            raise click.UsageError("--token-file and --pos-control go with --console")
        return None
    token = _read(token_file) if token_file else ""
    return Witness(console=console, token=token, pos=pos_control)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
