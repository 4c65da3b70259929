"""A small disk of its own for a ledger, which can be full: in memory, where we may mount one."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SIZE: Final = "2g"
NOT_HERE: Final = "a full disk of the ledger: only root may mount a small one"
# What is written between the look and the mounting makes the size too small.
_TRIES: Final = 20


class SmallDisk:
    """A tmpfs that can be as large as what is on it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def fill(self, seconds: float) -> bool:
        """For so long nothing more goes onto it. False if it could not be done."""
        try:
            if not await self._shrink():
                return False
            await asyncio.sleep(seconds)
        finally:
            await self._resize(SIZE)
        return True

    async def _shrink(self) -> bool:
        for _try in range(_TRIES):
            found = os.statvfs(self._directory)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            if not await self._resize(str(used)):
                return True
        return False

    async def _resize(self, size: str) -> int:
        process = await asyncio.create_subprocess_exec(
            "mount",
            "-o",
            f"remount,size={size}",
            self._directory,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()


@contextmanager
def mount(directory: Path) -> Iterator[SmallDisk]:
    """At a directory that is there. Raises CalledProcessError where that is not allowed."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory], check=True)
    try:
        yield SmallDisk(directory)
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def can_mount(directory: Path) -> bool:
    """Tried there once, and taken away again."""
    if os.geteuid():
        return False
    try:
        with mount(directory):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
