"""A real process that writes through the ledger, killed at any moment: what it said is there."""

import asyncio
import random
import sqlite3
import subprocess
import sys

import pytest

from bridge.ledger import Ledger

ROUNDS = 12

# Says "N\n" for each write that is durable; many at once, so that commits are shared.
WRITER = """
import asyncio, sys
from pathlib import Path
from bridge.ledger import Ledger

def add(number):
    def job(tx):
        tx.execute(
            "INSERT INTO service (restaurant, since) VALUES (?, ?)", (f"{number}", float(number))
        )
        tx.execute("INSERT INTO bump VALUES ('lopez', ?, 1, ?)", (f"{number}", float(number)))
    return job

async def main():
    ledger = await Ledger.open(Path(sys.argv[1]))
    numbers = iter(range(int(sys.argv[2]), 10**9))

    async def work():
        for number in numbers:
            await ledger.write(add(number))
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()

    await asyncio.gather(*(work() for _ in range(8)))

asyncio.run(main())
"""


def write_until_killed(directory, first, seconds):
    """Numbers that the process called durable before SIGKILL hit it."""
    command = [sys.executable, "-c", WRITER, str(directory), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline()]
        # The time-out is the moment of the kill, not something that is measured.
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        said += process.stdout.readlines()
    return [int(line) for line in said if line.endswith("\n") and line.strip()]


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    """What was said, and what is there, after many deaths of one ledger."""
    directory = tmp_path_factory.mktemp("killed")
    moments = random.Random(7)  # noqa: S311  moments, not secrets
    said = []
    for turn in range(ROUNDS):
        said += write_until_killed(directory, 1_000_000 * turn, moments.uniform(0.0, 0.15))
    return directory, said


async def read(directory, sql):
    ledger = await Ledger.open(directory)
    try:
        return await ledger.read(lambda tx: {row[0] for row in tx.execute(sql).fetchall()})
    finally:
        ledger.close()


async def test_everything_said_to_be_durable_is_there(survived):
    directory, said = survived
    assert len(said) > ROUNDS
    there = await read(directory, "SELECT restaurant FROM service")
    assert {str(number) for number in said} <= there


async def test_no_job_is_there_by_half(survived):
    directory, _said = survived
    first_halves = await read(directory, "SELECT restaurant FROM service")
    assert first_halves == await read(directory, "SELECT order_id FROM bump")


async def test_the_file_is_sound(survived):
    directory, _said = survived
    ledger = await Ledger.open(directory)
    ledger.close()
    with sqlite3.connect(directory / "ledger.sqlite3") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_the_lock_of_a_killed_process_is_free(survived, tmp_path):
    assert write_until_killed(tmp_path, 0, 0.05)
    assert write_until_killed(tmp_path, 10**6, 0.05)


async def test_a_second_process_is_refused_while_the_first_lives(tmp_path):
    ledger = await Ledger.open(tmp_path)
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", WRITER, str(tmp_path), "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ledger.close()
    assert second.returncode != 0
    assert "is in use by another process: stop that one" in second.stderr
