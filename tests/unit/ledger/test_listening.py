"""Who hears of a commit, and what a part of a job leaves behind."""

import asyncio

import pytest

from bridge.ledger.transaction import LedgerError
from tests.unit.ledger.disks import full, note, notes

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
