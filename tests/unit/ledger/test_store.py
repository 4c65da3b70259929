"""The file under the writer: what it does when the disk fails on it, and between two batches."""

import asyncio
import threading
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from bridge.ledger import store as module
from bridge.ledger.room import Room, RoomTerms, Space
from bridge.ledger.store import CHECKPOINT_PAGES, LONGEST_PAUSE, Store
from bridge.ledger.transaction import LedgerError
from tests.engine import Clock
from tests.unit.ledger.disks import full, note, notes, sick


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def space(disk, clock):
    terms = RoomTerms(ballast=100, low=300, short=200)
    return Space(disk.path.parent, terms, clock=clock, measure=lambda _directory: 1_000)


@pytest.fixture
def opened(disk, space, clock):
    store = Store(disk.path, disk.connect, space, clock=clock)
    store.open()
    yield store
    disk.broken = {}
    store.close()


def do_nothing():
    pass


def fail(opened, disk, error=None):
    """A commit that the disk refuses."""
    disk.broken["COMMIT"] = error or sick()
    connection = opened.use()
    connection.execute("BEGIN IMMEDIATE")
    note("ghost")(connection)
    try:
        connection.execute("COMMIT")
    except type(disk.broken["COMMIT"]) as refused:
        del disk.broken["COMMIT"]
        return opened.undo(refused)
    raise AssertionError("the disk did not refuse it")


def test_a_sick_file_refuses_itself_until_it_is_renewed(opened, disk):
    told = fail(opened, disk)

    assert "disk I/O error" in str(told)
    with pytest.raises(LedgerError, match="disk I/O error"):
        opened.use()
    opened.tend(do_nothing)
    assert (opened.sick, opened.renewals) == (None, 1)
    assert notes(opened.use()) == []


def test_a_renewed_file_is_another_one_with_the_same_in_it(opened, disk):
    note("a")(opened.use())
    before = disk.path.stat().st_ino
    fail(opened, disk)
    opened.tend(do_nothing)

    assert disk.path.stat().st_ino != before
    assert notes(opened.use()) == ["a"]


def test_a_full_disk_makes_no_file_sick(opened, disk):
    told = fail(opened, disk, full())

    assert "disk is full" in str(told)
    assert opened.sick is None
    assert notes(opened.use()) == []


def test_a_full_disk_gives_up_the_reserve_and_leaves_the_rest_to_old_orders(opened, disk, space):
    opened.tend(do_nothing)
    reserve = disk.path.with_name("ballast")
    assert reserve.exists()
    fail(opened, disk, full())

    assert not reserve.exists()
    assert space.room is Room.SHORT


def test_what_does_not_help_is_tried_again_with_longer_and_longer_pauses(opened, disk, clock):
    fail(opened, disk)
    disk.broken["PRAGMA backup"] = sick()
    tries = []
    for _ in range(120):
        before = len(disk.statements)
        opened.tend(do_nothing)
        if "PRAGMA backup" in disk.statements[before:]:
            tries.append(clock.at)
        clock.pass_time(0.5)

    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    assert opened.sick
    disk.broken = {}
    clock.pass_time(LONGEST_PAUSE)
    opened.tend(do_nothing)
    assert opened.sick is None


def test_a_file_that_cannot_be_opened_after_its_renewal_is_opened_later(opened, disk, clock):
    note("a")(opened.use())
    fail(opened, disk)
    disk.broken["PRAGMA user_version"] = sick()
    opened.tend(do_nothing)
    assert opened.sick
    disk.broken = {}
    clock.pass_time(1.0)
    opened.tend(do_nothing)

    assert notes(opened.use()) == ["a"]


def test_each_turn_is_told_loudly_and_once(opened, disk):
    with capture_logs() as logs:
        fail(opened, disk)
        opened.note(LedgerError("again", opened.sick.disease))
        opened.tend(do_nothing)

    told = [(line["event"], line["log_level"]) for line in logs if line["event"] != "disk_room"]
    assert told == [("ledger_sick", "error"), ("ledger_renewed", "error")]


def test_a_long_copy_lets_nobody_wait(opened, disk, clock, monkeypatch):
    monkeypatch.setattr(module.renewal, "_PAGES", 1)
    beats = []
    note("a" * 100_000)(opened.use())
    fail(opened, disk)

    def slow():
        clock.pass_time(0.1)
        return clock.at

    opened._clock = slow
    opened.tend(lambda: beats.append(1))
    assert beats


def test_a_short_copy_lets_them_wait(opened, disk):
    beats = []
    fail(opened, disk)
    opened.tend(lambda: beats.append(1))

    assert beats == []


def test_what_is_committed_is_brought_into_the_database_between_two_batches(opened, disk):
    note("a" * 4096 * CHECKPOINT_PAGES)(opened.use())
    before = disk.path.stat().st_size
    opened.tend(do_nothing)

    assert disk.path.stat().st_size > before + 4096 * CHECKPOINT_PAGES
    assert opened._wal.pending == 0


def test_a_small_log_is_left_as_it_is(opened, disk):
    note("a")(opened.use())
    opened.tend(do_nothing)

    assert not any("checkpoint(" in sql for sql in disk.statements)
    assert opened._wal.pending > 0


def test_a_checkpoint_that_fails_makes_the_file_sick_and_it_is_renewed_at_once(opened, disk):
    note("a" * 4096 * CHECKPOINT_PAGES)(opened.use())
    disk.broken["PRAGMA wal_checkpoint"] = sick()
    opened.tend(do_nothing)
    disk.broken = {}

    assert opened.renewals == 1
    assert len(notes(opened.use())) == 1


def test_a_sick_file_is_closed_as_it_is(opened, disk):
    note("a")(opened.use())
    fail(opened, disk)
    log = disk.path.with_name(f"{disk.path.name}-wal")
    before = log.read_bytes()
    opened.close()

    assert log.read_bytes() == before != b""


# With the thread


@pytest.fixture
def copying(disk, monkeypatch):
    """A copy that begins, lets the test do something, and goes on when it is told to."""
    begun, go_on = threading.Event(), threading.Event()
    copy = module.renewal.copy

    def copy_for_long(connection, path, beat):
        disk.broken = {}
        begun.set()
        go_on.wait()
        beat()
        copy(connection, path, do_nothing)

    monkeypatch.setattr(module, "PATIENCE", -1.0)
    monkeypatch.setattr(module.renewal, "copy", copy_for_long)
    disk.broken["COMMIT"] = sick()
    yield begun, go_on
    go_on.set()


async def begin_copy(writer, begun):
    with pytest.raises(LedgerError, match="disk I/O error"):
        await writer.run(note("ghost"))
    await asyncio.to_thread(begun.wait)


async def test_who_comes_while_a_long_copy_is_made_is_turned_away(writer, copying):
    begun, go_on = copying
    await begin_copy(writer, begun)
    waiting = asyncio.ensure_future(writer.run(note("b")))
    writer.post(note("later"))
    await asyncio.sleep(0)
    go_on.set()

    with pytest.raises(LedgerError, match="is being copied"):
        await waiting
    await writer.run(note("a"))
    assert set(await writer.run(notes)) == {"a", "later"}


async def test_the_wish_to_end_is_not_lost_while_a_copy_is_made(writer, copying):
    begun, go_on = copying
    await begin_copy(writer, begun)
    assert not writer.close(0.0)
    go_on.set()
    await asyncio.to_thread(writer._thread.join, 30.0)

    assert not writer.alive
