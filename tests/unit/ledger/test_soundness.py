"""Rows that the disk has changed: to the side file, out of the way, and told loudly."""

import json
import sqlite3
import stat
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from bridge.ledger import Ledger, LedgerError, bounces, digest, requests, side_file
from bridge.ledger.history import Page, list_orders
from bridge.ledger.ledger import FILE_NAME
from bridge.ledger.side_file import SIDE_FILE
from tests.engine import RESTAURANT, Clock, Engine, an_order, placed
from tests.wires import put_event

HANDED_OVER = "SELECT * FROM request"


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "ledger"


@pytest.fixture
def side(directory):
    """What stands in the side file."""

    def read():
        file = directory / SIDE_FILE
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return read


def damage(directory, sql, *parameters):
    """As the disk would do it: behind the ledger's back."""
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as connection:
        assert connection.execute(sql, parameters).rowcount == 1


async def rows(directory, table):
    """After a start."""
    ledger = await Ledger.open(directory)
    try:
        return await ledger.read(
            lambda tx: [dict(row) for row in tx.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608
        )
    finally:
        ledger.close()


@pytest.fixture
async def two_calls(ledger):
    """Two orders that no worker has yet; the process has ended."""
    for name in ("o1", "o2"):
        await put_event(ledger, an_order(order_id=name, checkout=f"checkout-of-{name}"))
    ledger.close()


@pytest.fixture
async def two_deliveries(ledger):
    """The same, in a worker's hands."""
    engine = Engine(ledger, Clock())
    for name in ("o1", "o2"):
        await engine.take(placed(an_order(order_id=name, checkout=f"checkout-of-{name}")))
    ledger.close()


@pytest.mark.parametrize(
    "change",
    [
        "body = CAST('other' AS BLOB)",
        "event = replace(event, 'order', 'odder')",
        "event = CAST(x'ff00ff' AS TEXT)",
        "order_id = 'another'",
        "received_at = received_at + 1",
        "status = 201",
        "digest = digest + 1",
    ],
)
async def test_a_call_that_was_changed_is_set_aside_at_the_start(
    two_calls, directory, side, change
):
    damage(directory, f"UPDATE request SET {change} WHERE seq = 1")  # noqa: S608
    with capture_logs() as logs:
        found = await rows(directory, "(SELECT seq, stage, error FROM request)")

    assert [(row["stage"], row["error"]) for row in found] == [
        ("damaged", "cannot be handed over: the disk has changed what was stored"),
        ("open", None),
    ]
    ((kept,), (line,)) = side(), [line for line in logs if line["event"] == "row_damaged"]
    assert (kept["table"], kept["row"]["seq"]) == ("request", 1)
    assert (line["log_level"], line["row"]) == ("error", 1)


async def test_what_was_set_aside_is_told_once(two_calls, directory, side):
    damage(directory, "UPDATE request SET status = 201 WHERE seq = 1")
    for _ in range(3):
        await rows(directory, "request")

    assert len(side()) == 1


async def test_a_sound_ledger_has_no_side_file(two_calls, directory, side):
    await rows(directory, "request")

    assert side() == []


async def test_a_row_of_a_version_without_checksums_is_believed(two_calls, directory):
    damage(directory, "UPDATE request SET digest = NULL, code = 'x' WHERE seq = 1")

    assert [row["stage"] for row in await rows(directory, "request")] == ["open", "open"]


async def test_what_a_worker_has_already_is_not_looked_at(two_calls, directory, side):
    damage(directory, "UPDATE request SET stage = 'recorded', code = 'x' WHERE seq = 1")
    await rows(directory, "request")

    assert side() == []


async def test_what_the_bridge_itself_changes_in_a_row_is_no_damage(ledger, directory, side):
    await put_event(ledger, an_order())
    await ledger.write(lambda tx: requests.published(tx, 1, 5.0))
    await ledger.write(lambda tx: bounces.note_dead(tx, RESTAURANT, 1, "", 6.0))
    ledger.close()
    await rows(directory, "request")

    assert side() == []


@pytest.mark.parametrize(
    "change", ["content = replace(content, ':', ';')", "slip = '{}'", "content = x'ff00'"]
)
async def test_a_delivery_that_was_changed_is_held(two_deliveries, directory, side, change):
    damage(directory, f"UPDATE delivery SET {change} WHERE id = 1")  # noqa: S608
    found = await rows(directory, "(SELECT id, state, reason, cause, timer, next_at FROM delivery)")

    assert found[0] == {
        "id": 1,
        "state": "held",
        "reason": "damaged",
        "cause": "the disk has changed what was stored",
        "timer": None,
        "next_at": None,
    }
    assert found[1]["state"] != "held"
    assert [(line["table"], line["row"]["id"]) for line in side()] == [("delivery", 1)]


async def test_one_that_was_being_sent_says_that_it_may_be_there(two_deliveries, directory):
    damage(directory, "UPDATE delivery SET state = 'sending', slip = '{}' WHERE id = 1")
    damage(directory, "INSERT INTO attempt (delivery_id, started_at) VALUES (1, 5.0)")
    (row, _other) = await rows(directory, "delivery")
    (attempt,) = await rows(directory, "attempt")

    assert "look into the POS first" in row["cause"]
    assert attempt["outcome"] == "interrupted"


async def test_one_that_is_held_already_is_told_once(two_deliveries, directory, side):
    damage(directory, "UPDATE delivery SET state = 'held', slip = '{}' WHERE id = 1")
    for _ in range(3):
        await rows(directory, "delivery")

    assert len(side()) == 1


async def test_one_that_is_over_is_not_looked_at(two_deliveries, directory, side):
    damage(directory, "UPDATE delivery SET state = 'done', slip = '{}' WHERE id = 1")
    await rows(directory, "delivery")

    assert side() == []


NO_TEXT = "CAST(x'ff00ff' AS TEXT)"


@pytest.mark.parametrize(
    "change",
    [
        "code = 'x'",
        f"event = {NO_TEXT}",
        f"correlation_id = {NO_TEXT}",
        f"event = {NO_TEXT}, digest = NULL",
        f"correlation_id = {NO_TEXT}, digest = NULL",
        "event = NULL, digest = NULL",
        "fate = 'x'",
        f"fate = {NO_TEXT}",
        "received_at = 'x', digest = NULL",
    ],
)
@pytest.mark.parametrize("stage", ["open", "published"])
async def test_what_is_damaged_while_it_runs_is_not_handed_over(
    ledger, directory, side, change, stage
):
    for name in ("o1", "o2"):
        await put_event(ledger, an_order(order_id=name, checkout=f"checkout-of-{name}"))
    moved = "UPDATE request SET stage = ?, sent_at = 1.0"
    await ledger.write(lambda tx: tx.execute(moved, (stage,)))
    await ledger.write(lambda tx: tx.execute(f"UPDATE request SET {change} WHERE seq = 1"))  # noqa: S608
    with capture_logs() as logs:
        found = [
            *await ledger.write(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9)),
            *await ledger.write(lambda tx: requests.late(tx, 5.0, [RESTAURANT], "i")),
        ]

    assert [event.seq for event in found] == [2]
    assert [line["row"]["seq"] for line in side()] == [1]
    assert [line["event"] for line in logs] == ["row_damaged"]


