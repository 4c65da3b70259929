"""One thread, one connection, group commit.

Callers hand in jobs from any event loop. The thread takes all jobs that wait, runs them in one
transaction (each in its own savepoint, so that a bad one harms no other), commits with an fsync,
and only then tells the callers. Reads take the same way: one connection is a safety rule here,
because SQLite before 3.51.3 can corrupt a WAL that two connections checkpoint at once. What else
the file needs is done between two batches, when all have been told: see `Store`.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from bridge.ledger.disease import Disease
from bridge.ledger.store import Store
from bridge.ledger.transaction import Job, LedgerError, T, Transaction, translate

__all__ = ["Job", "LedgerError", "T", "Transaction", "Writer"]

BATCH = 256
# What nobody waits for is written later if the disk does not let it now: so often, so many.
AGAIN_EVERY = 0.5
AGAIN_LIMIT = 10_000
# A disk that does not answer must not keep the process for ever.
CLOSE_PATIENCE = 10.0

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Entry:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop | None
    future: "asyncio.Future[Any] | None"
    result: Any = None
    error: BaseException | None = None
    is_committed: bool = False

    def settle(self) -> None:
        """Runs on the caller's loop. A caller that went away misses nothing it could use."""
        if self.future is None or self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, StopIteration):
            # A future refuses to carry it, and the caller would wait for ever.
            self.future.set_exception(RuntimeError("the job raised StopIteration"))
        else:
            self.future.set_exception(self.error)


