"""A daemon that is started again whenever it ends, as the system's service manager would."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import aiohttp

RESTART_AFTER: Final = 0.2
# Far more than a start or a clean end needs, so that a busy machine fails nothing.
PATIENCE: Final = 60.0
_LOOK_EVERY: Final = 0.02
_READY: Final = 200


class Process:
    """`died` has the statuses with which it ended though nobody had asked for it.

    `door` is where the platform calls, if it does.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        ready: str,
        door: int | None,
        environment: Mapping[str, str],
        session: aiohttp.ClientSession,
    ) -> None:
        self._command = command
        self._log = log
        self._ready = ready
        self._door = door
        self._environment = environment
        self._session = session
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_expected = False
        self._is_back = asyncio.Event()
        self.died: list[int] = []

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Until it is ready. Raises TimeoutError if it never is."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())
        await self.wait_ready()

    async def wait_ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await self._is_ready():  # noqa: ASYNC110  another process tells nobody
                await asyncio.sleep(_LOOK_EVERY)

    async def kill(self) -> None:
        """SIGKILL, and until it is ready again."""
        process = self._process
        self._is_expected = True
        self._is_back.clear()
        process.kill()
        async with asyncio.timeout(PATIENCE):
            await self._is_back.wait()
        await self.wait_ready()

    async def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after that time."""
        process = self._process
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """Its exit status after SIGTERM; it does not come again. Negative: it had to be killed."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        process = self._process
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _keep(self) -> None:
        while True:
            status = await self._process.wait()
            if not self._is_expected:
                self.died.append(status)
            self._is_expected = False
            await asyncio.sleep(RESTART_AFTER)
            await self._spawn()
            self._is_back.set()

    async def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                # The terminal's Ctrl-C is for the proof, which then ends its children itself.
                start_new_session=True,
            )

    async def _is_ready(self) -> bool:
        try:
            async with self._session.get(
                self._ready, timeout=aiohttp.ClientTimeout(total=PATIENCE)
            ) as answer:
                return answer.status == _READY and await self._is_open()
        except (aiohttp.ClientError, OSError):
            return False

    async def _is_open(self) -> bool:
        """The console may say so before the platform's door is open. Raises OSError if not."""
        if self._door is None:
            return True
        _reader, writer = await asyncio.open_connection("127.0.0.1", self._door)
        writer.close()
        await writer.wait_closed()
        return True
