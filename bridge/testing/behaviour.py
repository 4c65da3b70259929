"""How a fake POS treats one ticket or refund, as data that also travels as JSON."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson
from aiohttp import web

Name = Literal[
    "up", "slow", "busy", "reject", "needs_operator", "refuse_login", "error", "drop", "hang"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """`keeps`: the POS has the ticket, or refund, in the end, whatever it answers."""

    name: Name
    keeps: bool = False
    seconds: float = 0.0
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def up() -> Behaviour:
    """Keeps the ticket and says so."""
    return Behaviour(name="up", keeps=True)


def slow(seconds: float) -> Behaviour:
    """Keeps the ticket and says so after that time."""
    return Behaviour(name="slow", keeps=True, seconds=seconds)


def busy(retry_after: float = 1.0) -> Behaviour:
    """429: come again later."""
    return Behaviour(name="busy", seconds=retry_after)


def reject(reason: str = "unknown item") -> Behaviour:
    """422: never this ticket."""
    return Behaviour(name="reject", reason=reason)


def needs_operator(reason: str = "paper out") -> Behaviour:
    """503 with a code: someone on site must act."""
    return Behaviour(name="needs_operator", reason=reason)


def refuse_login() -> Behaviour:
    """401: wrong credentials."""
    return Behaviour(name="refuse_login")


def error(*, keeps: bool = False) -> Behaviour:
    """500, with or without having kept the ticket: nobody can tell."""
    return Behaviour(name="error", keeps=keeps)


def drop(*, keeps: bool) -> Behaviour:
    """Closes the connection instead of answering, after keeping the ticket or without."""
    return Behaviour(name="drop", keeps=keeps)


def hang(*, keeps: bool = False) -> Behaviour:
    """Never answers."""
    return Behaviour(name="hang", keeps=keeps)


async def react(
    request: web.Request, behaviour: Behaviour, kept: dict[str, Any] | None
) -> web.Response:
    """The answer, or the lack of one."""
    if behaviour.name == "drop":
        if request.transport:
            request.transport.abort()
        return json_answer({}, status=500)
    if behaviour.name == "hang":
        await asyncio.Event().wait()
    if behaviour.name == "slow":
        await asyncio.sleep(behaviour.seconds)
    if kept and behaviour.name in {"up", "slow"}:
        return json_answer(kept, status=200 if kept["duplicate"] else 201)
    return _refusal(behaviour)


def _refusal(behaviour: Behaviour) -> web.Response:
    reason = {"reason": behaviour.reason}
    match behaviour.name:
        case "busy":
            return json_answer(
                reason, status=429, headers={"Retry-After": f"{behaviour.seconds:g}"}
            )
        case "reject":
            return json_answer({"field": "lines", **reason}, status=422)
        case "needs_operator":
            return json_answer({"code": "operator", **reason}, status=503)
        case "refuse_login":
            return json_answer({"reason": "unknown credentials"}, status=401)
        case _:
            return json_answer({"reason": "internal error"}, status=500)


def json_answer(
    document: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(document),
        status=status,
        content_type="application/json",
        headers=headers,
    )
