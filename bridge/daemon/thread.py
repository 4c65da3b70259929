"""The worker's own thread and event loop: a vendor's blocking call stalls no checkout."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from bridge.model import Cart, Deadline
from bridge.worker.decision import Look

LET_GO = 0.5


class Served(Protocol):
    """What runs on the thread: a worker, with or without a broker."""

    @property
    def beat_at(self) -> float: ...

    def stop(self) -> None: ...

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None: ...

    async def quote(self, cart: Cart, deadline: Deadline) -> object: ...

    async def look_up(self, restaurant: str, key: str) -> Look: ...

    async def pause(self, restaurant: str, reason: str) -> None: ...

    async def resume(self, restaurant: str) -> None: ...


T = TypeVar("T")
Announce = Callable[[Served], None]
Serve = Callable[[Announce], Coroutine[Any, Any, None]]


class WorkerThread:
    """Runs `serve` on a loop of its own; `died` ends with what ended it.

    `serve` builds the worker on that loop, tells of it, and runs it to its end. Nothing here ever
    waits for the thread itself: a call of a vendor may hold it for as long as it likes.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._main = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._served: Served | None = None
        self._is_stopping = False
        self._ready = asyncio.Event()
        self.died: asyncio.Future[None] = self._main.create_future()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    async def start(self) -> None:
        """Until the worker's lanes run, or with the error that kept them from it."""
        self._thread.start()
        ready = asyncio.ensure_future(self._ready.wait())
        either: set[asyncio.Future[Any]] = {ready, self.died}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self.died.done():
            self.died.result()

    async def probe(self, restaurant: str, deadline: Deadline) -> bool | None:
        """The live probe, asked from the main loop; None if the worker cannot be asked now."""
        return await self._ask(lambda served: served.probe(restaurant, deadline))

    async def quote(self, cart: Cart, deadline: Deadline) -> object:
        """What an adapter says to a cart, asked in the same way."""
        return await self._ask(lambda served: served.quote(cart, deadline))

    async def look_up(self, restaurant: str, key: str) -> Look:
        """Whether the restaurant's POS has that key."""
        look = await self._ask(lambda served: served.look_up(restaurant, key))
        return look or Look(reason="the worker does not run")

    async def pause(self, restaurant: str, reason: str) -> None:
        await self._ask(lambda served: served.pause(restaurant, reason))

    async def resume(self, restaurant: str) -> None:
        await self._ask(lambda served: served.resume(restaurant))

    async def _ask(self, put: Callable[[Served], Coroutine[Any, Any, T]]) -> T | None:
        loop, served = self._loop, self._served
        if loop is None or served is None or self.died.done():
            return None
        question = put(served)
        try:
            asked = asyncio.run_coroutine_threadsafe(question, loop)
        except RuntimeError:  # its loop was closed meanwhile
            question.close()
            return None
        return await asyncio.wrap_future(asked)

    @property
    def beat_at(self) -> float:
        """When the worker's loop last turned, on the monotonic clock."""
        return self._served.beat_at if self._served else 0.0

    async def stop(self, patience: float, hurry: asyncio.Event) -> bool:
        """Let what runs finish; False if it did not in time, or before `hurry`, and was left."""
        self._is_stopping = True
        self._call(self._stop)
        hurried = asyncio.ensure_future(hurry.wait())
        either: set[asyncio.Future[Any]] = {self.died, hurried}
        try:
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurried.cancel()
        if self.died.done():
            return True
        # What was being sent stays `sending` in the ledger.
        self._call(lambda: self._task.cancel() if self._task else None)
        await asyncio.wait({self.died}, timeout=LET_GO)
        return False

    def _stop(self) -> None:
        if self._served is not None:
            self._served.stop()
        elif self._task is not None:
            self._task.cancel()

    def _call(self, function: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # its loop was closed meanwhile: there is nothing to end
            if self._loop is not None and not self.died.done():
                self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        error: BaseException | None = None
        runner = asyncio.Runner()
        try:
            self._loop = runner.get_loop()
            runner.run(self._main_task())
        except asyncio.CancelledError:
            error = None
        except BaseException as caught:  # noqa: BLE001  handed to the owner of this thread
            error = caught
        # Told before the loop is closed: that waits for the threads that vendors started.
        with suppress(RuntimeError):  # the main loop is gone: nobody is left to be told
            self._main.call_soon_threadsafe(self._settle, error)
        runner.close()

    async def _main_task(self) -> None:
        self._task = asyncio.current_task()
        if not self._is_stopping:
            await self._serve(self._announce)

    def _announce(self, served: Served) -> None:
        self._served = served
        if self._is_stopping:
            served.stop()
        self._main.call_soon_threadsafe(self._ready.set)

    def _settle(self, error: BaseException | None) -> None:
        if self.died.done():
            return
        if error is None:
            self.died.set_result(None)
            return
        self.died.set_exception(error)
        # Whoever watches it hears of it; nobody may be left to.
        self.died.exception()