class Writer:
    """The thread that owns the store.

    `failed` holds the error of the last failed write, until one succeeds. Once the thread has
    ended, cleanly or not, every job is answered with a LedgerError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._taken: list[_Entry] = []
        self._again: deque[_Entry] = deque()
        self._door = threading.Lock()
        self._end: str | None = None
        self._listeners: dict[str, list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]]
        self._listeners = defaultdict(list)
        self._lost: Callable[[BaseException], None] = lambda _error: None
        self._on_death: Callable[[BaseException], None] = lambda _error: None
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.commits = 0
        self.failed: BaseException | None = None

    def start(
        self,
        on_lost: Callable[[BaseException], None] | None = None,
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        """`on_lost` hears of waiterless jobs that came to nothing, `on_death` of a sudden end."""
        self._lost = on_lost or self._lost
        self._on_death = on_death or self._on_death
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._end is None and self._thread.is_alive()

    async def run(self, job: Job[T]) -> T:
        """The job's result, once it is durable. Raises LedgerError or what the job raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Entry(job, loop, future))
        return await future

    def post(self, job: Job[Any]) -> None:
        """Have it done as soon as the disk lets it; nobody waits for it."""
        try:
            self._put(_Entry(job, None, None))
        except LedgerError as error:
            _guard(self._lost, error)

    def listen(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called on the running loop after commits that touched the topic.

        Returns the function that ends it.
        """
        item = (asyncio.get_running_loop(), callback)
        self._listeners[topic].append(item)

        def forget() -> None:
            with suppress(ValueError):
                self._listeners[topic].remove(item)

        return forget

    def close(self, patience: float = CLOSE_PATIENCE) -> bool:
        """Do what is queued, then end; False if it did not in time. May be called twice."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _put(self, entry: _Entry) -> None:
        with self._door:
            if self._end is not None:
                raise LedgerError(self._end)
            self._queue.put(entry)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            log.exception("ledger_thread_died")
            self.failed = error
            self._shut(f"the ledger's thread has died: {type(error).__name__}: {error}")
            _guard(self._on_death, error)
        else:
            self._shut("the ledger is closed")

    def _work(self) -> None:
        self._store.open()
        try:
            is_last = False
            while not is_last:
                self._taken, is_last = self._batch()
                if self._taken:
                    self._commit(self._taken)
                self._taken = []
                self._store.tend(self._turn_away)
        finally:
            self._store.close()

    def _shut(self, reason: str) -> None:
        """Answer all who wait; whoever comes later is turned away at the door."""
        with self._door:
            self._end = reason
        queued = [entry for entry in self._drain() if entry is not None]
        left = [*self._taken, *self._again, *queued]
        for entry in left:
            # What is on the disk stays true, whatever ended the thread before it could say so.
            if not entry.is_committed:
                entry.error = LedgerError(reason)
        self._tell(left, set())

    def _batch(self) -> tuple[list[_Entry], bool]:
        """What is to be done together, and whether it is the last."""
        taken = self._gather()
        batch = [entry for entry in taken if entry is not None]
        is_last = len(batch) < len(taken)
        if self._again and (is_last or not batch or self.failed is None):
            batch = [*self._again, *batch]
            self._again.clear()
        return batch, is_last

    def _gather(self) -> list[_Entry | None]:
        """All that waits, up to a limit; nothing if there is something else to do."""
        taken: list[_Entry | None] = []
        patience = AGAIN_EVERY if self._again else self._store.look_every
        with suppress(queue.Empty):
            taken.append(self._queue.get(timeout=patience))
            while taken[-1] is not None and len(taken) < BATCH:
                taken.append(self._queue.get_nowait())
        return taken

    def _commit(self, batch: list[_Entry]) -> None:
        topics: set[str] = set()
        for entry in batch:
            entry.error, entry.is_committed = None, False
        try:
            connection = self._store.use()
            before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            if not self._do_together(connection, batch, topics):
                for entry in batch:
                    self._do(connection, entry, topics)
            connection.execute("COMMIT")
        except (sqlite3.Error, LedgerError) as error:
            self._fail(batch, self._store.undo(_decisive(batch, error)))
            topics.clear()
        else:
            for entry in batch:
                entry.is_committed = True
            self.commits += 1
            self._note_health(batch, has_written=connection.total_changes > before)
        self._tell(batch, topics)

    def _do_together(
        self, connection: sqlite3.Connection, batch: list[_Entry], topics: set[str]
    ) -> bool:
        """All jobs without a savepoint for each, which would cost as much as most of them.

        False if one failed: then nothing of it was done, and each is to be done by itself.
        """
        transaction = Transaction(connection)
        entry = batch[0]
        try:
            for entry in batch:
                entry.result = entry.job(transaction)
        except BaseException as error:
            if not connection.in_transaction:  # SQLite has undone it by itself: that is no job's
                entry.error = translate(error)
                raise
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            return False
        topics |= transaction.topics
        return True

    def _do(self, connection: sqlite3.Connection, entry: _Entry, topics: set[str]) -> None:
        transaction = Transaction(connection)
        connection.execute("SAVEPOINT job")
        try:
            entry.result = entry.job(transaction)
        except BaseException as error:  # noqa: BLE001  it is the caller's, handed back to it
            entry.error = translate(error)
            connection.execute("ROLLBACK TO job")
        else:
            topics |= transaction.topics
        connection.execute("RELEASE job")

    def _fail(self, batch: list[_Entry], error: LedgerError) -> None:
        self.failed = error
        for entry in batch:
            # One for each: an error remembers where it was raised.
            entry.error = LedgerError(str(error), error.disease)

    def _turn_away(self) -> None:
        """While the file is being renewed nobody waits for it in vain."""
        left = self._drain()
        is_end = None in left
        waiting = [entry for entry in left if entry is not None]
        self._fail(waiting, LedgerError("the ledger is being copied: its disk has failed on it"))
        self._tell(waiting, set())
        if is_end:
            self._queue.put(None)

    def _drain(self) -> list[_Entry | None]:
        left: list[_Entry | None] = []
        with suppress(queue.Empty):
            while True:
                left.append(self._queue.get_nowait())
        return left

    def _note_health(self, batch: list[_Entry], *, has_written: bool) -> None:
        trouble = [entry.error for entry in batch if isinstance(entry.error, LedgerError)]
        for error in trouble:
            self._store.note(error)
        if trouble:
            self.failed = trouble[-1]
        elif has_written:
            self.failed = None

    def _tell(self, batch: list[_Entry], topics: set[str]) -> None:
        calls: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = defaultdict(list)
        for entry in batch:
            if entry.loop is not None:
                calls[entry.loop].append(entry.settle)
            elif entry.error is not None:
                self._keep(entry, entry.error)
        for topic in topics:
            for loop, callback in tuple(self._listeners.get(topic, ())):
                calls[loop].append(callback)
        for loop, callbacks in calls.items():
            _call(loop, callbacks)

    def _keep(self, entry: _Entry, error: BaseException) -> None:
        """Nobody waits for it, so nobody would try again: what the disk refused is kept."""
        can_wait = isinstance(error, LedgerError) and self._end is None
        if can_wait and len(self._again) < AGAIN_LIMIT:
            self._again.append(entry)
        else:
            _guard(self._lost, error)


def _decisive(batch: list[_Entry], error: BaseException) -> BaseException:
    """On some errors SQLite undoes everything by itself: what fails then only follows from that."""
    for entry in batch:
        if isinstance(entry.error, LedgerError) and entry.error.disease is not Disease.PASSING:
            return entry.error
    return error


def _guard(callback: Callable[[BaseException], None], error: BaseException) -> None:
    """A listener's own failure must not end the ledger."""
    try:
        callback(error)
    except Exception:
        log.exception("ledger_callback_failed")


def _call(loop: asyncio.AbstractEventLoop, callbacks: list[Callable[[], None]]) -> None:
    def run_all() -> None:
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  one listener must not silence the others
                loop.call_exception_handler({"message": "ledger listener", "exception": error})

    try:
        loop.call_soon_threadsafe(run_all)
    except RuntimeError:
        # The loop was closed meanwhile; what was committed stays committed.
        return
