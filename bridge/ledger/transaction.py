"""What a job may do inside the ledger's one transaction, and what it hears when that fails."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bridge.ledger.disease import Disease, diagnose

T = TypeVar("T")


class LedgerError(Exception):
    """The ledger could not do it; nothing of the job is kept.

    `disease`: what that says of disk and file.
    """

    def __init__(self, text: str, disease: Disease = Disease.PASSING) -> None:
        super().__init__(text)
        self.disease = disease


class Transaction:
    """What a job may do: execute statements, and name the topics it touched."""

    __slots__ = ("_connection", "topics")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.topics: set[str] = set()

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Raises LedgerError when disk or file are the trouble, not the statement."""
        if not self._connection.in_transaction:
            # SQLite undoes everything by itself on some errors; going on would commit a half.
            raise LedgerError("the transaction was undone by an earlier error")
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise translate(error) from error

    @property
    def directory(self) -> Path | None:
        """Where the ledger is kept; None if it is in memory."""
        (_number, _name, file) = tuple(self.execute("PRAGMA database_list").fetchone())
        return Path(file).parent if file else None

    def touch(self, topic: str) -> None:
        """Whoever listens to the topic is called once this is durable."""
        self.topics.add(topic)

    @contextmanager
    def part(self) -> Iterator[None]:
        """What fails inside leaves no trace; what was written before it stays."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK TO part")
            self.execute("RELEASE part")
            raise
        self.execute("RELEASE part")


# What is to be written together. It may be run twice, if another job of its batch fails: what it
# did to the ledger before is undone by then; what it does elsewhere must bear being done twice.
Job = Callable[[Transaction], T]


def translate(error: BaseException) -> BaseException:
    """A LedgerError for trouble with disk or file; a job's own mistake stays what it is."""
    is_trouble = isinstance(error, sqlite3.OperationalError | sqlite3.InternalError)
    if is_trouble or type(error) is sqlite3.DatabaseError:
        return LedgerError(f"the ledger could not do it: {error}", diagnose(error))
    return error
