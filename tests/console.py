"""The console over real sockets, a real ledger behind it."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bridge.console import ConsoleContext, RestaurantView, build
from bridge.daemon.listeners import CONSOLE_LIMITS
from bridge.ingress.guard import Guard
from bridge.ledger import Ledger, LedgerError
from bridge.telemetry import Metrics
from tests.kitchen import Kitchen

TOKEN = "a-token-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TICKETS = "/api/v1/kitchen/lopez/tickets"
VIEWS = (
    RestaurantView(id="lopez", name="Lopez", adapter="board", timezone="Europe/Madrid"),
    RestaurantView(id="cafe", name="Café", adapter="file", timezone="America/New_York"),
)


@dataclass
class Console:
    """What a test holds: both listeners, the ledger, and the health it may change."""

    ledger: Ledger
    kitchen: Kitchen
    health: dict[str, Any]
    app: web.Application
    runner: web.AppRunner
    address: tuple[str, int]
    client: aiohttp.ClientSession
    stranger: aiohttp.ClientSession
    local: aiohttp.ClientSession


@asynccontextmanager
async def listener(context, place, *, trusted=False):
    app = build(context, trusted=trusted)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    server = None
    if trusted:
        await web.UnixSite(runner, str(place)).start()
    else:
        guard = Guard(runner.server, CONSOLE_LIMITS)
        server = await asyncio.get_running_loop().create_server(guard, "127.0.0.1", 0)
    try:
        yield app, runner, server
    finally:
        if server:
            server.close()
        await runner.cleanup()


@asynccontextmanager
async def a_console(folder, **more):
    """Both listeners; everything is closed at the end."""
    ledger = await Ledger.open(folder / "ledger")
    health = {
        "ready": True,
        "ledger": {"state": "ok"},
        "broker": {"state": "down"},
        "restaurants": {"lopez": {"state": "up", "reason": "", "console": "http://worker:8082"}},
    }

    async def give_health():
        return health

    given = {
        "ledger": ledger,
        "restaurants": VIEWS,
        "token": TOKEN,
        "metrics": Metrics(),
        "health": give_health,
        "now": time.time,
    }
    context = ConsoleContext(**{**given, **more})
    place = folder / "console.sock"
    async with (
        listener(context, place) as (app, runner, server),
        listener(context, place, trusted=True),
    ):
        address = server.sockets[0].getsockname()
        base = "http://{}:{}".format(*address)
        async with (
            aiohttp.ClientSession(base, headers=BEARER) as client,
            aiohttp.ClientSession(base) as stranger,
            aiohttp.ClientSession(
                "http://localhost", connector=aiohttp.UnixConnector(str(place))
            ) as local,
        ):
            yield Console(
                ledger, Kitchen(ledger), health, app, runner, address, client, stranger, local
            )
    ledger.close()


async def get(session, path, **options):
    async with session.get(path, **options) as answer:
        return answer.status, await answer.json(content_type=None)


async def post(session, path, **options):
    async with session.post(path, **options) as answer:
        return answer.status, await answer.json(content_type=None)


async def failing(_job):
    raise LedgerError("disk full")
