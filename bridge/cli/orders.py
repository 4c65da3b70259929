"""`pos-bridge orders` and `pos-bridge show ORDER`."""

from typing import Any
from urllib.parse import quote

import click
import orjson

from bridge.cli import client, table
from bridge.cli.client import Target

HEAD = ("TIME", "STATE", "RESTAURANT", "NUMBER", "ORDER", "CAUSE")
# In cells. What `show` and --restaurant take is only cut where it would fill the screen by itself.
WIDEST = (29, 8, 40, 12, 100)
# What a delivery waits for, by what the clock does at the end.
WAITS = {
    "release": "waits until {}: the time it is due, less its preparation",
    "hold": "waits until {} for a sign that the guest paid; then a person must decide",
    "void": "waits until {} for a sign that the guest paid; then it is voided",
}
# Known to the ingress alone until a worker has it.
STAGES = {
    "open": ", not handed over yet",
    "published": ", at the broker: no worker has it yet",
    "stuck": ", came back too often: replay it, or enter it by hand and resolve it",
}


@click.command()
@click.option("--restaurant", default="", help="Only this restaurant.")
@click.option("--state", default="", help="Only this state, for example held.")
@click.option("--since", default="", help="Only since this time (default: the last 24 hours).")
@click.option("--open", "is_open", is_flag=True, help="Only what is not settled, of any age.")
@click.option("--before", default="", help="Read on where the page before said.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@client.options
def orders(
    target: Target,
    restaurant: str,
    state: str,
    since: str,
    is_open: bool,
    before: str,
    as_json: bool,
) -> None:
    """List orders, newest first: of the last 24 hours, or with --open all that is not settled."""
    found = client.fetch(
        target,
        "/api/v1/orders",
        restaurant=restaurant,
        state=state,
        since=since,
        open="1" if is_open else "",
        before=before,
    )
    if as_json:
        click.echo(orjson.dumps(found).decode())
        return
    for line in table.layout(HEAD, [_row(order) for order in found["orders"]], WIDEST):
        click.echo(line)
    if found["next"]:
        click.echo(f"there are more: narrow it down, or read on with --before {found['next']}")


@click.command()
@click.argument("order_id", metavar="ORDER")
@click.option("--restaurant", default="", help="Where two restaurants have that order id.")
@click.option("--raw", is_flag=True, help="With the bodies as they came (guest data!).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@client.options
def show(target: Target, order_id: str, restaurant: str, raw: bool, as_json: bool) -> None:
    """Show the life of one order: calls, answers, deliveries, attempts, ticket.

    ORDER is the platform's order id, or the correlation id of a call that could not be read.
    """
    order = client.fetch(
        target,
        f"/api/v1/orders/{quote(order_id, safe='')}",
        restaurant=restaurant,
        raw="1" if raw else "",
    )
    if as_json:
        click.echo(orjson.dumps(order).decode())
        return
    click.echo(f"order {order['order_id']} of {order['restaurant']}: {order['state']}")
    for event, answer in zip(order["events"], order["answers"], strict=True):
        click.echo(_describe_call(event, answer))
    for note in order.get("inbox", ()):
        click.echo(f"{note['at']}  worker: {note['note']}")
    for delivery in order["deliveries"]:
        _print_delivery(delivery)
    for one in order.get("decisions", ()):
        click.echo(_describe_decision(one))
    for body in order.get("bodies", ()):
        click.echo(f"\n--- {body['at']} {body['hook']} ({body['content_type']})\n{body['body']}")


def _row(order: dict[str, Any]) -> tuple[str, ...]:
    number = order["order_number"] or "-"
    return (
        order["at"],
        order["state"],
        order["restaurant"],
        number,
        order["order_id"],
        order["cause"],
    )


def _describe_call(event: dict[str, Any], answer: dict[str, Any]) -> str:
    repeat = f", a repeat of {answer['repeat_of']}" if answer["repeat_of"] else ""
    fate = f", {answer['fate']}" if answer["fate"] else ""
    error = f": {event['error']}" if event["error"] else ""
    return (
        f"{event['at']}  {event['hook']} -> {answer['status']} {answer['code']}"
        f"{fate}{repeat}{STAGES.get(event['stage'], '')}{error}"
    )


def _describe_decision(one: dict[str, Any]) -> str:
    what = f"{one['operation']} version {one['version']}: {one['before']} -> {one['after']}"
    note = f" ({one['note']})" if one["note"] else ""
    return table.plain(f"{one['at']}  {one['who']}: {one['action']} of {what}{note}")


def _describe_wait(delivery: dict[str, Any]) -> str:
    """Until when and for what, in words; empty if it does not wait."""
    if delivery["state"] != "waiting":
        return ""
    # Another version's worker may not tell the timer, or tell one that is not known here.
    words = WAITS.get(delivery.get("timer") or "", "waits until {}")
    return words.format(delivery["next_at"])


def _print_delivery(delivery: dict[str, Any]) -> None:
    cause = f" ({delivery['cause']})" if delivery["cause"] else ""
    where = f", in the POS as {delivery['pos_ref']}" if delivery["pos_ref"] else ""
    click.echo(
        f"{delivery['operation']} version {delivery['version']}: {delivery['state']}{cause}{where}"
    )
    if waits := _describe_wait(delivery):
        click.echo(f"  {waits}")
    if delivery.get("next_step"):
        click.echo(f"  side of the {delivery['side']}; next: {delivery['next_step']}")
    for attempt in delivery["attempts"]:
        detail = f" ({attempt['detail']})" if attempt["detail"] else ""
        click.echo(f"  {attempt['at']}  {attempt['outcome'] or 'running'}{detail}")
    if delivery["ticket"]:
        for line in delivery["ticket"].splitlines():
            # A guest's note must not give orders to the terminal.
            click.echo(f"    | {table.plain(line)}")
