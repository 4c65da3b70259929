"""The end of a ledger whose disk does not answer any more."""

import os
import threading
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from bridge.ledger import Ledger, LedgerError
from tests.unit.ledger.disks import note, notes, stop_the_thread


@pytest.fixture
async def stuck(tmp_path):
    """A ledger in the middle of a write that does not end before the test does."""
    ledger = await Ledger.open(tmp_path / "ledger")
    reached, go = threading.Event(), threading.Event()

    def hang(_tx):
        reached.set()
        go.wait()

    ledger.post(hang)
    reached.wait()
    yield ledger
    go.set()
    ledger.close()


async def test_a_thread_that_does_not_end_is_not_waited_for_for_ever(writer):
    go = stop_the_thread(writer)
    writer.post(note("a"))

    assert not writer.close(0.0)
    go()
    assert writer.close()


async def test_what_was_queued_is_written_if_the_disk_comes_back(writer, disk):
    go = stop_the_thread(writer)
    writer.post(note("a"))
    writer.close(0.0)
    go()
    writer.close()

    with closing(disk.connect()) as connection:
        assert notes(connection) == ["a"]


async def test_a_disk_that_does_not_answer_is_told_at_the_end(stuck):
    with capture_logs() as logs:
        stuck.close(0.0)

    ((event, level),) = [(line["event"], line["log_level"]) for line in logs]
    assert (event, level) == ("ledger_not_closed", "error")


async def test_a_good_end_says_nothing(tmp_path):
    ledger = await Ledger.open(tmp_path / "ledger")
    with capture_logs() as logs:
        ledger.close()

    assert logs == []


async def test_nobody_else_may_have_the_file_while_it_may_still_be_written(stuck, tmp_path):
    stuck.close(0.0)

    assert os.fstat(stuck._lock)
    with pytest.raises(LedgerError, match="in use"):
        await Ledger.open(tmp_path / "ledger")
