"""The ledger's file is copied into a new one once the disk has failed on it.

ledger.sqlite3 --copy--> ledger.sqlite3.new --checked, on disk--> ledger.sqlite3.renewed
               <-------------------------- install ----------------------/

From the moment there is a `.renewed` that one is the ledger, whatever happens: a start after a
crash installs it, too. What the copy is made of is what the connection has committed, so a write
that was answered with an error is not in it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from bridge.ledger.disk import free_bytes, sync
from bridge.ledger.transaction import LedgerError, T
from bridge.ledger.wal import index_of, log_of

# Between two looks at who waits meanwhile: pages that are copied, steps of a check.
_PAGES = 2_000
_STEPS = 1_000_000
_MEGABYTE = 2**20
_SPARE = 4 * _MEGABYTE


def copy(connection: sqlite3.Connection, path: Path, beat: Callable[[], None]) -> None:
    """Leave a sound copy beside the file. Raises LedgerError, OSError or sqlite3.Error.

    `beat` is called again and again meanwhile.
    """
    # A copy would wait for its end for ever.
    connection.rollback()
    if not fits(connection, path):
        needed = _size(connection) // _MEGABYTE
        raise LedgerError(f"a copy of the ledger needs {needed} MB beside it")

    def fill(target: sqlite3.Connection) -> None:
        connection.backup(target, pages=_PAGES, progress=lambda *_left: beat())
        target.set_progress_handler(beat, _STEPS)

    make(path, fill)


def make(
    path: Path,
    fill: Callable[[sqlite3.Connection], T],
    before: Callable[[], None] = lambda: None,
) -> T:
    """Leave a sound file beside this one, with what `fill` puts into it. Raises as `copy`.

    `before` is called when it is sound, and does not count yet.
    """
    new = _beside(path, "new")
    new.unlink(missing_ok=True)
    _create(new, path)
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as target:
            filled = fill(target)
            # Without a log of its own: all of it in the one file.
            target.execute("PRAGMA journal_mode = DELETE")
            _check(target)
        sync(new)
        before()
        new.rename(_beside(path, "renewed"))
        sync(path.parent)
    except BaseException:
        # Never again through the same file: the next attempt makes another one.
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    return filled


def install(path: Path) -> bool:
    """Put the copy in the file's place, if there is one; nobody may have the file open.

    The old log goes first, for it must never meet the new file. Raises OSError.
    """
    _beside(path, "new").unlink(missing_ok=True)
    if not is_ready(path):
        return False
    log_of(path).unlink(missing_ok=True)
    index_of(path).unlink(missing_ok=True)
    sync(path.parent)
    _beside(path, "renewed").rename(path)
    sync(path.parent)
    return True


def is_ready(path: Path) -> bool:
    """True if there is a copy that is the ledger, and not in the file's place yet."""
    return _beside(path, "renewed").exists()


def let_go(connection: sqlite3.Connection, path: Path) -> None:
    """Close it as it is: SQLite would write and sync the file once more.

    It leaves that while another connection is open; one that may only read cannot do it itself.
    """
    with suppress(sqlite3.Error), closing(_read_only(path)) as guard:
        guard.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.close()
    connection.close()


def fits(connection: sqlite3.Connection, path: Path) -> bool:
    """True if there is room for a copy beside the file. Raises OSError or sqlite3.Error."""
    return free_bytes(path.parent) >= _size(connection)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")


def _size(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages * size) + _SPARE


def _create(new: Path, old: Path) -> None:
    """For the same user as the old one, and nobody else."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    os.close(os.open(new, flags, 0o600))
    owner = old.stat()
    os.chown(new, owner.st_uid, owner.st_gid)


def _check(target: sqlite3.Connection) -> None:
    (verdict,) = target.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerError(f"the copy of the ledger is damaged: {verdict}")


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
