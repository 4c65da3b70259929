"""A process with a ledger on a disk that fails on command."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATIENCE = 60

# Takes a line for each step, and answers with one.
PROCESS = """
import asyncio, json, os, sys
from pathlib import Path
from bridge.ledger import Ledger, LedgerError
from bridge.telemetry import configure_logs

def note(name, size):
    text = name.ljust(size, ".")
    return lambda tx: tx.execute("INSERT INTO meta VALUES (?, '')", (text,)).rowcount

def names(tx):
    return [row["name"].strip(".") for row in tx.execute("SELECT name FROM meta ORDER BY name")]

async def step(ledger, name, *rest):
    try:
        if name == "write":
            return await ledger.write(note(rest[0], int(rest[1]) if rest[1:] else 1))
        if name == "read":
            return await ledger.read(names)
        return ledger.renewals if name == "renewals" else os.kill(os.getpid(), 9)
    except LedgerError as error:
        return f"error: {error}"

async def main():
    configure_logs()
    ledger = await Ledger.open(Path(sys.argv[1]))
    print(json.dumps("open"), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await step(ledger, *line.split())), flush=True)
    ledger.close()

asyncio.run(main())
"""


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """The library that makes syncs fail."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a C compiler makes the disk that fails: apt-get install gcc libc6-dev")
    library = tmp_path_factory.mktemp("shim") / "fsync_faults.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library)]
    subprocess.run([*command, str(HERE / "fsync_faults.c"), "-ldl"], check=True)
    return library


class Disk:
    """Whose syncs fail on command; `log` has all of them as (file, outcome, name)."""

    def __init__(self, directory):
        self._directory = directory
        directory.mkdir()

    @property
    def path(self):
        return str(self._directory)

    def fail(self, end, times):
        """The syncs of files whose names end so; * for all."""
        (self._directory / "fail").write_text(f"{end} {times}\n")

    def mend(self):
        (self._directory / "fail").unlink()

    @property
    def log(self):
        lines = (self._directory / "log").read_text().splitlines()
        return [tuple(line.split(" ", 2)) for line in lines]

    def synced_after_failure(self):
        """Names of files that were synced again after a sync of theirs had failed."""
        failed, again = set(), []
        for file, outcome, name in self.log:
            if file in failed:
                again.append(name)
            if outcome == "EIO":
                failed.add(file)
        return again


class Process:
    """Asks the process beside this one, which has the ledger."""

    def __init__(self, directory, shim, disk):
        environment = os.environ | {"LD_PRELOAD": str(shim), "FSYNC_FAULTS": disk.path}
        self._log = directory.with_suffix(".log")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROCESS, str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        assert self._hear() == "open"

    def ask(self, *words):
        print(*words, file=self._process.stdin, flush=True)
        return self._hear()

    def write_until_it_is_kept(self, name):
        """How many times it was refused before."""
        end, refused = time.monotonic() + PATIENCE, 0
        while self.ask("write", name) != 1:
            assert time.monotonic() < end, "the ledger did not recover"
            refused += 1
            time.sleep(0.01)  # its next attempt is a matter of time
        return refused

    def die(self):
        print("die", file=self._process.stdin, flush=True)
        self._process.wait(PATIENCE)
        self.end()

    def end(self):
        self._process.communicate(timeout=PATIENCE)

    def events(self):
        lines = [line for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [json.loads(line)["event"] for line in lines]

    def _hear(self):
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        return json.loads(line)


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "faults")


@pytest.fixture
def start(tmp_path, shim, disk):
    """Starts a process on the one ledger; the process before it has ended."""
    processes = []

    def start():
        processes.append(Process(tmp_path / "ledger", shim, disk))
        return processes[-1]

    yield start
    for process in processes:
        process.end()
