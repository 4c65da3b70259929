"""JSON Schema of the messages between ingress and worker, as they lie in the broker's queues."""

from typing import Any

from bridge import canonical
from bridge.broker.envelope import json_schemas


def describe_messages() -> dict[str, Any]:
    """One schema for the body of every message; what several of them use stands once."""
    definitions: dict[str, Any] = {}
    kinds = [_kind(name, schema, definitions) for name, schema in json_schemas().items()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Messages of the POS bridge, schema {canonical.SCHEMA}",
        "type": "object",
        "required": ["type", "schema", "message"],
        "oneOf": kinds,
        "$defs": definitions,
    }


def _kind(name: str, schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The messages of one type; what its schema defines is moved to all definitions."""
    for title, part in schema.pop("$defs", {}).items():
        if definitions.setdefault(title, part) != part:
            raise ValueError(f"two types are called {title}")
    definitions[schema["title"]] = schema
    return {
        "properties": {
            "type": {"const": name},
            "schema": {"const": canonical.SCHEMA},
            "message": {"$ref": f"#/$defs/{schema['title']}"},
        }
    }
