"""`pos-bridge adapters [NAME]`."""

from typing import Any

import click
import orjson


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def adapters(name: str | None, as_json: bool) -> None:
    """List the installed adapters, or describe one with its settings."""
    from bridge import registry  # noqa: PLC0415

    try:
        data: Any = registry.describe(name) if name else {"adapters": _list()}
    except registry.RegistryError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from error
    if as_json:
        click.echo(orjson.dumps(data).decode())
    elif name:
        _print_one(data)
    else:
        for one in data["adapters"]:
            click.echo(f"{one['name']:<16} {one['distribution']} {one['version']}")


def _list() -> list[dict[str, str]]:
    from bridge import registry  # noqa: PLC0415

    return [
        {"name": one.name, "distribution": one.distribution, "version": one.version}
        for one in registry.find()
    ]


def _print_one(data: dict[str, Any]) -> None:
    click.echo(f"{data['name']}: {data['title']} ({data['distribution']} {data['version']})")
    click.echo(f"after an unknown outcome: {data['repeat']['kind']}")
    click.echo(f"can: {', '.join(data['capabilities']) or 'take tickets'}")
    click.echo(f"slips: {', '.join(data['slips'])}")
    required = set(data["settings"].get("required", ()))
    for name, field in data["settings"].get("properties", {}).items():
        need = "required" if name in required else f"default {field.get('default')!r}"
        click.echo(f"  {name} ({need}): {field.get('description', '')}")
