"""The two layers of the main file's values: TOML, and the environment above it."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bridge.config.description import bare
from bridge.config.kinds import Section
from bridge.config.problem import Problem, suggestion
from bridge.config.secret import Secret
from bridge.config.settings import MainFile

PREFIX = "POS_BRIDGE__"
_SECRET_KEYS = {"credential", "file", "env"}


class _Environment(BaseSettings, MainFile):
    """Tells pydantic-settings the names; never built."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # lists are written with commas, and nothing is JSON
    )


def toml_table(path: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The file's contents, or why it cannot be read."""
    allowed = "TOML in UTF-8 that this user can read"
    try:
        return tomllib.loads(path.read_text("utf-8-sig")), []
    except OSError as error:
        problem = Problem(file=str(path), key="", found=error.strerror or "", allowed=allowed)
    except UnicodeDecodeError as error:
        found = f"a byte that is not UTF-8, at byte {error.start}"
        problem = Problem(file=str(path), key="", found=found, allowed=allowed)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        found = f"a syntax error: {message}"
        problem = Problem(file=str(path), key=place.rstrip(")"), found=found, allowed="TOML")
    return None, [problem]


def environment_table() -> tuple[dict[str, Any], list[Problem]]:
    """The values that the environment sets, and the names that belong to no setting."""
    known = names()
    sections = {name.split("__")[1] for name in known}
    problems = []
    for name in sorted(os.environ):
        parts = name.upper().split("__")
        if name.upper().startswith(PREFIX) and parts[1] not in sections:
            hint = suggestion(name, known)
            problems.append(
                Problem(
                    file="environment",
                    key=name,
                    found="a name that belongs to no setting",
                    allowed=f"{PREFIX}SECTION__SETTING",
                    hint=hint,
                )
            )
    table = EnvSettingsSource(_Environment)()
    return {key: value for key, value in table.items() if key.upper() in sections}, problems


def names() -> list[str]:
    """Every variable that overrides a setting."""
    found = []
    for name, info in MainFile.model_fields.items():
        kind = bare(info.annotation)
        if isinstance(kind, type) and issubclass(kind, Section):
            found += [
                variable((name, key, *ending))
                for key, inner in kind.model_fields.items()
                for ending in _endings(inner.annotation)
            ]
        elif name != "endpoints":
            found.append(variable((name,)))
    return found


def variable(location: tuple[str, ...]) -> str:
    """The name under which the environment sets what is there."""
    return PREFIX + "__".join(location).upper()


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both, the value of `above` where both have one; a reference to a secret is one value."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not value.keys() <= _SECRET_KEYS:
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


def holds(table: Any, location: tuple[str, ...]) -> bool:
    """True if that place is set in the table."""
    for part in location:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return bool(location)


def _endings(kind: Any) -> list[tuple[str, ...]]:
    if bare(kind) is Secret:
        return [(key,) for key in sorted(_SECRET_KEYS)]
    return [()]
