"""From what pydantic found to problems that an operator can act on."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bridge.config.description import allowed, bare
from bridge.config.kinds import fields_of
from bridge.config.problem import Problem, suggestion

Location = tuple[str | int, ...]

_TELLING = re.compile(
    r"pass|secret|token|credential|(^|_)(api_?key|key|pin|auth)s?($|_)", re.IGNORECASE
)
_LONGEST = 60
_SHAPES: dict[type, str] = {dict: "a table", list: "an array", str: "text", bool: "true or false"}


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    *,
    file: str,
    below: Location = (),
) -> Iterator[Problem]:
    """One for each thing that the model did not like; `below` is where the model stands."""
    for found in error.errors(include_url=False):
        if found["type"] == "default_factory_not_called":
            continue  # follows from another error
        says, permitted, hint = _words(dict(found), model)
        key = ".".join(str(part) for part in (*below, *found["loc"]))
        yield Problem(file=file, key=key, found=says, allowed=permitted, hint=hint)


def _words(found: dict[str, Any], model: type[BaseModel]) -> tuple[str, str, str]:
    """Found, allowed, hint."""
    location, kind = found["loc"], found["type"]
    if kind == "extra_forbidden":
        known = list(fields_of(_model_at(model, location[:-1])))
        hint = suggestion(str(location[-1]), known)
        return "an unknown key", ", ".join(known), hint
    info = _field_at(model, location)
    permitted = (allowed(info) if info else "") or found["msg"]
    if kind == "missing":
        return "nothing, and it is required", permitted, ""
    own = str(found["ctx"]["error"]) if kind in {"value_error", "assertion_error"} else ""
    choices = [c for c in get_args(bare(info.annotation)) if isinstance(c, str)] if info else []
    near = suggestion(str(found["input"]), choices) if kind == "literal_error" else ""
    return _shown(found, info), permitted, own or near


def _shown(found: dict[str, Any], info: FieldInfo | None) -> str:
    value, kind = found["input"], found["type"]
    telling = any(_TELLING.search(str(part)) for part in found["loc"])
    structure = kind in {
        "model_type",
        "dict_type",
        "tuple_type",
        "list_type",
        "model_attributes_type",
    }
    if isinstance(value, SecretStr) or telling:
        return "a value that is not shown"
    if structure or isinstance(value, dict | list) or info is None:
        return _SHAPES.get(type(value), "a number" if isinstance(value, int | float) else "a value")
    text = re.sub(r".*@", "***@", value, flags=re.DOTALL) if isinstance(value, str) else value
    written = json.dumps(text, ensure_ascii=False, default=str)
    return written if len(written) <= _LONGEST else f"{written[:_LONGEST]}..."


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    for kind in _kinds_along(model, location):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            model = kind
    return model


def _field_at(model: type[BaseModel], location: Location) -> FieldInfo | None:
    """The innermost field on the way to that place."""
    info: FieldInfo | None = None
    for end in range(1, len(location) + 1):
        part, parent = location[end - 1], _model_at(model, location[: end - 1])
        info = fields_of(parent).get(str(part), info) if isinstance(part, str) else info
    return info


def _kinds_along(model: type[BaseModel], location: Location) -> Iterator[Any]:
    kind: Any = model
    for part in location:
        if isinstance(part, str) and isinstance(kind, type) and issubclass(kind, BaseModel):
            info = fields_of(kind).get(part)
            kind = bare(info.annotation) if info else None
        else:
            arguments = get_args(kind) if get_origin(kind) is not Literal else ()
            kind = bare(arguments[0 if isinstance(part, int) else -1]) if arguments else None
        yield kind
