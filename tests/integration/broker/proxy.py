import asyncio
from contextlib import suppress

from yarl import URL


class Proxy:
    """TCP in between, which can go deaf and dumb without a goodbye."""

    def __init__(self, url):
        self._target = URL(url)
        self._open = asyncio.Event()
        self._open.set()
        self._writers = []
        self._tasks = set()
        self._server = None

    @property
    def url(self):
        port = self._server.sockets[0].getsockname()[1]
        return str(self._target.with_host("127.0.0.1").with_port(port))

    def swallow(self):
        """From now on nothing passes, and nothing is closed."""
        self._open.clear()

    def pass_on(self):
        self._open.set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):
            await self._join(reader, writer)

    async def _join(self, reader, writer):
        there = await asyncio.open_connection(self._target.host, self._target.port)
        self._writers += [writer, there[1]]
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
