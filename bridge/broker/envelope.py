"""A message of the bridge as bytes and headers, and back."""

from dataclasses import dataclass
from typing import Any

import orjson

from bridge import canonical
from bridge.model.handover import Confirmed, Handover, Outcome, Pulse, Recorded

Message = Handover | Recorded | Outcome | Confirmed | Pulse
Headers = dict[str, str | int]

KINDS: dict[str, type[Message]] = {
    "handover": Handover,
    "recorded": Recorded,
    "outcome": Outcome,
    "confirmed": Confirmed,
    "pulse": Pulse,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


class EnvelopeError(ValueError):
    """The bytes are no message that this version understands; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """`headers` never hold anything about the guest: brokers show them in plain text."""

    type: str
    body: bytes
    headers: Headers
    correlation_id: str


def seal(message: Message) -> Envelope:
    name = _NAMES[type(message)]
    document = {
        "type": name,
        "schema": canonical.SCHEMA,
        "message": orjson.Fragment(canonical.encode(message)),
    }
    return Envelope(
        type=name,
        body=orjson.dumps(document),
        headers=_headers(message),
        correlation_id=_correlation(message),
    )


def unseal(body: bytes) -> Message:
    """Raises EnvelopeError."""
    document = _document(body)
    name, schema = document.get("type"), document.get("schema")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise EnvelopeError(f"unknown type {str(name)[:40]!r}")
    if type(schema) is not int or not 1 <= schema <= canonical.SCHEMA:
        raise EnvelopeError(
            f"{name} of schema {str(schema)[:40]!r}: this version knows 1 to {canonical.SCHEMA}"
        )
    try:
        return canonical.decode(kind, orjson.dumps(document.get("message")))
    except canonical.CanonicalError as error:
        raise EnvelopeError(f"{name}: {error}") from error


def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of `message` for each `type`."""
    return {name: canonical.json_schema(kind) for name, kind in KINDS.items()}


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise EnvelopeError(f"no JSON: {error.msg}") from error
    if not isinstance(document, dict):
        raise EnvelopeError("no JSON object")
    return document


def _headers(message: Message) -> Headers:
    headers: Headers = {"schema": canonical.SCHEMA, "restaurant": message.restaurant}
    if isinstance(message, Handover):
        headers["event_id"] = message.event_id
        headers["order_id"] = message.event.order_id
        headers["copy"] = message.copy
    elif isinstance(message, Outcome):
        headers["order_id"] = message.order_id
        headers["revision"] = message.revision
    correlation_id = _correlation(message)
    if correlation_id:
        headers["correlation_id"] = correlation_id
    return headers


def _correlation(message: Message) -> str:
    return message.correlation_id if isinstance(message, Handover) else ""
