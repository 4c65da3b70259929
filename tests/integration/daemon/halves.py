"""Bridges that speak to a RabbitMQ, in the process of the test."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import aiohttp

from bridge.config import Broker, Console, Ledger, Secret
from bridge.daemon import Role
from tests.daemons import a_config, post_order, running

TOKEN = "a token that nobody guesses"
PATIENCE = 60.0


class Half:
    """A running daemon, and what its users see."""

    def __init__(self, daemon, ready, task):
        self.daemon, self.ready, self.task = daemon, ready, task

    async def ask(self, path):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(headers=headers) as client:
            return await (await client.get(self.ready.console + path)).json()

    async def tell(self, path, body):
        """Status and answer of a command."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(headers=headers) as client:
            answer = await client.post(self.ready.console + path, json=body)
            return answer.status, await answer.json()

    async def post(self, order_id):
        return await post_order(self.ready, order_id)

    async def until(self, path, holds):
        """The document at that address, once it is as wanted."""
        async with asyncio.timeout(PATIENCE):
            while not holds(found := await self.ask(path)):  # noqa: ASYNC110  asked over HTTP
                await asyncio.sleep(0.05)
        return found

    async def until_state(self, order_id, state):
        return await self.until(
            f"/api/v1/orders/{order_id}", lambda order: order.get("state") == state
        )


@asynccontextmanager
async def bridge(directory, broker, *, prefix, role=Role.ALL, **more):
    parts = urlsplit(broker.url)
    settings = Broker(
        hosts=(f"{parts.hostname}:{parts.port}",),
        username=unquote(parts.username),
        password=Secret.of(unquote(parts.password)),
        virtual_host=unquote(parts.path.removeprefix("/")) or "/",
        prefix=prefix,
        idle_expiry=600,
    )
    config = a_config(
        directory,
        broker=settings,
        ledger=Ledger(directory=directory, ballast=0),
        console=Console(
            listen="127.0.0.1:0",
            token=Secret.of(TOKEN),
            socket=directory / "console.sock",
        ),
        **more,
    )
    async with running(config, role=role) as parts:
        yield Half(*parts)
