"""The worker's own thread and event loop: a vendor's blocking call stalls no checkout."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from bridge.model import Deadline
from bridge.worker.worker import Worker

Serve = Callable[[Callable[[Worker], None]], Coroutine[Any, Any, None]]


class WorkerThread:
    """Runs `serve` on a loop of its own; `died` ends with what ended it.

    `serve` builds the worker on that loop, tells of it, and runs it to its end.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._main = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        self._ready = asyncio.Event()
        self.died: asyncio.Future[None] = self._main.create_future()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    async def start(self) -> None:
        """Until the worker's lanes run, or with the error that kept them from it."""
        self._thread.start()
        ready = asyncio.ensure_future(self._ready.wait())
        either: set[asyncio.Future[Any]] = {ready, self.died}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self.died.done():
            self.died.result()

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        """The live probe, asked from the main loop; None if the worker cannot be asked now."""
        if self._loop is None or self._worker is None or self.died.done():
            return None
        asked = asyncio.run_coroutine_threadsafe(
            self._worker.probe(restaurant, deadline), self._loop
        )
        return await asyncio.wrap_future(asked)

    @property
    def beat_at(self) -> float:
        """When the worker's loop last turned, on the monotonic clock."""
        return self._worker.beat_at if self._worker else 0.0

    async def stop(self, patience: float) -> bool:
        """Let what runs finish; False if it did not in time, and was left as it was."""
        self._call(self._stop)
        done, _pending = await asyncio.wait({self.died}, timeout=patience)
        if done:
            return True
        self.cancel()
        await asyncio.wait({self.died}, timeout=1.0)
        return False

    def cancel(self) -> None:
        """End at once; what was being sent stays `sending` in the ledger."""
        self._call(lambda: self._task.cancel() if self._task else None)

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        elif self._task is not None:
            self._task.cancel()

    def _call(self, function: Callable[[], object]) -> None:
        if self._loop is not None and not self._loop.is_closed() and not self.died.done():
            self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._main_task())
        except asyncio.CancelledError:
            error = None
        except BaseException as caught:  # noqa: BLE001  handed to the owner of this thread
            error = caught
        self._main.call_soon_threadsafe(self._settle, error)

    async def _main_task(self) -> None:
        self._task = asyncio.current_task()
        await self._serve(self._announce)

    def _announce(self, worker: Worker) -> None:
        self._worker = worker
        self._main.call_soon_threadsafe(self._ready.set)

    def _settle(self, error: BaseException | None) -> None:
        if self.died.done():
            return
        if error is None:
            self.died.set_result(None)
        else:
            self.died.set_exception(error)
