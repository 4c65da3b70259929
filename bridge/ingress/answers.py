"""The catalogue of answers: 2XX lets the guest pay, everything else is problem+json."""

import orjson

from bridge.model import Answer

PROBLEM = "application/problem+json"
_RETRY_AFTER = {503: "10", 429: "10"}
_TITLES = {
    400: "The request could not be read",
    401: "Credentials are missing or wrong",
    403: "This address is not for that restaurant",
    404: "There is no such address",
    405: "Only POST is answered here",
    408: "The request was not complete in time",
    409: "The order cannot be taken now",
    413: "The request is too big",
    415: "That kind of body cannot be read",
    422: "The order cannot be taken",
    431: "The request is too big",
    503: "The order cannot be taken now",
}
# What we fail on ourselves.
FAILED = (503, "bridge_error", "the bridge failed on this call; its log says why")


def accept(result: str, correlation_id: str, order_id: str = "") -> Answer:
    """A 200; `result` is accepted, recorded or archived."""
    document = {"result": result, "correlation_id": correlation_id}
    if order_id:
        document["order_id"] = order_id
    return Answer(status=200, code=result, body=orjson.dumps(document))


def refuse(status: int, code: str, detail: str, correlation_id: str) -> Answer:
    """Anything but 2XX, in the shape of RFC 9457."""
    document = {
        "type": f"urn:pos-bridge:problem:{code}",
        "title": _TITLES.get(status, "The request was not taken"),
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": correlation_id,
    }
    headers = {"Retry-After": _RETRY_AFTER[status]} if status in _RETRY_AFTER else {}
    return Answer(
        status=status,
        code=code,
        body=orjson.dumps(document),
        content_type=PROBLEM,
        headers=headers,
    )
