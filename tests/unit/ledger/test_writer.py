"""The thread that owns the connection, over a real file or over one that breaks on command."""

import asyncio
import sqlite3
import threading

import pytest

from bridge.ledger.disease import Disease
from bridge.ledger.room import Space
from bridge.ledger.store import Store
from bridge.ledger.transaction import LedgerError
from bridge.ledger.writer import Writer
from tests.unit.ledger.disks import Strange, full, note, notes, sick, stop_the_thread


async def test_a_result_comes_back(writer):
    assert await writer.run(note("a")) == 1
    assert await writer.run(notes) == ["a"]


async def test_jobs_run_in_the_order_they_were_handed_in(writer):
    texts = [str(number) for number in range(500)]
    await asyncio.gather(*(writer.run(note(text)) for text in texts))
    assert await writer.run(notes) == texts


async def test_what_waits_together_is_committed_together(writer):
    go = stop_the_thread(writer)
    waiting = [asyncio.ensure_future(writer.run(note(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    go()
    await asyncio.gather(*waiting)
    assert writer.commits == 2


async def test_a_result_comes_only_after_the_commit(writer, disk):
    seen = []

    async def look():
        await writer.run(note("a"))
        seen.extend(disk.statements)

    await look()
    assert seen[-1] == "COMMIT"


async def test_a_bad_job_harms_no_other(writer):
    def bad(tx):
        tx.execute("INSERT INTO note VALUES ('half')")
        raise KeyError("x")

    go = stop_the_thread(writer)
    jobs = (note("a"), bad, note("a"), note("b"))
    waiting = [asyncio.ensure_future(writer.run(job)) for job in jobs]
    await asyncio.sleep(0)
    go()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [int, KeyError, sqlite3.IntegrityError, int]
    assert await writer.run(notes) == ["a", "b"]


@pytest.mark.parametrize("error", [StopIteration(), Strange(), ValueError()])
async def test_whatever_a_job_raises_its_caller_hears_and_the_thread_lives(writer, error):
    def bad(_tx):
        raise error

    future = asyncio.ensure_future(writer.run(bad))
    await asyncio.wait({future})
    assert isinstance(future.exception(), RuntimeError | Strange | ValueError)
    assert await writer.run(note("a")) == 1


@pytest.mark.parametrize("where", ["BEGIN", "INSERT", "COMMIT"])
async def test_a_full_disk_is_a_ledger_error_wherever_it_is_noticed(writer, disk, where):
    disk.broken = {where: full()}
    with pytest.raises(LedgerError, match="disk is full"):
        await writer.run(note("a"))
    assert writer.failed is not None
    disk.broken = {}
    assert await writer.run(notes) == []
    assert await writer.run(note("a")) == 1
    assert writer.failed is None


@pytest.mark.parametrize("where", ["ROLLBACK", "SAVEPOINT", "RELEASE"])
async def test_a_full_disk_is_noticed_while_a_mistake_is_undone(writer, disk, where):
    def bad(_tx):
        raise Strange

    disk.broken = {where: full()}
    with pytest.raises(LedgerError, match="disk is full"):
        await writer.run(bad)
    disk.broken = {}
    assert await writer.run(note("a")) == 1
    assert writer.failed is None


async def test_a_mistake_undoes_nothing_of_its_neighbours(writer):
    gate = threading.Event()

    def bad(tx):
        note("half")(tx)
        raise Strange

    writer.post(lambda _tx: gate.wait(5))
    jobs = [asyncio.ensure_future(writer.run(job)) for job in (note("a"), bad, note("b"))]
    await asyncio.sleep(0)
    gate.set()
    done = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(each) for each in done] == [int, Strange, int]
    assert await writer.run(notes) == ["a", "b"]


async def test_a_disk_that_fails_to_undo_as_well_is_survived(writer, disk):
    disk.broken = {"INSERT": full(), "ROLLBACK": full()}
    with pytest.raises(LedgerError):
        await writer.run(note("a"))
    disk.broken = {}
    assert await writer.run(note("b")) == 1
    assert await writer.run(notes) == ["b"]


async def test_what_undid_everything_is_told_and_not_what_followed_from_it(writer, disk):
    disk.broken = {"INSERT": full(), "ROLLBACK TO": sqlite3.OperationalError("no such savepoint")}
    with pytest.raises(LedgerError, match="disk is full") as caught:
        await writer.run(note("a"))
    assert caught.value.disease is Disease.FULL


async def test_a_disk_that_fails_on_one_job_makes_the_file_sick(writer, store, disk):
    disk.broken = {"INSERT": sick()}
    with pytest.raises(LedgerError, match="disk I/O error"):
        await writer.run(note("a"))
    disk.broken = {}
    await writer.run(note("b"))
    assert store.renewals == 1


async def test_reading_does_not_hide_that_writing_failed(writer, disk):
    disk.broken = {"INSERT": full()}
    with pytest.raises(LedgerError):
        await writer.run(note("a"))
    await writer.run(notes)
    assert writer.failed is not None


async def test_what_nobody_waits_for_is_written_when_the_disk_lets_it(writer, disk, lost):
    disk.broken = {"COMMIT": full()}
    writer.post(note("fate"))
    with pytest.raises(LedgerError):
        await writer.run(note("other"))
    disk.broken = {}
    await writer.run(note("a"))
    assert set(await writer.run(notes)) == {"a", "fate"}
    assert lost == []


async def test_what_nobody_waits_for_is_written_before_the_end(writer, disk):
    disk.broken = {"COMMIT": full()}
    writer.post(note("fate"))
    with pytest.raises(LedgerError):
        await writer.run(note("other"))
    disk.broken = {}
    writer.close()
    with sqlite3.connect(disk.path) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("fate",)]
    connection.close()


async def test_a_mistake_that_nobody_waits_for_is_told(writer, lost):
    def bad(_tx):
        raise KeyError("x")

    writer.post(bad)
    await writer.run(notes)
    assert [type(error) for error in lost] == [KeyError]


async def test_what_can_never_be_written_is_told_at_the_end(writer, disk, lost):
    disk.broken = {"COMMIT": full()}
    writer.post(note("fate"))
    writer.close()
    assert [type(error) for error in lost] == [LedgerError]


async def test_a_listener_that_fails_does_not_end_the_thread(store):
    def fail(_error):
        raise RuntimeError("of the listener")

    def bad(_tx):
        raise KeyError("x")

    writer = Writer(store)
    writer.start(fail)
    writer.post(bad)
    assert await writer.run(note("a")) == 1
    writer.close()


# The end of the thread


async def test_a_thread_that_dies_tells_everyone_who_waits(writer, disk):
    go = stop_the_thread(writer)
    waiting = [asyncio.ensure_future(writer.run(note(str(n)))) for n in range(300)]
    await asyncio.sleep(0)
    disk.broken = {"COMMIT": MemoryError("of our own")}
    go()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(result) for result in results} == {LedgerError}
    with pytest.raises(LedgerError, match="has died: MemoryError"):
        await writer.run(notes)
    assert not writer.alive


async def test_what_is_on_the_disk_is_told_though_the_thread_dies_before_it_was(
    writer, store, monkeypatch
):
    def die(_trouble):
        raise MemoryError

    def fail(_tx):
        raise LedgerError("disk I/O error")

    monkeypatch.setattr(store, "note", die)
    go = stop_the_thread(writer)
    waiting = [asyncio.ensure_future(writer.run(job)) for job in (note("a"), fail)]
    await asyncio.sleep(0)
    go()
    kept, failed = await asyncio.gather(*waiting, return_exceptions=True)
    assert kept == 1
    assert str(failed) == "disk I/O error"
    assert not writer.alive


async def test_a_thread_that_cannot_connect_tells_so(tmp_path, lost):
    def connect():
        raise sqlite3.OperationalError("unable to open database file")

    deaths = []
    writer = Writer(Store(tmp_path / "none", connect, Space(tmp_path)))
    writer.start(lost.append, deaths.append)
    with pytest.raises(LedgerError, match="unable to open"):
        await writer.run(notes)
    writer.close()
    assert [type(error) for error in deaths] == [sqlite3.OperationalError]


async def test_after_the_end_nothing_is_taken_any_more(writer, lost):
    writer.close()
    with pytest.raises(LedgerError, match="closed"):
        await writer.run(notes)
    writer.post(note("a"))
    assert [type(error) for error in lost] == [LedgerError]


async def test_the_end_comes_after_what_was_handed_in(writer, disk):
    for number in range(20):
        writer.post(note(str(number)))
    writer.close()
    writer.close()
    with sqlite3.connect(disk.path) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (20,)
    connection.close()


# Callers


async def test_a_caller_that_went_away_still_has_its_job_done(writer):
    go = stop_the_thread(writer)
    caller = asyncio.ensure_future(writer.run(note("a")))
    await asyncio.sleep(0)
    caller.cancel()
    go()
    await asyncio.wait({caller})
    assert await writer.run(notes) == ["a"]


async def test_a_loop_that_was_closed_harms_nobody(writer):
    go = stop_the_thread(writer)

    def leave():
        async def hand_in():
            asyncio.ensure_future(writer.run(note("a")))  # noqa: RUF006  left behind on purpose
            await asyncio.sleep(0)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(hand_in())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    go()
    assert await writer.run(notes) == ["a"]


async def test_two_loops_in_two_threads_get_their_own_answers(writer):
    def elsewhere(found):
        async def work():
            return [await writer.run(note(f"there {n}")) for n in range(50)]

        found.extend(asyncio.run(work()))

    found = []
    thread = threading.Thread(target=elsewhere, args=(found,))
    thread.start()
    here = [await writer.run(note(f"here {n}")) for n in range(50)]
    await asyncio.to_thread(thread.join)
    assert here == found == [1] * 50
    assert len(await writer.run(notes)) == 100
