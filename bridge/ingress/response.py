"""An Answer as an HTTP response."""

from aiohttp import web

from bridge.ingress.auth import CHALLENGE
from bridge.model import Answer

_UNAUTHORIZED = 401
_WRONG_METHOD = 405


def respond(answer: Answer, *, is_repeat: bool = False, close: bool = False) -> web.Response:
    """The response to write; with `close` the connection ends after it."""
    headers = {"Content-Type": answer.content_type, "Server": "pos-bridge", **answer.headers}
    if is_repeat:
        headers["Idempotent-Replayed"] = "true"
    if answer.status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if answer.status == _WRONG_METHOD:
        headers["Allow"] = "POST"
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    if close:
        response.force_close()
    return response