async def test_text_that_nobody_hands_over_stops_nothing(ledger, directory, side):
    await put_event(ledger, an_order())
    await ledger.write(lambda tx: tx.execute(f"UPDATE request SET error = {NO_TEXT}"))  # noqa: S608
    found = await ledger.write(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9))

    assert ([event.seq for event in found], side()) == ([1], [])


async def test_a_side_file_that_cannot_be_written_leaves_the_row_where_it_is(
    ledger, directory, monkeypatch
):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    await put_event(ledger, an_order())
    await ledger.write(lambda tx: tx.execute("UPDATE request SET code = 'x'"))
    monkeypatch.setattr(side_file, "append", fail)
    with pytest.raises(LedgerError, match=r"damaged\.jsonl cannot be written"):
        await ledger.write(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9))

    stages = await ledger.read(lambda tx: [row["stage"] for row in tx.execute(HANDED_OVER)])
    assert stages == ["open"]


async def test_the_side_file_is_counted_until_it_is_moved_away(two_calls, directory):
    damage(directory, "UPDATE request SET status = 201 WHERE seq = 1")
    ledger = await Ledger.open(directory)
    counted = await ledger.count_damaged()
    (directory / SIDE_FILE).rename(directory / "settled.jsonl")
    afterwards = await ledger.count_damaged()
    ledger.close()

    assert (counted, afterwards) == (1, 0)


async def test_an_order_of_which_only_a_damaged_call_is_left_is_held(two_calls, directory):
    damage(directory, "UPDATE request SET code = 'x' WHERE seq = 1")
    ledger = await Ledger.open(directory)
    pages = [
        await ledger.read(lambda tx, state=state: list_orders(tx, Page(state=state)))
        for state in ("held", "waiting")
    ]
    ledger.close()

    assert [[one["order_id"] for one in page["orders"]] for page in pages] == [["o1"], ["o2"]]


# The file and the checksum


def test_nobody_else_may_read_the_side_file(tmp_path):
    side_file.keep(tmp_path, {"row": {}})

    assert stat.S_IMODE((tmp_path / SIDE_FILE).stat().st_mode) == 0o600


def test_text_is_kept_as_text_and_the_rest_in_base64(tmp_path):
    side_file.keep(tmp_path, {"row": {"a": "é".encode(), "b": b"\xff", "c": None, "d": 1.5}})

    assert json.loads((tmp_path / SIDE_FILE).read_text()) == {
        "row": {"a": "é", "b": {"base64": "/w=="}, "c": None, "d": 1.5}
    }


def test_what_moves_from_one_column_to_the_next_is_noticed():
    names = ("content", "slip")

    assert digest.digest({"content": "ab", "slip": "c"}, names) != digest.digest(
        {"content": "a", "slip": "bc"}, names
    )


def test_text_counts_the_same_as_its_bytes():
    assert digest.digest({"a": "é"}, ("a",)) == digest.digest({"a": "é".encode()}, ("a",))
