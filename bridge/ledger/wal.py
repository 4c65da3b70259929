"""The write-ahead log, as its index describes it: see https://sqlite.org/walformat.html.

The index is SQLite's shared memory, a file beside the database. It is kept open for as long as the
connection is: closing it would take away the locks by which SQLite knows that we are here.
"""

import os
import struct
from pathlib import Path

# The header of the index, in this machine's own order: version, initialised, size of a page, last
# frame that was committed; the other header is a copy of it. After both: what is in the database.
_HEADER = struct.Struct("=I8xBxHI")
_VERSION = 3007000
_COPIED = struct.Struct("=96xI")
_LARGEST_PAGE = 65536
_LOG_HEADER, _FRAME_HEADER = 32, 24


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def index_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-shm")


class Wal:
    """The log of one open connection. `close` it after the connection."""

    def __init__(self, database: Path) -> None:
        self._log = log_of(database)
        self._index = os.open(index_of(database), os.O_RDONLY | os.O_CLOEXEC)

    @property
    def pending(self) -> int:
        """Pages that are committed, and not in the database yet."""
        last, _page = self._committed()
        (copied,) = _COPIED.unpack(os.pread(self._index, _COPIED.size, 0))
        return max(0, last - int(copied))

    def cut(self) -> None:
        """Take away what a failed commit has left behind the last good one.

        It may be complete: whoever opens the file after us would take it for a good one. Raises
        OSError.
        """
        last, page = self._committed()
        if page:
            end = _LOG_HEADER + last * (_FRAME_HEADER + page) if last else 0
            if self._log.stat().st_size > end:
                os.truncate(self._log, end)

    def close(self) -> None:
        os.close(self._index)

    def _committed(self) -> tuple[int, int]:
        """The last committed frame and the size of a page; zeros if there is none."""
        version, is_ready, page, last = _HEADER.unpack(os.pread(self._index, _HEADER.size, 0))
        if version != _VERSION or not is_ready:
            return 0, 0
        return last, _LARGEST_PAGE if page == 1 else page
