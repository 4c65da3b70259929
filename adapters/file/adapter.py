"""One readable ticket and one JSON document for each slip, in a directory.

The directory is the POS: a ticket exists as soon as its `.txt` has its final name. That name is
made of what never changes between two tries of a key, so a second try finds the first one's file.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from adapters.file.document import compose, file_stem
from adapters.file.settings import FileSettings
from adapters.file.ticket import layout
from bridge.adapter import (
    Adapter,
    AdapterError,
    AdapterMisconfigured,
    AdapterSpec,
    Idempotent,
    OperatorNeeded,
    OutcomeUnknown,
    PosUnreachable,
    Services,
)
from bridge.model import Acceptance, Availability, Deadline, Order, PosState, Slip, SlipKind, Ticket

T = TypeVar("T")

_A_WEEK = 7 * 86400.0
# For the group that reads the tickets, and nobody else: they name guests.
_MODE = 0o640
# What says no is a sandbox, or a file system that knows no such rights: who may read is then
# decided elsewhere, by the directory's setgid bit or by the mount.
_RIGHTS_ARE_FIXED = {errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_ENOUGH_BYTES = 1 << 20

_READ_ONLY = (
    "is mounted read-only: check the disk, or the service may not write there (ReadWritePaths=)"
)

# A share that is not mounted comes back by itself, a full disk when somebody has cleaned up, a
# wrong path or right only when somebody has corrected it. All else may have left the ticket there.
_MEANINGS: dict[int, tuple[type[AdapterError], str]] = {
    errno.ENOENT: (PosUnreachable, "does not exist: mount or create it"),
    errno.ESTALE: (PosUnreachable, "is on a share that has gone away"),
    errno.ENOTDIR: (AdapterMisconfigured, "is not a directory: correct the setting"),
    errno.EACCES: (AdapterMisconfigured, "may not be written by this user: correct its rights"),
    errno.EPERM: (AdapterMisconfigured, "may not be written by this user: correct its rights"),
    errno.EROFS: (OperatorNeeded, _READ_ONLY),
    errno.ENOSPC: (OperatorNeeded, "is full: remove old tickets"),
    errno.EDQUOT: (OperatorNeeded, "is over its quota: remove old tickets"),
}


class FileAdapter(Adapter):
    """Writes tickets so that a reader never sees half of one, and each only once."""

    settings: FileSettings
    spec: ClassVar = AdapterSpec(
        name="file",
        title="Files in a directory",
        settings=FileSettings,
        # As long as nobody removes the file; the README asks to keep files for a week.
        repeat=Idempotent(window=_A_WEEK),
        slips=frozenset(SlipKind),
        max_in_flight=4,
    )

    def __init__(self, settings: FileSettings, services: Services) -> None:
        super().__init__(settings, services)
        # A thread of its own: a share that hangs must hold up this restaurant and no other. Only
        # one, so that tries of the same key never overlap. It starts with its first work.
        self._disk = ThreadPoolExecutor(1, f"file-{services.restaurant.id}")

    async def close(self) -> None:
        self._disk.shutdown(wait=False)

    async def probe(self, deadline: Deadline) -> Availability:
        try:
            async with asyncio.timeout(deadline.left):
                await self._on_disk(lambda: _examine(self.settings.directory))
        except TimeoutError:
            return _down(f"{self.settings.directory} did not answer in time")
        except AdapterError as error:
            return _down(str(error))
        return Availability.up()

    def translate(self, order: Order, slip: Slip) -> Ticket:
        return Ticket(
            body=compose(order, slip),
            content_type="application/json",
            preview=layout(
                order,
                slip,
                columns=self.settings.columns,
                timezone=self.services.restaurant.timezone,
            ),
        )

    async def submit(self, ticket: Ticket, key: str) -> Acceptance:
        stem = file_stem(ticket.body, key)
        was_there = await self._on_disk(lambda: _keep(self.settings.directory, stem, ticket))
        return Acceptance(pos_ref=f"{stem}.txt", duplicate=was_there)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._disk, work)
        except OSError as error:
            raise _meaning(error, self.settings.directory) from error


def _examine(directory: Path) -> None:
    """Raises OSError if tickets could not be written now; writes nothing itself."""
    if not stat.S_ISDIR(directory.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a directory")
    disk = os.statvfs(directory)
    if disk.f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, "read-only")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "not writable")
    if disk.f_bavail * disk.f_frsize < _ENOUGH_BYTES:
        raise OSError(errno.ENOSPC, "full")


def _keep(directory: Path, stem: str, ticket: Ticket) -> bool:
    """Write both files, the text last; True if the ticket was there before."""
    text = directory / f"{stem}.txt"
    was_there = text.exists()
    if not was_there:
        _write(directory / f"{stem}.json", ticket.body)
        _write(text, ticket.preview.encode())
    # Also when it was there: the try that wrote it may have died before this line.
    _flush(directory)
    return was_there


def _write(path: Path, content: bytes) -> None:
    # Beside its place, because a rename is atomic only within one file system.
    part = path.with_name(f".{path.name}.part")
    try:
        # One that was left behind may belong to an earlier user of the service, or be a link.
        part.unlink(missing_ok=True)
        with part.open("xb") as file:
            _share(file.fileno(), path.parent)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        # On a full disk the half of a ticket is what the next one lacks.
        part.unlink(missing_ok=True)
        raise


def _share(file: int, directory: Path) -> None:
    """The directory's group may read it, whatever the umask of the service."""
    group = directory.stat().st_gid
    # The group first: the one before it must never see the ticket.
    changes = (partial(os.fchown, file, -1, group), partial(os.fchmod, file, _MODE))
    for change in changes:
        try:
            change()
        except OSError as error:
            if error.errno not in _RIGHTS_ARE_FIXED:
                raise


def _flush(directory: Path) -> None:
    """A rename survives a power cut only after this."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _meaning(error: OSError, directory: Path) -> AdapterError:
    kind, text = _MEANINGS.get(
        error.errno or 0, (OutcomeUnknown, f"answered with: {error.strerror or error}")
    )
    return kind(f"{directory} {text}")


def _down(reason: str) -> Availability:
    return Availability(state=PosState.DOWN, reason=reason)
