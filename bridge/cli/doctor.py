"""`pos-bridge doctor`."""

from typing import Any

import click
import orjson

from bridge.cli import client, table

HEAD = ("", "WHERE", "WHAT")
WIDEST = (7, 40)
MARKS = {"good": "ok", "warning": "warning", "bad": "BAD"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@client.options
def doctor(target: client.Target, as_json: bool) -> None:
    """Examine the running daemon: ledger, broker, each POS, and what waits for people.

    Exit status 1 if there is anything to see to.
    """
    found = client.fetch(target, "/api/v1/findings")
    if as_json:
        click.echo(orjson.dumps(found).decode())
    else:
        for line in table.layout(HEAD, [_row(one) for one in found["findings"]], WIDEST):
            click.echo(line)
    if any(one["level"] != "good" for one in found["findings"]):
        raise SystemExit(1)


def _row(finding: dict[str, Any]) -> tuple[str, str, str]:
    hint = f" ({finding['hint']})" if finding["hint"] else ""
    return MARKS.get(finding["level"], finding["level"]), finding["subject"], finding["text"] + hint
