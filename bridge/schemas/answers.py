"""What a call may be answered: each status with its codes, its headers and its shape."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, Field

from bridge.ingress.answers import accept, refuse
from bridge.ingress.auth import UNAUTHORIZED
from bridge.ingress.owners import FOREIGN, UNKNOWN
from bridge.ingress.response import respond
from bridge.model import Answer
from bridge.sources.bbot import Hook
from bridge.sources.bbot.reply_shapes import CheckoutReply, Exact, PriceCheckReply

Codes = Mapping[int, tuple[str, ...]]
_CorrelationId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]

# A call is refused with these whatever it is.
ANYWHERE: Codes = {
    400: (
        "bad_http",
        "cut_off",
        "broken_body",
        "empty_body",
        "bad_encoding",
        "bad_json",
        "not_an_object",
        "duplicate_key",
        "too_deep",
        "too_many",
    ),
    401: (UNAUTHORIZED,),
    404: ("unknown_endpoint", "unknown_hook", "unknown_address"),
    408: ("slow_body",),
    413: ("too_big",),
    415: ("unsupported_media_type", "unsupported_encoding"),
    431: ("too_long",),
    503: ("bridge_error",),
}
_TOLD: Codes = {FOREIGN.status: (FOREIGN.code,), 503: ("not_durable", "too_late")}
_BY_HOOK: dict[Hook, Codes] = {
    Hook.ORDER_INJECTION: {
        FOREIGN.status: (FOREIGN.code,),
        409: ("closed", "sold_out"),
        422: (
            "nested_lost",
            "no_order",
            "no_restaurant",
            "no_order_id",
            "no_items",
            "bad_item",
            "bad_money",
            UNKNOWN.code,
        ),
        503: ("pos_down", "not_durable", "too_late"),
    },
    Hook.ORDER_CHANGE: _TOLD,
    Hook.PROMO: {},
    Hook.CHECKOUT_FINISHED: _TOLD,
    Hook.CHECKOUT_CANCELLED: _TOLD,
    Hook.ITEMS_REFUNDED: _TOLD,
    Hook.INTEGRATION_CHANGED: {503: ("not_durable",)},
}


class Accepted(Exact):
    """The order is on disk: the guest may pay."""

    result: Literal["accepted"]
    correlation_id: _CorrelationId
    order_id: str


class Recorded(Exact):
    """It is on disk and has its effect."""

    result: Literal["recorded"]
    correlation_id: _CorrelationId
    order_id: str = ""


class Archived(Exact):
    """It is kept for people to look at, and has no effect."""

    result: Literal["archived"]
    correlation_id: _CorrelationId
    order_id: str = ""


class Problem(Exact):
    """Why not (RFC 9457). `detail` says what was found, where, and what to do."""

    type: Annotated[str, Field(pattern="^urn:pos-bridge:problem:[a-z_]+$")]
    title: str
    status: int
    code: str
    detail: str
    correlation_id: _CorrelationId


_YES: dict[Hook, tuple[type[BaseModel], ...]] = {
    Hook.ORDER_INJECTION: (Accepted,),
    Hook.ORDER_CHANGE: (Recorded, Archived),
    Hook.PROMO: (PriceCheckReply, CheckoutReply, Archived),
    Hook.CHECKOUT_FINISHED: (Recorded, Archived),
    Hook.CHECKOUT_CANCELLED: (Recorded, Archived),
    Hook.ITEMS_REFUNDED: (Recorded, Archived),
    Hook.INTEGRATION_CHANGED: (Archived,),
}
SHAPES = (Accepted, Recorded, Archived, PriceCheckReply, CheckoutReply, Problem)

# Sent with every answer, or a matter of its shape.
_USUAL = {"Content-Type", "Server"}
# Where the document has its shapes.
PLACE = "#/components/schemas/{model}"


def codes(hooks: Iterable[Hook]) -> dict[int, tuple[str, ...]]:
    """Every code that calls of these hooks may be refused with, by its status, in order."""
    found: dict[int, dict[str, None]] = {}
    for group in (ANYWHERE, *(_BY_HOOK[hook] for hook in hooks)):
        for status, words in group.items():
            found.setdefault(status, {}).update(dict.fromkeys(words))
    return {status: tuple(found[status]) for status in sorted(found)}


def responses(hooks: Iterable[Hook]) -> dict[str, Any]:
    """The responses to calls of these hooks."""
    hooks = tuple(hooks)
    shapes = dict.fromkeys(shape for hook in hooks for shape in _YES[hook])
    found = {"200": _taken(tuple(shapes))}
    for status, words in codes(hooks).items():
        is_usual = words == ANYWHERE.get(status)
        found[str(status)] = _usual(status) if is_usual else _refused(status, words)
    return found


def usual_responses() -> dict[str, Any]:
    """Those that are the same wherever they are given."""
    return {str(status): _refused(status, words) for status, words in ANYWHERE.items()}


def _usual(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{status}"}


def _taken(shapes: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    answer = accept("", "")
    references = [_reference(shape) for shape in shapes]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    headers = _headers_of_a_repeat(answer) if Accepted in shapes else {}
    return _response("Taken", answer, schema, headers)


def _headers_of_a_repeat(answer: Answer) -> dict[str, Any]:
    return {
        str(name): {"description": "The same order again.", "schema": {"const": value}}
        for name, value in respond(answer, is_repeat=True).headers.items()
        if name not in respond(answer).headers
    }


def _refused(status: int, words: tuple[str, ...]) -> dict[str, Any]:
    answer = refuse(status, words[0], "", "")
    title = orjson.loads(answer.body)["title"]
    facts = {"title": {"const": title}, "status": {"const": status}, "code": {"enum": list(words)}}
    headers = {
        str(name): {"required": True, "schema": {"const": value}}
        for name, value in respond(answer).headers.items()
        if name not in _USUAL
    }
    return _response(
        title, answer, {"allOf": [_reference(Problem), {"properties": facts}]}, headers
    )


def _response(
    description: str, answer: Answer, schema: dict[str, Any], headers: dict[str, Any]
) -> dict[str, Any]:
    content = {answer.content_type: {"schema": schema}}
    return {"description": description, "content": content} | (
        {"headers": headers} if headers else {}
    )


def _reference(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": PLACE.format(model=shape.__name__)}
