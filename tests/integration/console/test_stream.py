import asyncio
import socket
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from bridge.console.stream import STREAMS
from tests.console import TICKETS, TOKEN, failing, post
from tests.kitchen import an_order, dish


class Screen:
    """Reads server-sent events the way a browser does."""

    def __init__(self, answer):
        self._content = answer.content

    async def next(self, wanted="tickets"):
        async with asyncio.timeout(10):
            while True:
                name, data = await self._event()
                if name == wanted:
                    return data

    async def _event(self):
        fields = {}
        while line := (await self._content.readline()).decode().rstrip("\r\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        if not fields:
            if self._content.at_eof():
                raise EOFError
            return None, None
        return fields.get("event"), orjson.loads(fields["data"]) if "data" in fields else None


@asynccontextmanager
async def screen(console, session=None):
    session = session or console.client
    async with session.get("/api/v1/kitchen/lopez/stream") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Screen(answer)


def ids(message):
    return [ticket["order_id"] for ticket in message["tickets"]]


async def test_a_screen_gets_the_board_at_once_and_again_with_each_change(console):
    async with screen(console) as stream:
        assert ids(await stream.next()) == []
        await console.kitchen.place()
        assert ids(await stream.next()) == ["order-1"]


async def test_a_bump_on_one_screen_shows_on_the_other(console):
    await console.kitchen.place()
    async with screen(console) as one, screen(console, console.local) as other:
        await one.next()
        await other.next()
        await post(console.client, f"{TICKETS}/order-1/bump")
        for stream in (one, other):
            assert (await stream.next())["tickets"][0]["state"] == "bumped"


async def test_a_burst_of_orders_ends_with_all_of_them_shown(console):
    async with screen(console) as stream:
        await stream.next()
        await asyncio.gather(
            *(console.kitchen.place(an_order(f"order-{number}")) for number in range(60))
        )
        messages = 1
        while len(ids(await stream.next())) < 60:
            messages += 1
        assert messages < 60


async def test_a_stream_needs_the_token_too(console):
    async with console.stranger.get("/api/v1/kitchen/lopez/stream") as answer:
        assert answer.status == 401


async def test_a_screen_that_leaves_is_forgotten(console):
    async with screen(console) as stream:
        await stream.next()
        assert console.app[STREAMS].number == 1
    await console.kitchen.place()
    async with asyncio.timeout(20):
        while console.app[STREAMS].number:  # noqa: ASYNC110  nothing tells when it is seen
            await asyncio.sleep(0.05)


async def test_a_stop_ends_open_streams_at_once(console):
    async with screen(console) as stream:
        await stream.next()
        async with asyncio.timeout(5):
            await console.runner.cleanup()
        with pytest.raises((EOFError, aiohttp.ClientError)):
            await stream.next()


def unsent(console):
    """Bytes that wait in this process for screens to take them."""
    transports = [connection.transport for connection in console.runner.server.connections]
    return sum(transport.get_write_buffer_size() for transport in transports)


@asynccontextmanager
async def stalled_screen(console):
    """Asks for the stream and then never reads."""
    with socket.create_connection(console.address) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(
            b"GET /api/v1/kitchen/lopez/stream HTTP/1.1\r\nHost: localhost\r\n"
            b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        )
        yield raw


async def test_a_screen_that_does_not_read_holds_up_neither_the_others_nor_the_stop(console):
    wordy = dish(1, "Ceviche", notes="without onion " * 10_000)
    async with screen(console) as stream, stalled_screen(console):
        await stream.next()
        await console.kitchen.place(an_order("order-1", wordy))
        await stream.next()
        while not unsent(console):  # from then on the writer waits for its reader
            for verb in ("bump", "recall"):
                await post(console.client, f"{TICKETS}/order-1/{verb}")
                assert ids(await stream.next()) == ["order-1"]
        assert console.app[STREAMS].number == 2
        async with asyncio.timeout(5):
            await console.runner.cleanup()


async def test_a_ledger_that_fails_ends_the_stream_so_that_the_screen_notices(console):
    async with screen(console) as stream:
        await stream.next()
        console.ledger.read = failing
        await console.kitchen.place()
        with pytest.raises((EOFError, aiohttp.ClientError)):
            await stream.next()
