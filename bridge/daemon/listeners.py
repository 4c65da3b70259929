"""Sockets: ingress and console behind a guard each, the console's unix socket, and their number."""

import asyncio
import os
import resource
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bridge.config import Address
from bridge.ingress.guard import Guard, Limits

CALL_PATIENCE = 1.0
# Connections that the system keeps until they are taken.
BACKLOG = 128
# Of these asyncio takes so many at a time. Without room for another file each is a complaint and a
# try of its own a second later, which makes as many again: with more than one they multiply.
TAKEN_AT_A_TIME = 1
# Not a setting: a screen needs two or three connections, so this is enough for more screens than a
# kitchen has, also where all of them come through one proxy; and no caller can have all of them.
CONSOLE_LIMITS = Limits(keep_alive=30.0, max_connections=512, max_per_source=128)
# Complaints about connections that cannot be taken are told at most this often, in seconds.
TOLD_EVERY = 10.0

_NO_ROOM = "socket.accept() out of system resource"
_INGRESS_ADVICE = "[ingress] max_connections and max_connections_per_address set the limits"
_CONSOLE_ADVICE = (
    "the console's limits are fixed; close screens that nobody looks at, or keep that address out"
)

_log = structlog.get_logger(__name__)


class _Door(socket.socket):
    """asyncio has one number for what it takes at a time and for what the system keeps."""

    def listen(self, _backlog: int = BACKLOG, /) -> None:
        super().listen(BACKLOG)


class DoorError(OSError):
    """A door cannot be opened; the text says which, why, and what sets it."""


async def open_ingress(
    stack: AsyncExitStack,
    app: web.Application,
    address: Address,
    limits: Limits,
    *,
    patience: float = CALL_PATIENCE,
) -> str:
    """Listen; returns the URL. At the stack's end: no new requests, running ones finish.

    `patience`: how many seconds they have for it.
    """
    guard = Guard(await _serve(stack, app, patience), limits, advice=_INGRESS_ADVICE)
    return await _listen(stack, "ingress", address, guard)


async def open_console(stack: AsyncExitStack, app: web.Application, address: Address) -> str:
    """Listen on TCP; returns the URL."""
    guard = Guard(await _serve(stack, app, CALL_PATIENCE), CONSOLE_LIMITS, advice=_CONSOLE_ADVICE)
    return await _listen(stack, "console", address, guard)


async def open_socket(stack: AsyncExitStack, app: web.Application, path: Path) -> None:
    """Listen on a unix socket that only this user may open."""
    door = _bind(path)
    stack.callback(door.close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, door, backlog=TAKEN_AT_A_TIME).start()
    # The first thing at the end: once nobody answers, the name may be another process's already.
    stack.callback(path.unlink, missing_ok=True)


def raise_file_limit() -> int:
    """As many open files as the system allows this process; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def quiet_accept_errors(loop: asyncio.AbstractEventLoop) -> None:
    """From now on a flood of connections does not flood the log; other errors are told as ever."""
    told_at, number = float("-inf"), 0

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal told_at, number
        if context.get("message") != _NO_ROOM:
            loop.default_exception_handler(context)
            return
        number += 1
        if loop.time() - told_at < TOLD_EVERY:
            return
        told_at = loop.time()
        _log.error(
            "connections_not_taken",
            cause=str(context.get("exception", "")),
            tries=number,
            hint="LimitNOFILE of the service and the limits in [ingress] set how many there may be",
        )

    loop.set_exception_handler(handle)


async def _serve(stack: AsyncExitStack, app: web.Application, patience: float) -> web.Server:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    if runner.server is None:
        raise RuntimeError("the listener has no server")
    return runner.server


async def _listen(stack: AsyncExitStack, section: str, address: Address, guard: Guard) -> str:
    loop = asyncio.get_running_loop()
    doors: list[_Door] = []
    with _explained(section, address):
        found = await loop.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _type, _protocol, _name, place in dict.fromkeys(found):
            try:
                door = _Door(family, socket.SOCK_STREAM)
            except OSError:
                continue  # a name may stand for a family that this host does not have
            stack.callback(door.close)
            _bind_tcp(door, place)
            server = await loop.create_server(guard, sock=door, backlog=TAKEN_AT_A_TIME)
            stack.callback(server.close)
            doors.append(door)
        if not doors:
            raise OSError(f"{address.host} is no address of this host")
    return _url([one.getsockname() for one in doors])


def _bind_tcp(door: socket.socket, place: Any) -> None:
    """As asyncio would."""
    door.setblocking(False)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if door.family == socket.AF_INET6:
        # Or it would take the port of IPv4, too.
        door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    door.bind(place)


def _bind(path: Path) -> socket.socket:
    """Nobody can call before its mode is set: it does not listen yet."""
    door = _Door(socket.AF_UNIX)
    try:
        _make_room(path)
        door.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        door.close()
        if isinstance(error, DoorError):
            raise
        raise DoorError(
            f"the command socket cannot be made at {path}: {error.strerror or error}; "
            "[console] socket, or POS_BRIDGE__CONSOLE__SOCKET, names a place where this user "
            "may write"
        ) from error
    return door


def _make_room(path: Path) -> None:
    """Remove a socket left by a process that was killed; anything else there is not ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    if _is_served(path):
        raise DoorError(
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


@contextmanager
def _explained(section: str, address: Address) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise DoorError(
            f"the {section} cannot listen at {address.host}:{address.port}: {reason}; "
            f"stop what is there, or change [{section}] listen"
        ) from error


def _url(addresses: Sequence[Any]) -> str:
    for host, port, *_ in addresses:
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"
    return ""
