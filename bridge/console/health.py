"""What a supervisor, a load balancer and a metrics collector ask for."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bridge.console.context import context_of
from bridge.console.problem import as_json


async def show_alive(_request: web.Request) -> web.Response:
    """The process runs and its loop turns."""
    return web.Response(text="ok\n")


async def show_ready(request: web.Request) -> web.Response:
    """200 if this process can say yes durably, else 503; broker and POS are named only."""
    health = await context_of(request).health()
    response = as_json(health)
    response.set_status(200 if health.get("ready") is True else 503)
    return response


async def show_metrics(request: web.Request) -> web.Response:
    body = context_of(request).metrics.render()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
