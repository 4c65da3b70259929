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


role_option = click.option(
    "--role",
    type=click.Choice(["all", "ingress", "worker"]),
    default="all",
    show_default=True,
    help="Which half to be; the halves apart need the section [broker].",
)


def examine(path: Path, role: str = "all") -> Any:
    """Configuration and problems, of what a process of that role needs and no more."""
    from bridge.config import Role  # noqa: PLC0415  only now: it is heavy
    from bridge.config import examine as examine_file  # noqa: PLC0415  the same

    wanted = Role(role)
    # The POS systems, their adapters and their secrets are the worker's business alone.
    if wanted is Role.INGRESS:
        return examine_file(path, role=wanted)
    from bridge import registry  # noqa: PLC0415  only now: it reads what is installed

    def settings_of(name: str) -> type[BaseModel] | None:
        return registry.load(name).spec.settings

    names: Sequence[str] = [found.name for found in registry.find()]
    return examine_file(path, role=wanted, settings_of=settings_of, adapter_names=names)


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
