"""The body of a call, read within its size and its time."""

import asyncio

from aiohttp import HttpVersion11, web

from bridge.ingress.answers import refuse
from bridge.model import Answer


async def read_body(
    request: web.Request, *, limit: int, seconds: float, correlation_id: str
) -> bytes | Answer:
    """The body, at most `limit` bytes; or the refusal for one that did not come as it should."""
    if (request.content_length or 0) > limit:
        return _too_big(limit, correlation_id)
    try:
        return await _read_within(request, seconds)
    except web.HTTPRequestEntityTooLarge:
        return _too_big(limit, correlation_id)
    except TimeoutError:
        detail = f"the body was not complete within {seconds:.1f} s"
        return refuse(408, "slow_body", detail, correlation_id)
    except ConnectionError:
        detail = "the connection was closed before the body was complete"
        return refuse(400, "cut_off", detail, correlation_id)
    except (web.RequestPayloadError, ValueError) as error:
        detail = f"the body could not be read ({type(error).__name__}); check its encoding"
        return refuse(400, "broken_body", detail, correlation_id)


async def expect_later(_request: web.Request) -> None:
    """Whoever asks before sending the body is told to go on when we want to read it."""


async def _read_within(request: web.Request, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        if _is_waiting(request) and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await request.read()


def _is_waiting(request: web.Request) -> bool:
    expected = request.headers.get("Expect", "").lower()
    return expected == "100-continue" and request.version == HttpVersion11


def _too_big(limit: int, correlation_id: str) -> Answer:
    detail = f"the body has more than {limit} bytes"
    return refuse(413, "too_big", detail, correlation_id)
