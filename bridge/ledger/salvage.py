"""What can still be read of a damaged ledger, into a sound one; for a person, the bridge stopped.

Each row is looked for by every index there is: one that an index knows and the table does not give
any more is lost, and told by its key, and by its order where an index knows that, too.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.ledger import renewal
from bridge.ledger.disk import sync
from bridge.ledger.schema import prepare_tables
from bridge.ledger.transaction import LedgerError
from bridge.ledger.wal import log_of

# No number of a lost row may be given again: a worker may know an event by it.
_NUMBERS_LEFT_OUT = 10_000

_NUMBERED = ("request", "delivery", "attempt", "decision")

_HOLD_WITHOUT_ORDER = """
UPDATE delivery SET state = 'held', reason = 'damaged', side = '', timer = NULL, next_at = NULL,
    cause = 'what is known of its order was lost on the disk'
WHERE unsettled IS NOT NULL AND NOT EXISTS (SELECT 1 FROM orders AS o
    WHERE o.restaurant = delivery.restaurant AND o.order_id = delivery.order_id)
"""

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Of one table: how many rows were read, and those that are lost, in words."""

    table: str
    rows: int
    lost: tuple[str, ...]


def salvage(path: Path, now: float) -> list[Saved]:
    """Put a sound file in the place of this one, which is kept beside it as `.damaged`.

    Nobody may have it open. Raises LedgerError or OSError, and leaves the ledger as it was.
    """
    try:
        return _salvage(path, now)
    except sqlite3.Error as error:
        raise LedgerError(f"{path}: {error}") from error


def _salvage(path: Path, now: float) -> list[Saved]:
    if renewal.is_ready(path):
        raise LedgerError(f"a copy of {path} is ready to take its place: start the bridge instead")
    kept = path.with_name(f"{path.name}.damaged")
    names = {path: kept, log_of(path): log_of(kept)}
    for file, name in names.items():
        # An attempt that was interrupted has left the file itself under that name.
        if name.exists() and not (file.exists() and name.samefile(file)):
            raise LedgerError(f"{name} is there from an earlier time: move it elsewhere first")
    source = _open(path)
    try:
        saved = renewal.make(path, lambda target: _fill(source, target, now), lambda: _keep(names))
    finally:
        renewal.let_go(source, path)
    renewal.install(path)
    return saved


def _keep(names: Mapping[Path, Path]) -> None:
    """Each file that is there under a second name, before another one may take its place."""
    for file, name in names.items():
        with suppress(FileNotFoundError, FileExistsError):
            os.link(file, name)
            sync(name.parent)


def _open(path: Path) -> sqlite3.Connection:
    source = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)
    source.execute("PRAGMA query_only = ON")
    # What is no text any more fails its checksum at the next start, and is set aside there.
    source.text_factory = lambda data: data.decode(errors="replace")
    return source


def _fill(source: sqlite3.Connection, target: sqlite3.Connection, now: float) -> list[Saved]:
    prepare_tables(target, now)
    names = _column(
        target, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    target.execute("BEGIN")
    saved = [_save(source, target, name) for name in names]
    target.execute(_HOLD_WITHOUT_ORDER)
    for name in _NUMBERED:
        _leave_out_numbers(source, target, name)
    target.execute("COMMIT")
    return saved


def _save(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> Saved:
    columns = [name for name in _columns(target, table) if name in _columns(source, table)]
    key = _key(target, table)
    names, where = ", ".join(columns), " AND ".join(f"{name} = ?" for name in key)
    marks = ", ".join("?" * len(columns))
    read = f"SELECT {names} FROM {table} WHERE {where}"  # noqa: S608  names of the schema
    put = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  the same
    rows, lost = 0, []
    for values in sorted(_find_keys(source, table, key), key=repr):
        try:
            row = source.execute(read, values).fetchone()
        except sqlite3.DatabaseError:
            row = None
        if row is None:
            lost.append(_describe(source, table, key, values))
        else:
            target.execute(put, row)
            rows += 1
    return Saved(table=table, rows=rows, lost=tuple(lost))


def _leave_out_numbers(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    given = 0
    with suppress(sqlite3.DatabaseError):
        given = max(
            _column(source, "SELECT seq FROM sqlite_sequence WHERE name = ?", table), default=0
        )
    (highest,) = target.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()  # noqa: S608  the same
    number = max(given, highest) + _NUMBERS_LEFT_OUT
    target.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))


def _describe(source: sqlite3.Connection, table: str, key: list[str], values: Key) -> str:
    """Its key, and whose order it was: an index alone may still know that."""
    words = " ".join(str(value) for value in values)
    where = " AND ".join(f"{name} = ?" for name in key)
    if "order_id" in key or "order_id" not in _columns(source, table):
        return words
    for name in _indexes(source, table):
        query = f"SELECT restaurant, order_id FROM {table} INDEXED BY {name} WHERE {where}"  # noqa: S608  the same
        for restaurant, order_id in _read_on(source, query, values):
            return f"{words} (restaurant {restaurant}, order {order_id})"
    return words


def _find_keys(source: sqlite3.Connection, table: str, key: list[str]) -> set[Key]:
    """By the table from both ends, and by each of its indexes, as far as each can be read."""
    names, found = ", ".join(key), set()
    backwards = ", ".join(f"{name} DESC" for name in key)
    ways = ["NOT INDEXED", f"NOT INDEXED ORDER BY {backwards}"]
    with suppress(sqlite3.DatabaseError):
        ways += [f"INDEXED BY {name}" for name in _indexes(source, table)]
    for way in ways:
        found |= set(_read_on(source, f"SELECT {names} FROM {table} {way}"))  # noqa: S608  the same
    return found


def _read_on(source: sqlite3.Connection, query: str, values: Key = ()) -> Iterator[Key]:
    # An index of some rows only cannot be used so; the others have its rows, too.
    with suppress(sqlite3.DatabaseError):
        for row in source.execute(query, values):
            yield tuple(row)


def _indexes(source: sqlite3.Connection, table: str) -> list[str]:
    query = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?"
    return _column(source, query, table)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """Without those that are made from others."""
    return _column(connection, "SELECT name FROM pragma_table_info(?) ORDER BY cid", table)


def _key(connection: sqlite3.Connection, table: str) -> list[str]:
    query = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
    return _column(connection, query, table)


def _column(connection: sqlite3.Connection, query: str, *parameters: str) -> list[Any]:
    return [row[0] for row in connection.execute(query, parameters)]
