"""A daemon in the foreground: its loop, its signals, its exit status."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bridge.daemon import Daemon
    from bridge.daemon.daemon import Ready

Around = Callable[["Ready"], AbstractAsyncContextManager[None]]


def serve(
    build: "Callable[[], Daemon]",
    *,
    before: AbstractAsyncContextManager[object] | None = None,
    on_ready: "Callable[[Ready], None]" = lambda _ready: None,
) -> None:
    """Run it until a signal ends it. Exits with 2 when it cannot start.

    `build` is called inside `before`, on the loop.
    """
    from bridge.daemon import StartError  # noqa: PLC0415

    async def main() -> None:
        async with before or nullcontext():
            daemon = build()
            _handle_signals(daemon.stop)
            await daemon.run(on_ready)

    try:
        asyncio.run(main())
    except StartError as error:
        click.echo(f"cannot start: {error}", err=True)
        raise SystemExit(2) from error


def _handle_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    # Nothing is read again while running: a hang-up must not end the daemon.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
