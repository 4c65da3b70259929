"""What the calls of a hook are about, and what may be in them."""

from collections.abc import Iterable
from typing import Any, get_args

import orjson
from pydantic import BaseModel

from bridge.schemas.answers import PLACE
from bridge.sources.bbot import Hook, decode_document, recognise, sample
from bridge.sources.bbot.call_shapes import CALLS, InText
from bridge.sources.bbot.sample import NAMES


def about(hook: Hook) -> str:
    """What the events of a hook say of themselves."""
    documents = [orjson.loads(sample(name)) for name in samples(hook)] or [{}]
    events = dict.fromkeys(type(decode_document(hook, each).event) for each in documents)
    return " ".join(event.__doc__ or "" for event in events)


def samples(hook: Hook) -> list[str]:
    """Named after their hooks; those of carts, which share one, say themselves what they are."""
    return [
        name
        for name in NAMES
        if name == hook.replace("-", "_")
        or (hook is Hook.PROMO and recognise(orjson.loads(sample(name))) is hook)
    ]


def body(hooks: Iterable[Hook]) -> dict[str, Any]:
    """The body of a call of one of these hooks, in each form in which it is read."""
    hooks = tuple(hooks)
    schema = _schema([CALLS[hook] for hook in hooks])
    names = [name for hook in hooks for name in samples(hook)]
    nested = dict.fromkeys(name for hook in hooks for name in _nested(CALLS[hook]))
    text = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": schema,
                "examples": {name: {"$ref": f"#/components/examples/{name}"} for name in names},
            },
            "application/x-www-form-urlencoded": {
                "schema": schema,
                "encoding": {name: {"contentType": "application/json"} for name in nested},
            },
            "text/plain": {"schema": text},
        },
    }


def _schema(calls: list[type[BaseModel]]) -> dict[str, Any]:
    references = [{"$ref": PLACE.format(model=call.__name__)} for call in calls]
    return references[0] if len(references) == 1 else {"anyOf": references}


def _nested(call: type[BaseModel]) -> Iterable[str]:
    """The fields that hold a list or an object."""
    return (name for name, info in call.model_fields.items() if InText in get_args(info.annotation))
