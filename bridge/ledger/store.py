"""The file that the writer works on: its one connection, its checkpoints, its renewal.

For the writer's thread alone, but for `sick` and `renewals`, which everybody may read.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from bridge.ledger import renewal
from bridge.ledger.disease import Disease
from bridge.ledger.room import Space
from bridge.ledger.transaction import LedgerError, translate
from bridge.ledger.wal import Wal

# Pages in the log before they are brought into the database, between two batches.
CHECKPOINT_PAGES = 1_000
# Between two attempts to renew the file, doubled each time.
PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A copy that takes longer makes nobody wait.
PATIENCE = 0.5

_HINT = "look at the disk (dmesg, smartctl): it has failed on the ledger"

log = structlog.get_logger()


class Store:
    """Open it before use. Once it is `sick` it refuses itself, until it is renewed."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[], sqlite3.Connection],
        space: Space,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._connect = connect
        self._space = space
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._wal: Wal | None = None
        self._pause = PAUSE
        self._next_try = 0.0
        self.sick: LedgerError | None = None
        self.renewals = 0

    @property
    def look_every(self) -> float | None:
        """How often `tend` wants to be called when there is nothing else to do."""
        return PAUSE if self.sick else self._space.look_every

    def open(self) -> None:
        """Raises LedgerError, OSError or sqlite3.Error."""
        connection = self._connect()
        try:
            # The log's index is there after the first look.
            connection.execute("PRAGMA user_version").fetchone()
            self._wal = Wal(self._path)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """With the last checkpoint; a sick file is left as it is."""
        if self._connection is None:
            return
        if self.sick:
            self._let_go()
            return
        self._connection.close()
        self._forget()

    def use(self) -> sqlite3.Connection:
        """The connection. Raises LedgerError while there is none that can be trusted."""
        if self._connection is None or self.sick:
            raise self.sick or LedgerError("the ledger is not open")
        return self._connection

    def undo(self, error: BaseException) -> LedgerError:
        """After a commit that failed: nothing of it is left. What the callers are told."""
        if self._connection is not None and not self.sick:
            with suppress(sqlite3.Error):
                self._connection.rollback()
                self._cut()
        trouble = translate(error)
        if not isinstance(trouble, LedgerError):
            trouble = LedgerError(f"the ledger could not commit: {error}")
        self.note(trouble)
        return trouble

    def note(self, trouble: LedgerError) -> None:
        """Act on what it says of disk and file."""
        if trouble.disease is Disease.FULL:
            self._space.give_up_reserve()
        elif trouble.disease is Disease.SICK and not self.sick:
            self.sick = trouble
            self._next_try, self._pause = self._clock(), PAUSE
            log.error("ledger_sick", reason=str(trouble), hint=_HINT)

    def tend(self, beat: Callable[[], None]) -> None:
        """Between two batches: what takes time. `beat` is called while it takes long."""
        self._space.look()
        if self._wal is not None and not self.sick and self._wal.pending >= CHECKPOINT_PAGES:
            self._checkpoint()
        if self.sick and self._clock() >= self._next_try:
            self._renew(beat)

    def _checkpoint(self) -> None:
        try:
            self.use().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            log.exception("ledger_checkpoint_failed", reason=str(error))
            trouble = translate(error)
            if isinstance(trouble, LedgerError):
                self.note(trouble)

    def _renew(self, beat: Callable[[], None]) -> None:
        begun = self._clock()

        def beat_if_long() -> None:
            if self._clock() - begun > PATIENCE:
                beat()

        try:
            self._replace(beat_if_long)
        except (LedgerError, OSError, sqlite3.Error) as error:
            self._next_try = self._clock() + self._pause
            log.exception(
                "ledger_not_renewed",
                reason=str(error),
                next_try_in=self._pause,
                hint=f"{_HINT}; no order gets a yes until it can be copied on this disk",
            )
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        else:
            self.sick = None
            self.renewals += 1
            log.error("ledger_renewed", took=round(self._clock() - begun, 2), hint=_HINT)

    def _replace(self, beat: Callable[[], None]) -> None:
        """Each step can be taken again if a later one fails."""
        if self._connection is not None:
            if not renewal.fits(self._connection, self._path):
                self._space.give_up_reserve()
            renewal.copy(self._connection, self._path, beat)
            self._let_go()
        renewal.install(self._path)
        self.open()

    def _cut(self) -> None:
        try:
            if self._wal is not None:
                self._wal.cut()
        except OSError as error:
            log.exception("ledger_log_not_cut", reason=str(error), hint=_HINT)

    def _let_go(self) -> None:
        if self._connection is not None:
            renewal.let_go(self._connection, self._path)
        self._forget()

    def _forget(self) -> None:
        if self._wal is not None:
            self._wal.close()
        self._connection = self._wal = None
