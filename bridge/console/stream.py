"""Live screens over server-sent events."""

import asyncio
import contextlib
from typing import Final

import orjson
import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bridge.console.context import context_of
from bridge.console.feed import Feed, as_time
from bridge.console.pages import PAGES
from bridge.ledger import LedgerError

# A screen that heard nothing for some of these calls itself offline.
ALIVE: Final = 5.0
# A screen that takes nothing for this long is cut off; it comes back by itself.
_PATIENCE: Final = 20.0

_log = structlog.get_logger(__name__)


class Streams:
    """The open screens of one listener and the feeds behind them."""

    def __init__(self) -> None:
        self._open: set[EventSourceResponse] = set()
        self._feeds: dict[str, Feed] = {}
        self._closing = False

    @property
    def number(self) -> int:
        return len(self._open)

    def feed(self, request: web.Request, restaurant: str) -> Feed:
        if restaurant not in self._feeds:
            context = context_of(request)
            self._feeds[restaurant] = Feed(
                context.ledger, restaurant, now=context.now, stamp=request.app[PAGES].stamp
            )
        return self._feeds[restaurant]

    async def serve(self, response: EventSourceResponse, feed: Feed, request: web.Request) -> None:
        """Send until the screen leaves or the listener closes."""
        if self._closing:
            return
        self._open.add(response)
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(_send_changes(response, feed, request))
                await response.wait()
                sender.cancel()
        finally:
            self._open.discard(response)

    async def close(self, _app: web.Application) -> None:
        """End every stream now: a stop of the daemon does not wait for screens."""
        self._closing = True
        for response in tuple(self._open):
            response.stop_streaming()
        for feed in self._feeds.values():
            feed.close()
        self._feeds.clear()


STREAMS: Final = web.AppKey("streams", Streams)


async def stream_tickets(request: web.Request) -> web.StreamResponse:
    """Event `tickets` now and after each change of the board, `alive` in between."""
    view = await context_of(request).find_kitchen(request.match_info["restaurant"])
    streams = request.app[STREAMS]
    feed = streams.feed(request, view.id)
    async with sse_response(request, send_timeout=_PATIENCE, ping_interval=ALIVE) as response:
        try:
            await streams.serve(response, feed, request)
        except* (ConnectionError, TimeoutError):
            pass  # the screen went away; it asks again by itself
        except* LedgerError as group:
            # The screen sees the end of its stream, says so, and asks again.
            _log.warning("stream_ended", restaurant=view.id, cause=str(group.exceptions[0]))
    return response


async def _send_changes(response: EventSourceResponse, feed: Feed, request: web.Request) -> None:
    now = context_of(request).now
    seen = 0
    while True:
        snapshot = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALIVE):
                snapshot = await feed.after(seen)
        if snapshot is None:
            await response.send(orjson.dumps({"now": as_time(now())}).decode(), event="alive")
        else:
            seen = snapshot.number
            await response.send(snapshot.message, event="tickets")
