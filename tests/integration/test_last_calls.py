"""Calls that run when the daemon stops: how long they are waited for."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bridge.config import Address, Ingress
from bridge.daemon import listeners
from bridge.ingress.guard import Limits
from tests.daemons import PATIENCE, a_config, running

LONG = 60.0


class Desk:
    """Answers one call when it is told to."""

    def __init__(self):
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_get("/", self._answer)

        self.app.router.add_post("/", self._read)
        self.closing = asyncio.Event()
        self.app.on_shutdown.append(self._note_end)

    async def _answer(self, _request):
        self.begun.set()
        await self.go.wait()
        return web.Response(text="an answer")

    async def _note_end(self, _app):
        self.closing.set()

    async def _read(self, request):
        self.begun.set()
        return web.Response(text=await request.text())


@pytest.fixture
async def desk():
    return Desk()


async def call(url):
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        return await response.text()


async def close_during_a_call(desk, patience, then=lambda: None):
    """What the caller gets of a listener that closes while it waits."""
    async with AsyncExitStack() as stack:
        url = await listeners.open_ingress(
            stack, desk.app, Address("127.0.0.1", 0), Limits(), patience=patience
        )
        calling = asyncio.create_task(call(url))
        await desk.begun.wait()
        closing = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0)
        then()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({calling, closing})
        await closing
    return await calling


async def test_a_call_that_ends_in_time_is_answered(desk):
    assert await close_during_a_call(desk, LONG, desk.go.set) == "an answer"


async def test_a_call_that_does_not_end_is_left(desk):
    with pytest.raises(aiohttp.ClientError):
        await close_during_a_call(desk, 0.01)


async def test_a_body_that_is_on_its_way_is_read_and_answered(desk):
    async with AsyncExitStack() as stack:
        url = await listeners.open_ingress(
            stack, desk.app, Address("127.0.0.1", 0), Limits(), patience=LONG
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(url).port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
        await desk.begun.wait()
        closing = asyncio.create_task(stack.aclose())
        await desk.closing.wait()
        writer.write(b" it.")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        await closing

    assert answer.endswith(b"half it.")


async def test_the_daemon_waits_as_long_as_its_longest_budget(tmp_path, monkeypatch):
    heard, really_serve = [], listeners._serve

    async def note(stack, app, patience):
        heard.append(patience)
        return await really_serve(stack, app, patience)

    monkeypatch.setattr(listeners, "_serve", note)
    ingress = Ingress(listen="127.0.0.1:0", order_budget=8.0, promo_budget=1.0)
    async with running(a_config(tmp_path, ingress=ingress)):
        pass

    assert heard == [listeners.CALL_PATIENCE, 8.5]  # the console opens first
