"""The copy that takes the place of a file on which the disk has failed, and its way there."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from bridge.ledger import Ledger, LedgerError, renewal
from bridge.ledger.ledger import FILE_NAME
from bridge.ledger.wal import Wal, index_of, log_of
from tests.unit.ledger.disks import note, notes


@pytest.fixture
def connection(disk):
    connection = disk.connect()
    yield connection
    connection.close()


def do_nothing():
    pass


def read(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return notes(connection)


def the_files(path):
    return {file.name.removeprefix(path.name) for file in path.parent.glob(f"{path.name}*")}


def test_the_copy_has_all_that_was_committed(connection, disk):
    note("a")(connection)
    renewal.copy(connection, disk.path, do_nothing)
    renewal.let_go(connection, disk.path)

    assert renewal.install(disk.path)
    assert read(disk.path) == ["a"]
    assert the_files(disk.path) == {""}


def test_the_copy_has_nothing_that_was_not(connection, disk):
    connection.execute("BEGIN")
    note("ghost")(connection)
    renewal.copy(connection, disk.path, do_nothing)

    assert read(disk.path.with_name(f"{disk.path.name}.renewed")) == []


def test_nobody_else_may_read_the_copy(connection, disk):
    renewal.copy(connection, disk.path, do_nothing)
    (copy,) = disk.path.parent.glob("*.renewed")

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_without_a_copy_there_is_nothing_to_install(disk):
    assert not renewal.install(disk.path)


def test_who_does_it_is_asked_again_and_again(connection, disk, monkeypatch):
    monkeypatch.setattr(renewal, "_PAGES", 1)
    beats = []
    note("a" * 100_000)(connection)
    renewal.copy(connection, disk.path, lambda: beats.append(1))

    assert len(beats) > 20


def test_a_copy_that_does_not_fit_is_not_begun(connection, disk, monkeypatch):
    monkeypatch.setattr(renewal, "free_bytes", lambda _directory: 1000)

    with pytest.raises(LedgerError, match="needs 4 MB beside it"):
        renewal.copy(connection, disk.path, do_nothing)
    assert not list(disk.path.parent.glob("*.new"))


def test_a_copy_that_cannot_be_synced_is_thrown_away(connection, disk, monkeypatch):
    def fail(_path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(renewal, "sync", fail)
    with pytest.raises(OSError, match="Input/output"):
        renewal.copy(connection, disk.path, do_nothing)

    assert not list(disk.path.parent.glob("*.new"))


def test_letting_go_leaves_the_log_to_whoever_comes_next(connection, disk):
    note("a")(connection)
    before = log_of(disk.path).stat().st_size
    renewal.let_go(connection, disk.path)

    assert log_of(disk.path).stat().st_size == before > 0
    assert read(disk.path) == ["a"]


class Died(Exception):
    """The process, at that moment."""


@pytest.fixture
async def path(tmp_path):
    """A ledger's file that was copied; in the old one stands what the disk refused."""
    await open_and_close(tmp_path / "ledger")
    path = tmp_path / "ledger" / FILE_NAME
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("INSERT INTO meta VALUES ('kept', '')")
    renewal.copy(connection, path, do_nothing)
    connection.execute("INSERT INTO meta VALUES ('ghost', '')")
    renewal.let_go(connection, path)
    return path


async def open_and_close(directory):
    """The names that stand in it."""
    ledger = await Ledger.open(directory)
    try:
        return await ledger.read(
            lambda tx: [row["name"] for row in tx.execute("SELECT name FROM meta ORDER BY name")]
        )
    finally:
        ledger.close()


def install_and_die(path, monkeypatch, at):
    """The process ends before that step; False if there are not so many."""
    steps = []

    def counted(step):
        def take(*arguments, **options):
            steps.append(step)
            if len(steps) == at:
                raise Died
            return step(*arguments, **options)

        return take

    with monkeypatch.context() as patched:
        patched.setattr(renewal, "sync", counted(renewal.sync))
        for name in ("unlink", "rename"):
            patched.setattr(Path, name, counted(getattr(Path, name)))
        try:
            renewal.install(path)
        except Died:
            return True
    return False


@pytest.mark.parametrize("at", range(1, 7))
async def test_a_death_in_the_middle_loses_nothing_and_brings_back_no_ghost(path, monkeypatch, at):
    assert install_and_die(path, monkeypatch, at)

    assert await open_and_close(path.parent) == ["created_at", "identity", "kept"]
    assert the_files(path) == {""}


async def test_there_is_no_further_step_to_die_at(path, monkeypatch):
    assert not install_and_die(path, monkeypatch, 7)


# The log


def test_what_is_committed_and_not_copied_is_counted(connection, disk):
    wal = Wal(disk.path)
    before = wal.pending
    note("a")(connection)
    grown = wal.pending
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    assert before < grown
    assert wal.pending == 0
    wal.close()


@pytest.mark.parametrize("is_first", [False, True])
def test_what_stands_behind_the_last_commit_is_cut_off(connection, disk, is_first):
    """A complete transaction that the file's owner does not count, as after a failed sync."""
    wal = Wal(disk.path)
    if is_first:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    else:
        note("a")(connection)
    good = log_of(disk.path).read_bytes()
    owned = index_of(disk.path).read_bytes()
    note("ghost")(connection)
    ghostly = log_of(disk.path).read_bytes()
    with index_of(disk.path).open("r+b") as index:
        index.write(owned)

    assert ghostly != good
    wal.cut()
    wal.close()
    assert log_of(disk.path).read_bytes() == good


def test_a_log_of_another_make_is_left_alone(connection, disk):
    note("a")(connection)
    wal = Wal(disk.path)
    with index_of(disk.path).open("r+b") as index:
        index.write(b"\1")
    wal.cut()
    wal.close()

    assert log_of(disk.path).stat().st_size > 0
