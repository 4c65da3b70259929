"""A disk that fills up while orders come, and is given room again: the real daemon on a real one.

What got a yes is there, what got a no is not, and nobody has to restart anything.
"""

import asyncio
import os
import subprocess
from contextlib import suppress
from itertools import count

import aiohttp
import pytest
from structlog.testing import capture_logs

from bridge.config import Ledger
from tests.daemons import PATIENCE, a_config, left_behind, post_order, running

MEGABYTE = 2**20
SIZE = 32 * MEGABYTE


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with little room, gone with the test."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "small"
    place.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


class Others:
    """What fills the disk beside the ledger."""

    def __init__(self, directory):
        self._directory = directory
        self._names = count()

    def take(self, *, but):
        """All the room but so many bytes."""
        file = os.open(self._directory / f"others-{next(self._names)}", os.O_CREAT | os.O_WRONLY)
        written = 0
        with suppress(OSError):
            while True:
                written += os.write(file, bytes(4096))
        os.truncate(file, written - but)
        os.close(file)

    def go(self):
        for file in self._directory.glob("others-*"):
            file.unlink()


@pytest.fixture
def others(small_disk):
    return Others(small_disk)


class Evening:
    """Orders, one after the other, with what each was answered."""

    def __init__(self, ready):
        self._ready = ready
        self._numbers = count(1)
        self.answers = {}

    async def order(self):
        name = f"order-{next(self._numbers)}"
        self.answers[name] = status = await post_order(self._ready, name)
        return status

    async def until(self, status):
        async with asyncio.timeout(PATIENCE):
            while await self.order() != status:
                pass

    def answered(self, status):
        return {name for name, given in self.answers.items() if given == status}


async def until_well(ready, *, because="", is_well=True):
    """What the process says of itself, and why, has come to that."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
        while True:
            answer = await client.get(f"{ready.console}/readyz")
            ledger = (await answer.json())["ledger"]
            if (answer.status == 200) is is_well and because in ledger.get("reason", ""):
                return


async def until_all_are_made(ready):
    """The events of all who got a yes are with the worker."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
        while True:
            answer = await client.get(f"{ready.console}/readyz")
            if (await answer.json())["ledger"].get("events_waiting") == 0:
                return


async def delivered(directory):
    return {row["order_id"] for row in await left_behind(directory, "SELECT * FROM delivery")}


def on(small_disk, tmp_path, **settings):
    return a_config(tmp_path, ledger=Ledger(directory=small_disk / "ledger", **settings))


async def test_a_disk_that_fills_to_the_last_byte(small_disk, others, tmp_path):
    config = on(small_disk, tmp_path, ballast=0, warn_below=0, refuse_below=0)
    with capture_logs() as logs:
        async with running(config) as (_daemon, ready, task):
            evening = Evening(ready)
            for _ in range(20):
                assert await evening.order() == 200
            others.take(but=32 * 1024)
            await evening.until(503)
            others.take(but=0)
            await until_well(ready, is_well=False, because="full")
            others.go()
            await evening.until(200)
            await until_all_are_made(ready)
            assert not task.done()

    assert "disk_full" in [line["event"] for line in logs]
    assert await delivered(small_disk) == evening.answered(200)
    assert evening.answered(200) | evening.answered(503) == set(evening.answers)


async def test_a_reserve_lets_old_orders_go_on_while_new_ones_wait(small_disk, others, tmp_path):
    # More than the log holds before a checkpoint, or what is to be made would not fit into it.
    config = on(small_disk, tmp_path, ballast=6, warn_below=10, refuse_below=8)
    with capture_logs() as logs:
        async with running(config) as (_daemon, ready, _task):
            evening = Evening(ready)
            await evening.until(200)
            assert (small_disk / "ledger" / "ballast").stat().st_size == 6 * MEGABYTE
            others.take(but=0)
            await evening.until(503)
            # What was taken before is made all the same, in the room of the reserve.
            await until_all_are_made(ready)
            await until_well(ready, is_well=False, because="nearly full")
            others.go()
            await evening.until(200)
            await until_all_are_made(ready)
            await until_well(ready)

    assert {"short", "ample"} <= {str(line["room"]) for line in logs if "room" in line}
    assert (small_disk / "ledger" / "ballast").exists()
    assert await delivered(small_disk) == evening.answered(200)


@pytest.mark.parametrize("left", [0, 40])
async def test_a_start_on_a_full_disk_takes_the_room_of_the_reserve(
    small_disk, others, tmp_path, left
):
    config = on(small_disk, tmp_path, ballast=6, warn_below=10, refuse_below=8)
    async with running(config) as (_daemon, ready, _task):
        evening = Evening(ready)
        await evening.until(200)
    others.take(but=left * 1024)
    async with running(config) as (_daemon, ready, _task):
        evening = Evening(ready)
        await evening.until(503)
        assert not (small_disk / "ledger" / "ballast").exists()
        others.go()
        await evening.until(200)
        await until_all_are_made(ready)
