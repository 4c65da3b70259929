"""The bridge's own JSON: dataclasses of `bridge.model` to bytes and back, exactly."""

from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

# Raised with every change that an older reader would misread.
SCHEMA = 1


class CanonicalError(ValueError):
    """The bytes are not a message of that type in a schema this version knows."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def encode(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain)


def decode(kind: type[T], data: bytes | str) -> T:
    """Raises CanonicalError, which names the field."""
    hashable: Any = kind
    try:
        decoded: T = _adapter(hashable).validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CanonicalError(f"{where}: {first['msg']}") from error
    return decoded


def json_schema(kind: Any) -> dict[str, Any]:
    return _adapter(kind).json_schema()


def _plain(value: object) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
