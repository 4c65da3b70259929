"""The OpenAPI description of the ingress, made from what its code reads and answers."""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from bridge import __version__
from bridge.config.settings import Endpoint, Ingress
from bridge.schemas import calls
from bridge.schemas.answers import PLACE, SHAPES, responses, usual_responses
from bridge.sources.bbot import Hook, sample
from bridge.sources.bbot.call_shapes import CALLS
from bridge.sources.bbot.sample import NAMES

_ABOUT = """\
What Bbot calls. To an order injection a 2XX says that the guest may pay. "accepted" and "recorded"
say that the call is on disk. Fields that are not named here may be sent; they are not looked at.
What is no text may be sent as one, and what is read in other forms is not described. A body that
is of another hook than its address says is answered as what it is.
"""
_ABOUT_ANY = "The address for all hooks. A body says itself what it is; an order is an injection."
_ABOUT_BASIC = """\
The endpoint's user and password. Its `require_basic` says which hooks ask for them; described is
the default. Wrong ones are refused at every hook.
"""
# No body says of itself that it is an order that changed.
_TOLD_APART = tuple(hook for hook in Hook if hook is not Hook.ORDER_CHANGE)


def describe_ingress() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "POS bridge: ingress",
            "version": __version__,
            "description": _flat(_ABOUT),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"http://{Ingress().listen}", "description": "The default."}],
        "paths": {
            **{f"/bbot/{{endpoint}}/{hook}": _path(_of_hook(hook)) for hook in Hook},
            "/bbot/{endpoint}": _path(_of_any()),
        },
        "components": {
            "schemas": _schemas(),
            "responses": usual_responses(),
            "examples": {name: {"value": orjson.loads(sample(name))} for name in NAMES},
            "parameters": {"endpoint": _endpoint()},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": _flat(_ABOUT_BASIC)}
            },
        },
    }


def _path(operation: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [{"$ref": "#/components/parameters/endpoint"}], "post": operation}


def _of_hook(hook: Hook) -> dict[str, Any]:
    needs_basic = hook in Endpoint.model_fields["require_basic"].default
    return {
        "operationId": hook.replace("-", "_"),
        "summary": hook.replace("-", " ").capitalize(),
        "description": calls.about(hook),
        "security": [{"basic": []}] if needs_basic else [{}, {"basic": []}],
        "requestBody": calls.body([hook]),
        "responses": responses([hook]),
    }


def _of_any() -> dict[str, Any]:
    return {
        "operationId": "any_hook",
        "summary": "Any hook",
        "description": _ABOUT_ANY,
        "security": [{}, {"basic": []}],
        "requestBody": calls.body(_TOLD_APART),
        "responses": responses(_TOLD_APART),
    }


def _endpoint() -> dict[str, Any]:
    info = Endpoint.model_fields["id"]
    return {
        "name": "endpoint",
        "in": "path",
        "required": True,
        "description": "The endpoint's `id`, which nobody can guess.",
        "schema": TypeAdapter(info.rebuild_annotation()).json_schema(),
    }


def _schemas() -> dict[str, Any]:
    shapes: Sequence[type[BaseModel]] = (*CALLS.values(), *SHAPES)
    _references, schema = models_json_schema(
        [(shape, "validation") for shape in shapes], ref_template=PLACE, schema_generator=_Plain
    )
    definitions: dict[str, Any] = schema["$defs"]
    return definitions


class _Plain(GenerateJsonSchema):
    """Without what only says how the models are made."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False


def _flat(text: str) -> str:
    return " ".join(text.split())
