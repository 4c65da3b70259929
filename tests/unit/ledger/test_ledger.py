import asyncio
import os
import sqlite3
import stat

import pytest

from bridge.ledger import Ledger, LedgerError, RoomTerms
from bridge.ledger import ledger as module
from bridge.ledger.ledger import FILE_NAME
from bridge.ledger.schema import SCHEMA_VERSION
from tests.unit.ledger.disks import failing, full


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "ledger"


async def open_and_close(directory):
    ledger = await Ledger.open(directory)
    ledger.close()
    return ledger


def change(directory, sql):
    with sqlite3.connect(directory / FILE_NAME) as connection:
        connection.execute(sql)
    connection.close()


async def test_the_identity_stays_with_the_file(directory):
    first, second = await open_and_close(directory), await open_and_close(directory)
    assert first.identity == second.identity


async def test_another_file_has_another_identity(tmp_path):
    first, second = await open_and_close(tmp_path / "a"), await open_and_close(tmp_path / "b")
    assert first.identity != second.identity


async def test_what_was_written_is_there_after_reopening(directory):
    ledger = await Ledger.open(directory)
    await ledger.write(
        lambda tx: tx.execute("INSERT INTO service (restaurant, since) VALUES ('lopez', 1.0)")
    )
    ledger.close()
    ledger = await Ledger.open(directory)
    rows = await ledger.read(
        lambda tx: tx.execute("SELECT restaurant, since FROM service").fetchall()
    )
    ledger.close()
    assert [tuple(row) for row in rows] == [("lopez", 1.0)]


async def test_a_second_process_is_refused_with_a_sentence(directory, ledger_in_use):
    with pytest.raises(LedgerError, match="in use by another process: stop that one"):
        await Ledger.open(directory)


@pytest.fixture
async def ledger_in_use(directory):
    ledger = await Ledger.open(directory)
    yield ledger
    ledger.close()


async def test_a_closed_ledger_may_be_opened_again(directory):
    await open_and_close(directory)
    await open_and_close(directory)


async def test_after_a_failed_start_the_lock_is_free(directory):
    await open_and_close(directory)
    change(directory, "PRAGMA user_version = 99")
    for _ in range(2):
        with pytest.raises(LedgerError, match="schema 99"):
            await Ledger.open(directory)
    change(directory, f"PRAGMA user_version = {SCHEMA_VERSION}")
    await open_and_close(directory)


async def test_a_ledger_of_a_later_version_is_not_touched(directory):
    await open_and_close(directory)
    change(directory, "PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="start the version that wrote it"):
        await Ledger.open(directory)


async def test_something_else_is_not_taken_for_a_ledger(directory):
    directory.mkdir()
    (directory / FILE_NAME).write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(LedgerError, match="not a database"):
        await Ledger.open(directory)


async def test_a_damaged_file_is_noticed_at_the_start(directory):
    ledger = await Ledger.open(directory)

    def fill(tx):
        for number in range(2000):
            tx.execute(
                "INSERT INTO service (restaurant, since) VALUES (?, 1.0)", (f"restaurant-{number}",)
            )

    await ledger.write(fill)
    ledger.close()
    file = directory / FILE_NAME
    data = bytearray(file.read_bytes())
    for page in range(len(data) // 4096 // 2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(data)
    with pytest.raises(LedgerError, match=r"damaged|malformed"):
        await Ledger.open(directory)


async def test_what_to_do_with_a_damaged_file_is_said(directory):
    directory.mkdir()
    (directory / FILE_NAME).write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(LedgerError, match="copy the whole directory away before anything else"):
        await Ledger.open(directory)


async def test_a_check_really_writes(directory):
    ledger = await Ledger.open(directory)
    log = directory / f"{FILE_NAME}-wal"
    sizes = [log.stat().st_size]
    for _ in range(3):
        await ledger.check()
        sizes.append(log.stat().st_size)
    ledger.close()
    assert sizes == sorted(set(sizes))


async def test_room_is_watched_where_that_is_asked_for(directory):
    ledger = await Ledger.open(directory, room=RoomTerms(ballast=1000))
    await ledger.check()
    await ledger.read(lambda _tx: None)
    free, reserve = ledger.free, directory / "ballast"
    is_there = reserve.exists()
    ledger.close()
    assert free > 0
    assert is_there


async def test_a_start_on_a_full_disk_gives_up_the_reserve(directory, monkeypatch):
    await open_and_close(directory)
    reserve = directory / "ballast"
    reserve.write_bytes(bytes(1000))
    prepare = module.prepare_tables

    def prepare_if_there_is_room(connection, now):
        if reserve.exists():
            raise failing("disk I/O error", sqlite3.SQLITE_IOERR_SHMSIZE)
        prepare(connection, now)

    monkeypatch.setattr(module, "prepare_tables", prepare_if_there_is_room)
    ledger = await Ledger.open(directory, room=RoomTerms(ballast=1000))
    await ledger.check()
    ledger.close()


async def test_a_start_on_a_full_disk_without_a_reserve_asks_for_room(directory, monkeypatch):
    tries = []

    def refuse(*_arguments):
        tries.append(1)
        raise full()

    monkeypatch.setattr(module, "prepare_tables", refuse)
    with pytest.raises(LedgerError, match=r"; make room on the ledger's disk$"):
        await Ledger.open(directory, room=RoomTerms(ballast=1000))
    assert tries == [1]


async def test_an_interrupted_first_start_is_begun_anew(directory):
    directory.mkdir()
    (directory / FILE_NAME).touch()
    await open_and_close(directory)


async def test_a_directory_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="give a directory to write in"):
        await Ledger.open(tmp_path / "file" / "ledger")


async def test_nobody_else_may_read_the_file(directory):
    before = os.umask(0)
    try:
        ledger = await Ledger.open(directory)
        await ledger.check()
        modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
        ledger.close()
    finally:
        os.umask(before)
    assert modes == {0o600}


async def test_every_commit_is_synced_and_kept_in_a_write_ahead_log(directory):
    ledger = await Ledger.open(directory)

    def settings(tx):
        names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        return [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await ledger.read(settings) == ["wal", 2, 1, 0]
    ledger.close()


async def test_closing_twice_is_once(directory):
    ledger = await open_and_close(directory)
    ledger.close()
    assert not ledger.alive
    with pytest.raises(LedgerError, match="closed"):
        await ledger.check()


async def test_a_clean_end_is_no_death(directory):
    ledger = await open_and_close(directory)
    await asyncio.sleep(0)
    assert not ledger.died.done()


async def test_the_death_of_the_thread_is_noticed(directory):
    ledger = await Ledger.open(directory)

    def broken(*_args):
        raise MemoryError("of our own")

    ledger._writer._commit = broken
    with pytest.raises(LedgerError):
        await ledger.check()
    with pytest.raises(LedgerError, match="of our own"):
        await ledger.died
    assert not ledger.alive
    ledger.close()
