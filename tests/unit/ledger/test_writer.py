"""The thread that owns the connection, over a real file or over one that breaks on command."""

import asyncio
import sqlite3
import threading

import pytest

from bridge.ledger.transaction import LedgerError
from bridge.ledger.writer import Writer

TABLE = "CREATE TABLE IF NOT EXISTS note (text TEXT PRIMARY KEY)"


class Disk:
    """Makes connections; `broken` maps the beginning of a statement to the error it raises."""

    def __init__(self, path):
        self.path = path
        self.broken = {}
        self.statements = []

    def connect(self):
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute(TABLE)
        return Breaking(connection, self)


class Breaking:
    def __init__(self, connection, disk):
        self.connection = connection
        self.disk = disk

    def execute(self, sql, parameters=()):
        self.disk.statements.append(sql)
        for start, error in tuple(self.disk.broken.items()):
            if sql.startswith(start):
                raise error
        return self.connection.execute(sql, parameters)

    def __getattr__(self, name):
        return getattr(self.connection, name)


class Strange(BaseException):
    pass


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "notes.sqlite3")


@pytest.fixture
def lost():
    return []


@pytest.fixture
def writer(disk, lost):
    writer = Writer(disk.connect)
    writer.start(lost.append)
    yield writer
    writer.close()


def note(text):
    return lambda tx: tx.execute("INSERT INTO note VALUES (?)", (text,)).rowcount


def notes(tx):
    return [row["text"] for row in tx.execute("SELECT text FROM note ORDER BY rowid")]


def full():
    return sqlite3.OperationalError("database or disk is full")


def stop_the_thread(writer):
    """Until `go` is called the thread takes no batch; what is handed in meanwhile is one."""
    reached, go = threading.Event(), threading.Event()

    def wait(_tx):
        reached.set()
        go.wait()

    writer.post(wait)
    reached.wait()
    return go.set


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


@pytest.mark.parametrize("where", ["BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"])
async def test_a_full_disk_is_a_ledger_error_wherever_it_is_noticed(writer, disk, where):
    disk.broken = {where: full()}
    with pytest.raises(LedgerError, match="disk is full"):
        await writer.run(note("a"))
    assert writer.failed is not None
    disk.broken = {}
    assert await writer.run(notes) == []
    assert await writer.run(note("a")) == 1
    assert writer.failed is None


async def test_a_disk_that_fails_to_undo_as_well_is_survived(writer, disk):
    disk.broken = {"INSERT": full(), "ROLLBACK": full()}
    with pytest.raises(LedgerError):
        await writer.run(note("a"))
    disk.broken = {}
    assert await writer.run(note("b")) == 1
    assert await writer.run(notes) == ["b"]


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


async def test_a_listener_that_fails_does_not_end_the_thread(disk):
    def fail(_error):
        raise RuntimeError("of the listener")

    def bad(_tx):
        raise KeyError("x")

    writer = Writer(disk.connect)
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


async def test_a_thread_that_cannot_connect_tells_so(lost):
    def connect():
        raise sqlite3.OperationalError("unable to open database file")

    deaths = []
    writer = Writer(connect)
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


# Listeners


def touch(topic):
    return lambda tx: tx.touch(topic)


async def test_listeners_hear_of_their_topic_after_the_commit(writer):
    heard = asyncio.Event()
    writer.listen("mine", heard.set)
    await writer.run(touch("other"))
    assert not heard.is_set()
    await writer.run(touch("mine"))
    assert heard.is_set()


async def test_nobody_hears_of_what_was_undone(writer, disk):
    heard = asyncio.Event()
    writer.listen("mine", heard.set)
    disk.broken = {"COMMIT": full()}
    with pytest.raises(LedgerError):
        await writer.run(touch("mine"))
    assert not heard.is_set()


async def test_a_listener_may_be_forgotten_twice(writer):
    heard = asyncio.Event()
    forget = writer.listen("mine", heard.set)
    forget()
    forget()
    await writer.run(touch("mine"))
    assert not heard.is_set()


async def test_a_listener_that_fails_silences_no_other(writer):
    heard, failures = asyncio.Event(), []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: failures.append(context["exception"]))

    def fail():
        raise KeyError("x")

    writer.listen("mine", fail)
    writer.listen("mine", heard.set)
    await writer.run(touch("mine"))
    assert heard.is_set()
    assert [type(error) for error in failures] == [KeyError]


# Parts of a job


def fail_inside(tx):
    with tx.part():
        note("inside")(tx)
        raise KeyError("x")


async def test_a_part_that_fails_leaves_the_rest(writer):
    def job(tx):
        note("before")(tx)
        with pytest.raises(KeyError):
            fail_inside(tx)
        note("after")(tx)

    await writer.run(job)
    assert await writer.run(notes) == ["before", "after"]


async def test_nothing_is_written_outside_the_transaction_once_sqlite_undid_it(writer):
    """On some errors SQLite undoes everything by itself; what follows would be committed alone."""

    def job(tx):
        note("before")(tx)
        tx._connection.rollback()
        note("after")(tx)

    with pytest.raises(LedgerError):
        await writer.run(job)
    assert await writer.run(notes) == []
