"""The tables of the ledger: made in a new file, brought up to date in one of an earlier version."""

import sqlite3
import uuid
from importlib import resources

from bridge.ledger.transaction import LedgerError

SCHEMA_VERSION = 2


def prepare_tables(connection: sqlite3.Connection, now: float) -> None:
    """Make them as this version wants them. Raises LedgerError if a later version made them."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger has schema {version}, this program knows {SCHEMA_VERSION}: "
            "start the version that wrote it, or give another directory"
        )
    if version == 0:
        _create(connection, now)
    for step in range(version + 1 if version else SCHEMA_VERSION + 1, SCHEMA_VERSION + 1):
        _run(connection, f"migrations/{step}.sql", step)
        connection.execute("COMMIT")


def _create(connection: sqlite3.Connection, now: float) -> None:
    _run(connection, "schema.sql", SCHEMA_VERSION)
    connection.execute("INSERT INTO meta VALUES ('identity', ?)", (str(uuid.uuid4()),))
    connection.execute("INSERT INTO meta VALUES ('created_at', ?)", (str(now),))
    connection.execute("COMMIT")


def _run(connection: sqlite3.Connection, name: str, version: int) -> None:
    """All of it or nothing; the transaction is left open."""
    script = resources.files("bridge.ledger").joinpath(name).read_text(encoding="utf-8")
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};")
    except sqlite3.Error:
        connection.rollback()  # SQLite may have done so by itself
        raise
