"""Where the configuration is, and how its problems are told."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

DEFAULT = Path("/etc/pos-bridge/pos-bridge.toml")

option = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    envvar="POS_BRIDGE_CONFIG",
    help="The main configuration file.",
)


def examine(path: Path, *, with_adapters: bool = True) -> Any:
    """Configuration and problems; the adapters' own settings and secrets only if wanted."""
    from bridge.config import examine as examine_file  # noqa: PLC0415  only now: it is heavy

    if not with_adapters:
        return examine_file(path)
    from bridge import registry  # noqa: PLC0415  only now: it reads what is installed

    def settings_of(name: str) -> type[BaseModel] | None:
        return registry.load(name).spec.settings

    names: Sequence[str] = [found.name for found in registry.find()]
    return examine_file(path, settings_of=settings_of, adapter_names=names)


def as_data(problem: Any) -> dict[str, Any]:
    """A problem for programs."""
    return {
        "file": str(problem.file),
        "key": problem.key,
        "found": problem.found,
        "allowed": problem.allowed,
        "hint": problem.hint,
        "severity": str(problem.severity),
    }
