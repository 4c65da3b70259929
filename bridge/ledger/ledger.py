"""Open the ledger's file, check it, and hand out its one writer."""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bridge.ledger import renewal, side_file, soundness
from bridge.ledger.disease import Disease, diagnose
from bridge.ledger.room import Room, RoomTerms, Space
from bridge.ledger.schema import prepare_tables
from bridge.ledger.store import Store
from bridge.ledger.writer import CLOSE_PATIENCE, Job, LedgerError, T, Transaction, Writer

FILE_NAME = "ledger.sqlite3"
LOCK_NAME = "ledger.lock"
# More than there are: to prepare one again costs more than to run it.
STATEMENTS = 512
_DAMAGED = (
    "; copy the whole directory away before anything else, look at the disk (dmesg, smartctl), and "
    "then see what the operator's guide says of a damaged ledger"
)
_ADVICE = {
    Disease.PASSING: "",
    Disease.FULL: "; make room on the ledger's disk",
    Disease.SICK: _DAMAGED,
}

log = structlog.get_logger()


class Ledger:
    """The durable record of one process.

    `identity` is a UUID made with the file. `now` is the wall clock in seconds, injected.
    `died` ends with an error should the writer's thread end by itself.
    """

    def __init__(
        self,
        writer: Writer,
        file: "_File",
        identity: str,
        lock: int,
        *,
        now: Callable[[], float],
        died: "asyncio.Future[None]",
    ) -> None:
        self._writer = writer
        self._file = file
        self._lock = lock
        self.identity = identity
        self.now = now
        self.died = died

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        now: Callable[[], float] = time.time,
        on_lost: Callable[[BaseException], None] | None = None,
        room: RoomTerms | None = None,
    ) -> "Ledger":
        """Create or check the file. Raises LedgerError with what is wrong with it."""
        lock = claim(directory)
        try:
            return await _start(_File.of(directory, room), lock, now, on_lost)
        except BaseException:
            os.close(lock)
            raise

    async def write(self, job: Job[T]) -> T:
        """The job's result once it is on disk. Raises LedgerError if it is not."""
        return await self._writer.run(job)

    async def read(self, job: Job[T]) -> T:
        return await self._writer.run(job)

    async def check(self) -> None:
        """Write something, so that a disk which takes no more is noticed. Raises LedgerError."""
        await self._writer.run(_mark)

    def post(self, job: Job[object]) -> None:
        """Write without waiting, later if need be; what comes to nothing goes to `on_lost`."""
        self._writer.post(job)

    def listen(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        return self._writer.listen(topic, callback)

    @property
    def alive(self) -> bool:
        return self._writer.alive

    @property
    def failed(self) -> BaseException | None:
        """The error of the last write, None if it was good."""
        return self._writer.failed

    @property
    def commits(self) -> int:
        return self._writer.commits

    @property
    def room(self) -> Room:
        """On its disk."""
        return self._file.space.room

    @property
    def is_short(self) -> bool:
        """True while what room is left is for orders that got a yes."""
        return self.room is Room.SHORT

    @property
    def free(self) -> int:
        """Bytes on its disk; 0 if nobody asked for them to be watched."""
        return self._file.space.free

    @property
    def renewals(self) -> int:
        """How often its file had to be copied because the disk had failed on it."""
        return self._file.store.renewals

    async def count_damaged(self) -> int:
        """Rows that were found damaged, until a person moves the side file away."""
        directory = self._file.path.parent
        return await self._writer.run(lambda _tx: side_file.count(directory))

    def close(self, patience: float = CLOSE_PATIENCE) -> None:
        """Finish what is queued and let go of the file. May be called twice.

        A disk that does not answer is waited for that many seconds; then the log says so, and the
        file stays locked for as long as the process lives.
        """
        if not self._writer.close(patience):
            log.error(
                "ledger_not_closed",
                waited=round(patience, 1),
                hint="the disk does not answer: look at it; the next start finds what is unsure",
            )
            return
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def claim(directory: Path) -> int:
    """One process per ledger, for two could damage the file; what is returned is to be closed."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LedgerError(f"{directory}: {error.strerror}; give a directory to write in") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LedgerError(
            f"{directory} is in use by another process: stop that one, or give this one "
            "a directory of its own"
        ) from error
    return descriptor


@dataclass(frozen=True, slots=True)
class _File:
    """Where the ledger is, what writes it, and how much room it has."""

    path: Path
    store: Store
    space: Space

    @classmethod
    def of(cls, directory: Path, room: RoomTerms | None) -> "_File":
        path = directory.absolute() / FILE_NAME
        space = Space(directory, room)
        return cls(path, Store(path, lambda: _connect(path), space), space)


async def _start(
    file: _File,
    lock: int,
    now: Callable[[], float],
    on_lost: Callable[[BaseException], None] | None,
) -> Ledger:
    _prepare(file, now())
    loop = asyncio.get_running_loop()
    died: asyncio.Future[None] = loop.create_future()

    def note_death(error: BaseException) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(_settle, died, error)

    writer = Writer(file.store)
    writer.start(on_lost, note_death)
    try:
        identity = await writer.run(_identity)
    except BaseException:
        writer.close()
        raise
    return Ledger(writer, file, identity, lock, now=now, died=died)


def _settle(died: "asyncio.Future[None]", error: BaseException) -> None:
    if died.done():
        return
    died.set_exception(LedgerError(f"the ledger's thread has died: {error}"))
    # Whoever watches it hears of it; the log has it already.
    died.exception()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
    )
    connection.row_factory = sqlite3.Row
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        connection.close()
        raise LedgerError(f"{path}: this file system cannot hold it safely (journal mode {mode})")
    connection.execute("PRAGMA synchronous = FULL")
    # By the store, which hears of what goes wrong with it.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA mmap_size = 0")
    # Ids are random: with the usual 2 MB a big ledger would read its indexes again and again.
    connection.execute("PRAGMA cache_size = -32768")
    # What a savepoint may have to undo is written to a file otherwise: six times the cost of an
    # update, and one more disk that may be full.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


def _prepare(file: _File, now: float) -> None:
    """Runs before the writer's connection exists, so that there is never a second one."""
    try:
        try:
            _bring_up(file.path, now)
        except (sqlite3.Error, OSError) as error:
            if diagnose(error) is not Disease.FULL or not file.space.give_up_reserve():
                raise
            _bring_up(file.path, now)
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{file.path}: {error}{_ADVICE[diagnose(error)]}") from error


def _bring_up(path: Path, now: float) -> None:
    if renewal.install(path):
        log.warning("ledger_renewed", hint="the last process had copied it: look at the disk")
    _create(path)
    connection = _connect(path)
    try:
        _check(connection)
        prepare_tables(connection, now)
        soundness.sift(connection, now)
    finally:
        connection.close()


def _create(path: Path) -> None:
    """With a mode of our own: guests' names are in it. SQLite gives its other files the same."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerError(f"the ledger is damaged: {verdict}{_DAMAGED}")


def _mark(transaction: Transaction) -> None:
    # Another value each time: SQLite writes nothing for one that is there already.
    transaction.execute(
        """INSERT INTO meta VALUES ('checks', '1')
           ON CONFLICT DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"""
    )


def _identity(transaction: Transaction) -> str:
    row = transaction.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    return str(row["value"])
