"""What an error of SQLite says about the disk and the file."""

import sqlite3
from enum import Enum

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
    primary = code & _PRIMARY
    if primary == sqlite3.SQLITE_FULL:
        return Disease.FULL
    return Disease.SICK if primary in _SICK else Disease.PASSING


def diagnose(error: BaseException) -> Disease:
    """The same of an error as it was raised."""
    return judge(getattr(error, "sqlite_errorcode", None))
