"""The console's doors: TCP for people, a unix socket for the commands of this machine."""

import asyncio
import os
import resource
import socket
import stat
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge.config import Address
from bridge.daemon import listeners
from bridge.daemon.listeners import (
    BACKLOG,
    CONSOLE_LIMITS,
    open_console,
    open_socket,
    quiet_accept_errors,
    raise_file_limit,
)
from tests.console import a_console
from tests.doorway import read_answer

ANYWHERE = Address("127.0.0.1", 0)


async def say_hello(_request):
    return web.Response(text="hello")


async def stream_slowly(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(5):
        await response.write(b"tick")
        await asyncio.sleep(0.03)
    return response


@asynccontextmanager
async def connection(url):
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        yield reader, writer
    finally:
        writer.close()


@contextmanager
def no_more_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as newest:
        # As many as are in use: every lower number is taken, or is taken below.
        resource.setrlimit(resource.RLIMIT_NOFILE, (newest.fileno(), before[1]))
        taken = []
        try:
            while True:
                taken.append(os.dup(0))
        except OSError:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            for one in taken:
                os.close(one)


def count_tries(loop):
    """How often the loop complained so far."""
    quiet_accept_errors(loop)
    quiet = loop.get_exception_handler()
    contexts = []

    def handle(loop, context):
        contexts.append(context)
        quiet(loop, context)

    loop.set_exception_handler(handle)
    return contexts.__len__


@pytest.fixture
def app():
    app = web.Application()
    app.router.add_get("/", say_hello)
    return app


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


# --- a flood


async def test_slow_headers_at_the_console_end_the_connection(stack, app, monkeypatch):
    monkeypatch.setattr(listeners, "CONSOLE_LIMITS", replace(CONSOLE_LIMITS, header_timeout=0.05))
    async with connection(await open_console(stack, app, ANYWHERE)) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost:")

        assert await reader.read() == b""


async def test_a_connection_too_many_at_the_console_is_closed(stack, app):
    url = await open_console(stack, app, ANYWHERE)
    async with AsyncExitStack() as callers:
        for _ in range(CONSOLE_LIMITS.max_per_source):
            await callers.enter_async_context(connection(url))
        reader, _writer = await callers.enter_async_context(connection(url))

        assert await reader.read() == b""


async def test_no_single_address_can_have_all_of_the_console():
    assert CONSOLE_LIMITS.max_per_source <= CONSOLE_LIMITS.max_connections / 4


async def test_a_long_answer_of_the_console_outlives_every_limit(stack, app, monkeypatch):
    short = replace(CONSOLE_LIMITS, header_timeout=0.02, keep_alive=0.02)
    monkeypatch.setattr(listeners, "CONSOLE_LIMITS", short)
    app.router.add_get("/stream", stream_slowly)
    url = await open_console(stack, app, ANYWHERE)
    async with aiohttp.ClientSession() as client, client.get(f"{url}/stream") as response:
        assert await response.text() == "tick" * 5


async def test_what_is_no_http_gets_a_problem_from_the_console_too(stack, app):
    async with connection(await open_console(stack, app, ANYWHERE)) as (reader, writer):
        writer.write(b"hello\r\n\r\n")

        assert (await read_answer(reader)).document["code"] == "bad_http"


async def test_the_console_does_not_tell_what_it_is_made_of(tmp_path):
    async with a_console(tmp_path) as console, console.stranger.get("/healthz") as response:
        assert response.headers.getall("Server") == ["pos-bridge"]


@pytest.mark.parametrize("path", ["/", "/kitchen/lopez"])
async def test_a_console_without_a_token_says_so_to_a_browser(tmp_path, path):
    async with a_console(tmp_path, token=None) as console, console.stranger.get(path) as response:
        assert response.status == 401
        assert "No token is configured" in await response.text()


def test_the_number_of_files_is_raised_to_what_is_allowed():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        allowed = raise_file_limit()

        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
        assert allowed == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_lack_of_files_is_told_once_and_does_not_multiply(stack, app, monkeypatch):
    """Takes every file of the process, then lets callers wait at the door for many tries."""
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.01)
    loop = asyncio.get_running_loop()
    tries = count_tries(loop)
    url = await open_console(stack, app, ANYWHERE)
    with socket.socket() as caller, capture_logs() as logs, no_more_files():
        caller.connect((urlsplit(url).hostname, urlsplit(url).port))
        while tries() < 5:
            await asyncio.sleep(0)
            waiting = [one for one in loop._scheduled if "_start_serving" in repr(one)]
            assert len(waiting) <= 1
    loop.set_exception_handler(None)

    assert [line["event"] for line in logs] == ["connections_not_taken"]
    assert "Too many open files" in logs[0]["cause"]


async def test_callers_may_wait_at_the_door(stack, app):
    """None is turned away by the system before the loop looks at the door again."""
    place = urlsplit(await open_console(stack, app, ANYWHERE))
    async with AsyncExitStack() as callers:
        for _ in range(BACKLOG):
            caller = callers.enter_context(socket.socket())
            caller.settimeout(0.5)
            caller.connect((place.hostname, place.port))


async def test_every_other_fault_of_the_loop_is_told_as_ever(caplog):
    loop = asyncio.get_running_loop()
    quiet_accept_errors(loop)
    loop.call_exception_handler({"message": "something else"})
    loop.set_exception_handler(None)

    assert "something else" in caplog.text
