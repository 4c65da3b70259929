"""A damaged ledger is made a sound one of what can still be read of it."""

import os
import shutil
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.cli.main import main
from bridge.ledger import Ledger, LedgerError, disk, renewal
from bridge.ledger import salvage as module
from bridge.ledger.ledger import FILE_NAME
from bridge.ledger.salvage import salvage
from tests.engine import Clock, Engine, an_order, placed
from tests.wires import put_event

ORDERS = 60
PAGE = 4096


@pytest.fixture
async def path(ledger, tmp_path):
    """Many orders; nobody has the file open."""
    engine = Engine(ledger, Clock())
    for number in range(ORDERS):
        order = an_order(order_id=f"o{number}", checkout=f"c{number}")
        await put_event(ledger, order)
        await engine.take(placed(order))
    ledger.close()
    return tmp_path / "ledger" / FILE_NAME


def ask(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def damage(path, table):
    """One page in the middle of a table, or of an index."""
    pages = ask(path, f"SELECT pageno FROM dbstat WHERE name = '{table}' AND pagetype = 'leaf'")  # noqa: S608
    (number,) = pages[len(pages) // 2]
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(b"\xff" * 64)


async def open_again(path):
    ledger = await Ledger.open(path.parent)
    identity = ledger.identity
    ledger.close()
    return identity


@pytest.mark.parametrize("index", ["request_order", "delivery_checkout", "orders_checkout"])
async def test_of_a_damaged_index_nothing_is_lost(path, index):
    before = ask(path, "SELECT * FROM request ORDER BY seq")
    damage(path, index)
    with pytest.raises(LedgerError, match=r"damaged|malformed"):
        await open_again(path)
    saved = salvage(path, 5.0)

    assert [one.lost for one in saved if one.lost] == []
    assert ask(path, "SELECT * FROM request ORDER BY seq") == before
    assert await open_again(path)


async def test_of_a_damaged_table_the_other_rows_are_there_and_the_lost_are_named(path):
    damage(path, "request")
    saved = {one.table: one for one in salvage(path, 5.0)}

    found, lost = saved["request"], saved["request"].lost
    assert found.rows + len(lost) == ORDERS
    assert 0 < len(lost) < 10
    seq, words = lost[0].split(" ", 1)
    assert words == f"(restaurant lopez, order o{int(seq) - 1})"
    assert ask(path, "SELECT count(*) FROM request") == [(found.rows,)]


async def test_a_delivery_whose_order_is_lost_waits_for_a_person(path):
    damage(path, "orders")
    saved = {one.table: one for one in salvage(path, 5.0)}

    held = ask(path, "SELECT order_id FROM delivery WHERE state = 'held' AND reason = 'damaged'")
    assert {f"lopez {name}" for (name,) in held} == set(saved["orders"].lost) != set()


async def test_the_damaged_file_is_kept_and_a_second_try_does_not_touch_it(path):
    damage(path, "request")
    before = path.read_bytes()
    salvage(path, 5.0)
    kept = path.with_name(f"{FILE_NAME}.damaged")

    assert kept.read_bytes() == before
    with pytest.raises(LedgerError, match="move it elsewhere first"):
        salvage(path, 5.0)
    assert kept.read_bytes() == before


async def test_a_copy_that_is_ready_is_the_ledger_and_is_left_alone(path):
    damage(path, "request")
    before = path.read_bytes()
    renewed = path.with_name(f"{FILE_NAME}.renewed")
    renewed.write_bytes(b"what the process that died had copied")
    with pytest.raises(LedgerError, match="start the bridge instead"):
        salvage(path, 5.0)

    assert renewed.read_bytes() == b"what the process that died had copied"
    assert path.read_bytes() == before
    assert not path.with_name(f"{FILE_NAME}.damaged").exists()


async def test_a_log_that_was_kept_at_an_earlier_time_is_not_touched(path):
    kept = path.with_name(f"{FILE_NAME}.damaged-wal")
    kept.write_bytes(b"of another file")
    with pytest.raises(LedgerError, match="move it elsewhere first"):
        salvage(path, 5.0)

    assert kept.read_bytes() == b"of another file"
    assert not path.with_name(f"{FILE_NAME}.renewed").exists()


class Died(BaseException):
    """The process, at that moment."""


# As many files are made, kept, synced and moved.
LEAST_STEPS = 10


def salvage_and_die(path, monkeypatch, at):
    """The process ends before that step; False if there are not so many."""
    steps = []

    def counted(step):
        def take(*arguments, **options):
            steps.append(step)
            if len(steps) >= at:
                raise Died
            return step(*arguments, **options)

        return take

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", counted(os.link))
        for place in (renewal, module):
            patched.setattr(place, "sync", counted(disk.sync))
        for name in ("unlink", "rename"):
            patched.setattr(Path, name, counted(getattr(Path, name)))
        try:
            salvage(path, 5.0)
        except Died:
            return True
    return False


async def test_a_death_in_the_middle_loses_neither_what_is_damaged_nor_what_was_saved(
    path, tmp_path, monkeypatch
):
    damage(path, "request")
    before = path.read_bytes()
    for at in count(1):
        there = shutil.copytree(path.parent, tmp_path / f"death-{at}") / FILE_NAME
        has_died = salvage_and_die(there, monkeypatch, at)
        if there.read_bytes() == before and not renewal.is_ready(there):
            salvage(there, 5.0)
        assert await open_again(there)
        assert there.with_name(f"{FILE_NAME}.damaged").read_bytes() == before
        if not has_died:
            break
    assert at > LEAST_STEPS


async def test_what_stands_only_in_the_log_is_saved_too(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("INSERT INTO meta VALUES ('new', '')")
    files = {name: path.with_name(name).read_bytes() for name in (FILE_NAME, f"{FILE_NAME}-wal")}
    connection.close()
    for name, data in files.items():
        path.with_name(name).write_bytes(data)
    salvage(path, 5.0)

    assert ("new",) in ask(path, "SELECT name FROM meta")


async def test_no_number_is_given_a_second_time(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 70000 WHERE name = 'request'")
    salvage(path, 5.0)

    numbers = dict(ask(path, "SELECT name, seq FROM sqlite_sequence"))
    assert numbers["request"] > 70000
    assert numbers["delivery"] > ORDERS


async def test_it_is_still_the_same_ledger_of_the_same_user(path):
    before = ask(path, "SELECT value FROM meta WHERE name = 'identity'")
    mode, owner = path.stat().st_mode, path.stat().st_uid
    salvage(path, 5.0)

    assert ask(path, "SELECT value FROM meta WHERE name = 'identity'") == before
    assert (path.stat().st_mode, path.stat().st_uid) == (mode, owner)
    assert ask(path, "PRAGMA user_version") != [(0,)]


async def test_of_what_is_no_ledger_nothing_is_made(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(LedgerError, match="not a database"):
        salvage(path, 5.0)

    assert list(tmp_path.iterdir()) == [path]


# The command


async def test_the_command_names_what_is_lost(path):
    damage(path, "request")
    result = CliRunner().invoke(main, ["salvage", str(path.parent)])

    assert result.exit_code == 1
    assert f"inbox: {ORDERS} rows saved, 0 lost" in result.output
    assert "lost: request" in result.output


async def test_the_command_says_when_nothing_is_lost(path):
    result = CliRunner().invoke(main, ["salvage", str(path.parent)])

    assert result.exit_code == 0


async def test_the_command_leaves_a_ledger_in_use_alone(tmp_path):
    ledger = await Ledger.open(tmp_path / "ledger")
    result = CliRunner().invoke(main, ["salvage", str(tmp_path / "ledger")])
    ledger.close()

    assert result.exit_code == 1
    assert "nothing was changed" in result.output
    assert "in use by another process" in result.output
