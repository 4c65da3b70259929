"""TCP in between, with at most one trouble at a time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

from tests.proof.proxy.frames import Bytes, Splitter
from tests.proof.proxy.passage import Passage
from tests.proof.proxy.troubles import Trouble

_HOST: Final = "127.0.0.1"


class Proxy:
    """To `target`, which may be down: then clients are thrown out as soon as they come.

    `frames` makes what cuts each direction of each connection into pieces.
    """

    def __init__(self, target: tuple[str, int], frames: Callable[[], Splitter] = Bytes) -> None:
        self._target = target
        self._frames = frames
        self._server: asyncio.Server | None = None
        self._passages: dict[Passage, asyncio.Task[None]] = {}
        self._trouble = Trouble()
        self._trouble.over.set()

    @property
    def port(self) -> int:
        """Where clients connect, on this machine."""
        if self._server is None:
            raise RuntimeError("it is not open")
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, _HOST, 0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._server is not None:
            self._server.close()
        tasks = list(self._passages.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def suffer(self, trouble: Trouble, seconds: float) -> bool:
        """For so long, or until it is over by itself. False if nobody noticed."""
        self._trouble = trouble
        trouble.begin(list(self._passages))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await trouble.over.wait()
        trouble.over.set()
        return trouble.met > 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = Passage(lambda: self._trouble)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("served outside of a task")
        self._passages[passage] = task
        try:
            await passage.run((reader, writer), self._target, self._frames)
        except asyncio.CancelledError:
            # By ourselves, at the end; the server would complain of it.
            pass
        finally:
            del self._passages[passage]
