"""A ledger of an earlier version is brought up to date, with all that is in it."""

import sqlite3
from pathlib import Path

import pytest

from bridge.ledger import LedgerError
from bridge.ledger.schema import SCHEMA_VERSION, prepare_tables

FIRST = Path(__file__).with_name("schema_1.sql").read_text()
NOW = 1_700_000_000.0


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def old(connection):
    """As the first version made it."""
    connection.executescript(FIRST)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO meta VALUES ('identity', 'the-old-one')")
    connection.execute(
        """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
               correlation_id, state, cause, content, slip, accepted_at, promise_at, updated_at)
           VALUES ('lopez', 'o1', 'c1', 'place', 1, 'k', 'i', 'held', 'late: print?', '{}', '{}',
               1.0, 2.0, 3.0)"""
    )
    return connection


def describe(connection):
    """Tables with their columns in any order, and indexes with their text."""
    names = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    tables = {
        name: sorted(tuple(row[1:]) for row in connection.execute(f"PRAGMA table_xinfo({name})"))
        for kind, name, _sql in names
        if kind == "table"
    }
    return tables, {name: " ".join(sql.split()) for kind, name, sql in names if kind == "index"}


def test_it_ends_like_a_new_one(old):
    prepare_tables(old, NOW)
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    prepare_tables(fresh, NOW)

    assert describe(old) == describe(fresh)
    fresh.close()


def test_what_is_in_it_stays(old):
    prepare_tables(old, NOW)

    assert old.execute("SELECT value FROM meta").fetchall() == [("the-old-one",)]
    assert old.execute("SELECT state, cause, reason, side FROM delivery").fetchall() == [
        ("held", "late: print?", "", "")
    ]
    assert old.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_it_may_be_opened_any_number_of_times(connection):
    for _ in range(3):
        prepare_tables(connection, NOW)

    assert connection.execute("SELECT count(*) FROM meta").fetchone() == (2,)


def test_a_step_that_fails_leaves_it_as_it_was(old):
    old.execute("CREATE TABLE pause (restaurant TEXT)")
    before = describe(old)
    with pytest.raises(sqlite3.Error):
        prepare_tables(old, NOW)

    assert describe(old) == before
    assert old.execute("PRAGMA user_version").fetchone() == (1,)


def test_one_of_a_later_version_is_refused(connection):
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="start the version that wrote it"):
        prepare_tables(connection, NOW)
