"""One connection through a proxy: a pipe for each way."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.proof.proxy.frames import Frame, Splitter
from tests.proof.proxy.troubles import Severed, Trouble, Way

_SIZE: Final = 65536
# Closing with it throws away what was not sent, and resets.
_AT_ONCE: Final = struct.pack("ii", 1, 0)

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Passage:
    """`trouble` says how things are carried now."""

    def __init__(self, trouble: Callable[[], Trouble]) -> None:
        self._trouble = trouble
        self._writers: dict[Way, asyncio.StreamWriter] = {}
        self._closed: set[Way] = set()

    async def run(
        self, client: Ends, target: tuple[str, int], frames: Callable[[], Splitter]
    ) -> None:
        """Until both have closed it, or it is severed."""
        self._writers[Way.DOWN] = client[1]
        try:
            server = await asyncio.open_connection(*target)
            self._writers[Way.UP] = server[1]
            await self._join(client[0], server[0], frames)
        except OSError:
            self.reset()  # nobody is there
        except BaseException:
            self.reset()
            raise
        for writer in self._writers.values():
            writer.close()

    def reset(self) -> None:
        """Both sides hear of it."""
        for writer in self._writers.values():
            plug = writer.get_extra_info("socket")
            with suppress(OSError):
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    def close(self, way: Way) -> None:
        """Nothing more goes that way, and who is there is told so."""
        self._closed.add(way)
        writer = self._writers.get(way)
        if writer is not None and not writer.transport.is_closing():
            with suppress(OSError):
                writer.write_eof()

    async def _join(
        self,
        client: asyncio.StreamReader,
        server: asyncio.StreamReader,
        frames: Callable[[], Splitter],
    ) -> None:
        try:
            async with asyncio.TaskGroup() as pipes:
                for way, source in ((Way.UP, client), (Way.DOWN, server)):
                    pipe = _Pipe(self, way, source, frames())
                    pipes.create_task(pipe.take())
                    pipes.create_task(pipe.give())
        except* (Severed, OSError, ValueError):
            self.reset()

    async def carry(self, way: Way, frame: Frame) -> None:
        async def write(data: bytes) -> None:
            if way not in self._closed:
                self._writers[way].write(data)
                await self._writers[way].drain()

        await self._trouble().carry(way, frame, write)

    @property
    def is_clear(self) -> bool:
        return self._trouble().over.is_set()


class _Pipe:
    """It takes also while nothing passes: nobody speaks on for one who has hung up."""

    def __init__(
        self, passage: Passage, way: Way, source: asyncio.StreamReader, frames: Splitter
    ) -> None:
        self._passage = passage
        self._way = way
        self._source = source
        self._frames = frames
        self._waiting: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._pending = 0

    async def take(self) -> None:
        while data := await self._source.read(_SIZE):
            for frame in self._frames.feed(data):
                self._pending += 1
                self._waiting.put_nowait(frame)
        if self._pending and not self._passage.is_clear:
            raise Severed
        self._waiting.put_nowait(None)

    async def give(self) -> None:
        while (frame := await self._waiting.get()) is not None:
            await self._passage.carry(self._way, frame)
            self._pending -= 1
        self._passage.close(self._way)
