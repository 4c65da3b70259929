"""What an error of SQLite says about the disk and the file."""

import errno
import sqlite3
from enum import Enum

# The log's index is made anew with every start: one that finds no room says nothing of the file.
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_SICK = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# The low byte of an extended code is the code itself.
_PRIMARY = 0xFF


class Disease(Enum):
    """`FULL`: there is no room. `PASSING`: the file is as good as before, try again.

    `SICK`: the disk has failed on this file. It may say next time that all is well, and it may
    not be so: nothing more is written to this file.
    """

    PASSING = "passing"
    FULL = "full"
    SICK = "sick"


def judge(code: int | None) -> Disease:
    """By SQLite's extended error code; None if the error has none."""
    if code is None or code == sqlite3.SQLITE_IOERR_NOMEM:
        return Disease.PASSING
    if code in _FULL:
        return Disease.FULL
    return Disease.SICK if code & _PRIMARY in _SICK else Disease.PASSING


def diagnose(error: BaseException) -> Disease:
    """The same of an error as it was raised, by SQLite or the system."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Disease.FULL
    return judge(getattr(error, "sqlite_errorcode", None))
