import errno
import sqlite3

import pytest

from bridge.ledger.disease import Disease, diagnose, judge
from bridge.ledger.transaction import LedgerError, translate
from tests.unit.ledger.disks import failing


@pytest.mark.parametrize(
    ("code", "disease"),
    [
        (None, Disease.PASSING),
        (sqlite3.SQLITE_BUSY, Disease.PASSING),
        (sqlite3.SQLITE_READONLY, Disease.PASSING),
        (sqlite3.SQLITE_READONLY_DIRECTORY, Disease.PASSING),
        (sqlite3.SQLITE_CANTOPEN, Disease.PASSING),
        (sqlite3.SQLITE_ERROR, Disease.PASSING),
        (sqlite3.SQLITE_NOMEM, Disease.PASSING),
        (sqlite3.SQLITE_IOERR_NOMEM, Disease.PASSING),
        (sqlite3.SQLITE_FULL, Disease.FULL),
        (sqlite3.SQLITE_IOERR_SHMSIZE, Disease.FULL),
        (sqlite3.SQLITE_IOERR, Disease.SICK),
        (sqlite3.SQLITE_IOERR_FSYNC, Disease.SICK),
        (sqlite3.SQLITE_IOERR_READ, Disease.SICK),
        (sqlite3.SQLITE_IOERR_SHMMAP, Disease.SICK),
        (sqlite3.SQLITE_CORRUPT, Disease.SICK),
        (sqlite3.SQLITE_CORRUPT_INDEX, Disease.SICK),
        (sqlite3.SQLITE_NOTADB, Disease.SICK),
    ],
)
def test_a_code_says_what_is_wrong_with_disk_and_file(code, disease):
    assert judge(code) is disease


def test_what_sqlite_really_raises_is_understood():
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.executescript("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)")
    connection.close()

    assert diagnose(caught.value) is Disease.FULL


def test_a_disk_that_is_full_is_so_whoever_says_it():
    assert diagnose(OSError(errno.ENOSPC, "No space left on device")) is Disease.FULL
    assert diagnose(OSError(errno.EIO, "Input/output error")) is Disease.PASSING


def test_the_ledger_s_own_error_carries_it():
    found = translate(failing("disk I/O error", sqlite3.SQLITE_IOERR_WRITE))

    assert isinstance(found, LedgerError)
    assert found.disease is Disease.SICK
