"""Every "no" of the console as a value: a status, a word for programs, a sentence for people."""

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

PROBLEM_TYPE = "application/problem+json"


class Refusal(Exception):
    """Raise it anywhere in a handler; it is answered as a problem document or a page."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.more = more

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


def from_http(error: web.HTTPException) -> Refusal:
    """The web server's own refusals, in the same form."""
    code = HTTPStatus(error.status).name.lower()
    return Refusal(error.status, code, f"{error.reason}: see the address and method of the call")


def as_problem(refusal: Refusal) -> web.Response:
    body = {
        "type": "about:blank",
        "title": refusal.title,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        **refusal.more,
    }
    return web.Response(
        status=refusal.status, body=orjson.dumps(body, default=str), content_type=PROBLEM_TYPE
    )


def as_json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value, default=str), content_type="application/json")
