"""`pos-bridge replay`, `resolve` and `void`; `pause`, `resume`, `take-over`: what people decide."""

import getpass
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click
import orjson

from bridge.cli import client, table
from bridge.cli.client import Target
from bridge.cli.table import plain

HEAD = ("RESTAURANT", "NUMBER", "ORDER", "WHAT", "BEFORE", "NOW", "")
WIDEST = (29, 12, 40, 20, 8, 8)

_Function = Callable[..., None]
_Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_WHICH: tuple[_Option, ...] = (
    click.argument("order_id", metavar="[ORDER]", default=""),
    click.option("--restaurant", default="", help="Only this restaurant."),
    click.option("--operation", default="", help="Only this one: place, change, cancel, refund."),
    click.option("--version", type=click.IntRange(0, 2**63 - 1), help="Only this version."),
    click.option("--all", "is_all", is_flag=True, help="All that fit, instead of one ORDER."),
    click.option("--state", default="", help="With --all: only this state (default: held)."),
    click.option("--reason", default="", help="With --all: only this reason, for example late."),
    click.option("--since", type=float, help="With --all: accepted since, seconds since 1970."),
    click.option("--until", type=float, help="With --all: accepted before."),
    click.option("--dry-run", is_flag=True, help="Only say what would be done."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
_NOTE = click.option("--note", default="", help="Why; others will read it.")


def _command(*more: _Option) -> Callable[[_Function], click.Command]:
    """A command with the options of all three, and some of its own."""

    def add(function: _Function) -> click.Command:
        for option in reversed((*_WHICH, *more)):
            function = option(function)
        return click.command()(client.options(function))

    return add


@_command(_NOTE, click.option("--reprint", is_flag=True, help="Make a marked copy where need be."))
def replay(target: Target, **wish: Any) -> None:
    """Send again what is held or was refused; late is no reason any more.

    With its ORDER also what was voided by hand: nothing else brings that back.
    Refused, with the reason, where that could make two of it: what the POS has already, or may have
    and nobody can tell. --reprint then makes a copy that is marked as one.
    """
    _decide("replay", target, wish)


@_command(
    click.option("--note", required=True, help="How it was settled; others will read it."),
    click.option("--pos-ref", default="", help="What the POS calls it."),
)
def resolve(target: Target, **wish: Any) -> None:
    """Say that it is settled by hand: nothing more is sent."""
    _decide("resolve", target, wish)


@_command(_NOTE)
def void(target: Target, **wish: Any) -> None:
    """Give up what nobody wants any more. What is in the POS stays there.

    It holds against whatever the platform tells later; `replay` takes it back.
    """
    _decide("void", target, wish)


@click.command()
@click.argument("restaurant")
@click.option("--reason", required=True, help="Why; others will read it.")
@client.options
def pause(target: Target, restaurant: str, reason: str) -> None:
    """Send nothing more to a restaurant's POS until resume; checkouts hear that it is down."""
    path = f"/api/v1/restaurants/{quote(restaurant, safe='')}/pause"
    client.send(target, path, {"who": _who(), "reason": reason})
    click.echo(f"{restaurant} is paused; `pos-bridge resume {restaurant}` lets it go on")


@click.command()
@click.argument("restaurant")
@client.options
def resume(target: Target, restaurant: str) -> None:
    """Let a paused restaurant go on."""
    path = f"/api/v1/restaurants/{quote(restaurant, safe='')}/resume"
    client.send(target, path, {"who": _who()})
    click.echo(f"{restaurant} goes on")


@click.command("take-over")
@click.argument("restaurant")
@click.option("--dry-run", is_flag=True, help="Only say what may come out twice.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@client.options
def take_over(target: Target, restaurant: str, dry_run: bool, as_json: bool) -> None:
    """Replace a worker that is gone for good.

    Refused while that one still runs. What it may have printed or booked is named: tickets get the
    mark MAY BE A DUPLICATE, refunds wait for a person. What only it had comes again from the
    ingresses, and is read back, sent under the same key, or held, as its POS allows.
    """
    path = f"/api/v1/restaurants/{quote(restaurant, safe='')}/take-over"
    found = client.send(target, path, {"who": _who(), "dry_run": dry_run})
    if as_json:
        click.echo(orjson.dumps(found).decode())
        return
    rows = [_row(one, one["cause"]) for one in found["moved"]]
    for line in table.layout(HEAD, rows, WIDEST) if rows else ():
        click.echo(line)
    number = len(rows) or "nothing"
    if dry_run:
        click.echo(f"{restaurant} would be taken over; may come out twice: {number}")
    else:
        click.echo(f"{restaurant} is taken over; may come out twice: {number}")


def _decide(action: str, target: Target, wish: dict[str, Any]) -> None:
    """Exit status 1 if something was refused, or there was nothing to decide."""
    as_json, found = wish.pop("as_json"), _send(action, target, wish)
    if as_json:
        click.echo(orjson.dumps(found).decode())
    else:
        _tell(found)
    raise SystemExit(0 if found["moved"] and not found["refused"] else 1)


def _send(action: str, target: Target, wish: dict[str, Any]) -> dict[str, Any]:
    """All pages of it, as one answer."""
    body = _body(wish)
    chosen = body.get("filter", body)
    path = f"/api/v1/{action}"
    found = client.send(target, path, body)
    page = found
    while page["next"] is not None:
        chosen["after"] = page["next"]
        page = client.send(target, path, body)
        found["moved"] += page["moved"]
        found["refused"] += page["refused"]
    return found


def _body(wish: dict[str, Any]) -> dict[str, Any]:
    order_id, is_all = wish.pop("order_id"), wish.pop("is_all")
    given = {name: value for name, value in wish.items() if value is not None and value != ""}
    if is_all and given.get("reprint"):
        raise click.UsageError("--reprint goes with one ORDER: look at each")
    if bool(order_id) is is_all:
        raise click.UsageError("name one ORDER, or give --all for all that fit")
    if not is_all:
        return {**given, "order_id": order_id, "who": _who()}
    if given.keys() & {"operation", "version"}:
        raise click.UsageError("--operation and --version go with an ORDER")
    names = {"restaurant", "state", "reason", "since", "until"} & given.keys()
    chosen = {name: given.pop(name) for name in names}
    return {**given, "filter": chosen, "who": _who()}


def _tell(found: dict[str, Any]) -> None:
    rows = [_row(one, one["cause"]) for one in found["moved"]]
    rows += [_row(one, f"refused: {one['reason']}") for one in found["refused"]]
    if not rows:
        click.echo("nothing waits for such a decision")
        return
    for line in table.layout(HEAD, rows, WIDEST):
        click.echo(line)
    done = "would be done" if found["dry_run"] else "done"
    click.echo(f"{done}: {len(found['moved'])}, refused: {len(found['refused'])}")


def _row(one: dict[str, Any], words: str) -> tuple[str, ...]:
    what = f"{one['operation']} {one['version']}"
    number = one["number"] or "-"
    return (
        one["restaurant"],
        number,
        one["order_id"],
        what,
        one["before"],
        one["state"],
        plain(words),
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
