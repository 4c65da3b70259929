"""Sockets: the ingress behind its guard, the console on TCP and on its unix socket."""

import asyncio
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import web

from bridge.config import Address
from bridge.ingress.guard import Guard, Limits

CLOSE_PATIENCE = 3.0
CALL_PATIENCE = 1.0


async def open_ingress(
    stack: AsyncExitStack, app: web.Application, address: Address, limits: Limits
) -> str:
    """Listen; returns the URL. At the stack's end: no new requests, running ones finish."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_PATIENCE)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    if runner.server is None:
        raise RuntimeError("the listener has no server")
    guard = Guard(runner.server, limits)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(guard, address.host, address.port, backlog=512)
    stack.callback(server.close)
    return _url([one.getsockname() for one in server.sockets])


async def open_console(stack: AsyncExitStack, app: web.Application, address: Address) -> str:
    """Listen on TCP; returns the URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, address.host, address.port).start()
    return _url(runner.addresses)


async def open_socket(stack: AsyncExitStack, app: web.Application, path: Path) -> None:
    """Listen on a unix socket that only this user may open."""
    _remove_stale(path)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    before = os.umask(0o177)
    try:
        await web.UnixSite(runner, path).start()
    finally:
        os.umask(before)
    stack.callback(path.unlink, missing_ok=True)


def _remove_stale(path: Path) -> None:
    """A socket left by a process that was killed; anything else there is not ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    if _is_served(path):
        raise OSError(
            f"{path} is served by another process: stop that one, or give this one another "
            "[console] socket"
        )
    path.unlink()


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(CALL_PATIENCE)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            # Too busy to answer, or not ours to open: in any case somebody is there.
            return True
    return True


def _url(addresses: Sequence[Any]) -> str:
    for host, port, *_ in addresses:
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"
    return ""
