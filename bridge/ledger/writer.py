"""One thread, one connection, group commit.

Callers hand in jobs from any event loop. The thread takes all jobs that wait, runs them in one
transaction (each in its own savepoint, so that a bad one harms no other), commits with an fsync,
and only then tells the callers. Reads take the same way: one connection is a safety rule here,
because SQLite before 3.51.3 can corrupt a WAL that two connections checkpoint at once.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

BATCH = 256


class LedgerError(Exception):
    """The ledger could not do it; nothing of the job is kept."""


class Transaction:
    """What a job may do: execute statements, and name the topics it touched."""

    __slots__ = ("_connection", "topics")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.topics: set[str] = set()

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, parameters)

    def touch(self, topic: str) -> None:
        """Whoever listens to the topic is called once this is durable."""
        self.topics.add(topic)


Job = Callable[[Transaction], T]


@dataclass(slots=True)
class _Entry:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop | None
    future: "asyncio.Future[Any] | None"
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Runs on the caller's loop. A caller that went away misses nothing it could use."""
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """The thread that owns the connection; `failed` holds the error of the last failed commit."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._listeners: dict[str, list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]]
        self._listeners = defaultdict(list)
        self._lost: Callable[[BaseException], None] = lambda _error: None
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.commits = 0
        self.failed: BaseException | None = None

    def start(self, on_lost: Callable[[BaseException], None] | None = None) -> None:
        """`on_lost` hears of the errors of jobs that nobody waits for; called on the thread."""
        if on_lost is not None:
            self._lost = on_lost
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    async def run(self, job: Job[T]) -> T:
        """The job's result, once it is durable. Raises LedgerError or what the job raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Entry(job, loop, future))
        return await future

    def post(self, job: Job[Any]) -> None:
        """Have it done; nobody waits for it."""
        self._queue.put(_Entry(job, None, None))

    def listen(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called on the running loop after commits that touched the topic.

        Returns the function that ends it.
        """
        item = (asyncio.get_running_loop(), callback)
        self._listeners[topic].append(item)
        return lambda: self._listeners[topic].remove(item)

    def close(self) -> None:
        """Do what is queued, then end. May be called twice."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        connection = self._connect()
        try:
            while (entry := self._queue.get()) is not None:
                batch, last = self._batch(entry)
                self._commit(connection, batch)
                if last:
                    return
        finally:
            connection.close()

    def _batch(self, first: _Entry) -> tuple[list[_Entry], bool]:
        batch = [first]
        while len(batch) < BATCH:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                break
            if entry is None:
                return batch, True
            batch.append(entry)
        return batch, False

    def _commit(self, connection: sqlite3.Connection, batch: list[_Entry]) -> None:
        topics: set[str] = set()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for entry in batch:
                self._do(connection, entry, topics)
            connection.execute("COMMIT")
            self.commits += 1
            self.failed = None
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.rollback()
            self.failed = error
            topics.clear()
            for entry in batch:
                entry.error = LedgerError(f"the ledger could not commit: {error}")
        self._tell(batch, topics)

    def _do(self, connection: sqlite3.Connection, entry: _Entry, topics: set[str]) -> None:
        transaction = Transaction(connection)
        connection.execute("SAVEPOINT job")
        try:
            entry.result = entry.job(transaction)
        except Exception as error:  # noqa: BLE001  it is the caller's, handed back to it
            connection.execute("ROLLBACK TO job")
            entry.error = error
        else:
            topics |= transaction.topics
        connection.execute("RELEASE job")

    def _tell(self, batch: list[_Entry], topics: set[str]) -> None:
        calls: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = defaultdict(list)
        for entry in batch:
            if entry.loop is not None:
                calls[entry.loop].append(entry.settle)
            elif entry.error is not None:
                self._lost(entry.error)
        for topic in topics:
            for loop, callback in tuple(self._listeners[topic]):
                calls[loop].append(callback)
        for loop, callbacks in calls.items():
            _call(loop, callbacks)


def _call(loop: asyncio.AbstractEventLoop, callbacks: list[Callable[[], None]]) -> None:
    def run_all() -> None:
        for callback in callbacks:
            callback()

    try:
        loop.call_soon_threadsafe(run_all)
    except RuntimeError:
        # The loop was closed meanwhile; what was committed stays committed.
        return
