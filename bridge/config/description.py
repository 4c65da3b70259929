"""Settings in words: what is allowed, what is the default; and a configuration without secrets."""

import json
import types
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bridge.config.kinds import Allowed, Section
from bridge.config.secret import REFERENCE
from bridge.config.settings import Config, Endpoint

_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}
_LIMITS = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "min_length": "length at least",
    "max_length": "length at most",
}


def bare(kind: Any) -> Any:
    """The type without `| None`."""
    if get_origin(kind) in {Union, types.UnionType}:
        options = [option for option in get_args(kind) if option is not type(None)]
        return options[0] if len(options) == 1 else kind
    return kind


def allowed(info: FieldInfo) -> str:
    """What may be written there, with its bounds."""
    kind, metadata = bare(info.annotation), info.metadata
    if get_origin(kind) is Annotated:
        kind, *inner = get_args(kind)
        metadata = [*inner, *metadata]
    words = [mark.text for mark in metadata if isinstance(mark, Allowed)]
    text = words[-1] if words else _kind(kind)
    # Words that are written by hand state their own bounds, except for seconds.
    bounds = _bounds(metadata) if not words or text == "seconds" else ""
    return ", ".join(part for part in (text, bounds) if part)


def default(info: FieldInfo) -> str:
    """The default as it would be written; `required` or `not set` where there is none."""
    if info.is_required():
        return "required"
    if info.default_factory is not None:
        return "the id" if info.annotation is str else "empty"
    if info.default is None or info.default == "":
        return "not set"
    return toml(info.default)


def example(info: FieldInfo) -> str:
    """A value as it is written: the example if there is one, else the default."""
    return toml(info.examples[0]) if info.examples else toml(info.default)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(inner) for inner in value)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def describe(config: Config) -> dict[str, Any]:
    """The configuration as plain data for the log at start.

    No secret, of an endpoint's id only the beginning, of an adapter's settings only the names.
    """
    return {name: _plain(value) for name, value in config}


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(json.dumps(value) for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, SecretStr):
        return REFERENCE
    if get_origin(kind) in {list, tuple, set, frozenset}:
        return "an array"
    if get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return "a table"
    return _KINDS.get(kind, "")


def _bounds(metadata: list[Any]) -> str:
    marks: dict[str, Any] = {}
    for mark in metadata:
        marks |= {name: getattr(mark, name) for name in _LIMITS if hasattr(mark, name)}
    return ", ".join(
        f"{_LIMITS[name]} {_number(limit)}" for name, limit in marks.items() if limit is not None
    )


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "configured"
    if isinstance(value, dict):
        return sorted(value)
    if isinstance(value, Section):
        plain = {key: _plain(inner) for key, inner in value}
        return plain | {"id": f"{value.id[:4]}..."} if isinstance(value, Endpoint) else plain
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value
