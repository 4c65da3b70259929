"""How commands talk to a running daemon: its unix socket, or a URL and a token."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import click
import orjson

SOCKET = Path("/run/pos-bridge/console.sock")
SOCKET_NAME = "POS_BRIDGE__CONSOLE__SOCKET"
TIMEOUT = aiohttp.ClientTimeout(total=60)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which daemon. `url` empty: the one on this machine, by its socket."""

    socket: Path
    url: str = ""
    token: str = ""


def options(function: F) -> F:
    """Add --socket, --url and --token-file to a command, handed in as `target`."""

    def wrapped(socket: Path | None, url: str, token_file: Path | None, **rest: Any) -> Any:
        token = _read_token(token_file) if token_file else ""
        chosen = socket or Path(os.environ.get(SOCKET_NAME, SOCKET))
        return function(target=Target(socket=chosen, url=url, token=token), **rest)

    wrapped.__doc__ = function.__doc__
    wrapped.__name__ = function.__name__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    path = click.Path(path_type=Path)
    for option in (
        click.option(
            "--token-file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="File that holds the console's token, for --url.",
        ),
        click.option("--url", default="", help="Address of a daemon's console elsewhere."),
        click.option("--socket", type=path, help=f"The daemon's socket here (default {SOCKET})."),
    ):
        option(wrapped)
    return wrapped  # type: ignore[return-value]


def fetch(target: Target, path: str, **query: str) -> dict[str, Any]:
    """The JSON behind an address of the console. Exits with a sentence when it cannot be had.

    What the daemon finds wrong with the question itself is a UsageError.
    """
    given = {name: value for name, value in query.items() if value}
    return _ask(target, "GET", path, params=given)


def send(target: Target, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a command. Exits as `fetch` does."""
    return _ask(target, "POST", path, data=orjson.dumps(body))


def _ask(target: Target, method: str, path: str, **more: Any) -> dict[str, Any]:
    try:
        status, body = asyncio.run(_call(target, method, path, **more))
    except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
        where = target.url or target.socket
        reason = str(error) or type(error).__name__
        click.echo(f"no daemon answers at {where}: {reason}", err=True)
        raise SystemExit(1) from error
    document = _parse(body, target)
    if status >= HTTPStatus.BAD_REQUEST:
        says = document.get("detail") or document.get("title") or f"status {status}"
        if status == HTTPStatus.BAD_REQUEST:
            raise click.UsageError(says)
        click.echo(says, err=True)
        raise SystemExit(1)
    return document


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} holds no token that can be read: {error}") from error


def _parse(body: bytes, target: Target) -> dict[str, Any]:
    try:
        document = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        click.echo(
            f"no bridge answers at {target.url or target.socket}, but something else does", err=True
        )
        raise SystemExit(1)
    return document


async def _call(target: Target, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    connector = None if target.url else aiohttp.UnixConnector(str(target.socket))
    base = target.url.rstrip("/") or "http://localhost"
    headers = {"Authorization": f"Bearer {target.token}"} if target.token else {}
    async with (
        aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
        session.request(method, base + path, headers=headers, **more) as response,
    ):
        return response.status, await response.read()
