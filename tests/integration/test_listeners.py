"""The console's doors: TCP for people, a unix socket for the commands of this machine."""

import socket
import stat
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from bridge.config import Address
from bridge.daemon.listeners import open_console, open_socket


async def say_hello(_request):
    return web.Response(text="hello")


@pytest.fixture
def app():
    app = web.Application()
    app.router.add_get("/", say_hello)
    return app


@pytest.fixture
async def stack():
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "console.sock"


async def ask(path):
    connector = aiohttp.UnixConnector(str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get("http://console/") as response,
    ):
        return await response.text()


async def test_the_console_tells_where_it_listens(stack, app):
    url = await open_console(stack, app, Address("127.0.0.1", 0))
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        assert await response.text() == "hello"


async def test_an_address_of_version_six_is_told_in_brackets(stack, app):
    try:
        url = await open_console(stack, app, Address("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert url.startswith("http://[::1]:")


async def test_the_socket_answers(stack, app, path):
    await open_socket(stack, app, path)

    assert await ask(path) == "hello"


async def test_only_this_user_may_open_the_socket(stack, app, path):
    await open_socket(stack, app, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_socket_is_gone_at_the_end(app, path):
    async with AsyncExitStack() as stack:
        await open_socket(stack, app, path)

    assert not path.exists()


async def test_a_socket_that_nobody_serves_is_replaced(stack, app, path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    await open_socket(stack, app, path)

    assert await ask(path) == "hello"


async def test_a_socket_that_somebody_serves_is_left_alone(stack, app, path):
    await open_socket(stack, app, path)
    with pytest.raises(OSError, match="served by another process"):
        await open_socket(stack, web.Application(), path)

    assert await ask(path) == "hello"


async def test_a_file_in_the_place_of_the_socket_is_left_alone(stack, app, path):
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(OSError, match=r"console\.sock"):
        await open_socket(stack, app, path)

    assert path.read_text() == "precious"
