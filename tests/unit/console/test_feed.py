import asyncio

import orjson

from bridge.console.feed import BUMPED, Feed, without_old_bumps
from bridge.ledger import LedgerError


class FakeLedger:
    """Answers reads with what it was given; `touch` is a commit."""

    def __init__(self):
        self.reads = 0
        self.callbacks = []
        self.error = None

    def listen(self, topic, callback):
        assert topic == "board:lopez"
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    async def read(self, job):
        self.reads += 1
        if self.error:
            raise self.error
        return [{"order_id": f"read {self.reads}", "state": "open"}]

    def touch(self):
        for callback in self.callbacks:
            callback()


def a_feed(ledger):
    return Feed(ledger, "lopez", now=lambda: 1_700_000_000.0, stamp="abc")


async def test_the_first_look_needs_no_change():
    message = orjson.loads((await a_feed(FakeLedger()).after(0)).message)
    assert message == {
        "now": "2023-11-14T22:13:20.000+00:00",
        "build": "abc",
        "tickets": [{"order_id": "read 1", "state": "open"}],
    }


async def test_many_screens_share_one_read():
    ledger = FakeLedger()
    feed = a_feed(ledger)
    await asyncio.gather(*(feed.after(0) for _screen in range(50)))
    assert ledger.reads == 1


async def test_a_hundred_changes_at_once_are_one_message():
    ledger = FakeLedger()
    feed = a_feed(ledger)
    first = await feed.after(0)
    for _ in range(100):
        ledger.touch()
    second = await feed.after(first.number)
    assert (ledger.reads, second.number) == (2, first.number + 100)


async def test_nothing_comes_while_nothing_changes():
    ledger = FakeLedger()
    feed = a_feed(ledger)
    first = await feed.after(0)
    waiting = asyncio.create_task(feed.after(first.number))
    await asyncio.sleep(0)
    assert not waiting.done()
    ledger.touch()
    assert (await waiting).number == first.number + 1


async def test_a_screen_that_goes_away_while_reading_takes_nothing_with_it():
    ledger = FakeLedger()
    feed = a_feed(ledger)
    leaver = asyncio.create_task(feed.after(0))
    await asyncio.sleep(0)
    leaver.cancel()
    assert (await feed.after(0)).number == 1


async def test_an_error_of_the_ledger_reaches_the_screen_and_the_next_try_is_good():
    ledger = FakeLedger()
    ledger.error = LedgerError("disk full")
    feed = a_feed(ledger)
    outcome = await asyncio.gather(feed.after(0), return_exceptions=True)
    ledger.error = None
    assert isinstance(outcome[0], LedgerError)
    assert (await feed.after(0)).number == 1


async def test_a_closed_feed_hears_nothing_more():
    ledger = FakeLedger()
    a_feed(ledger).close()
    assert ledger.callbacks == []


def test_all_open_tickets_and_the_last_bumped_ones_are_sent():
    bumped = [
        {"order_id": str(at), "state": "bumped", "bumped_at": f"2026-01-01T00:{at:02d}:00"}
        for at in range(BUMPED + 5)
    ]
    still_open = [{"order_id": "open", "state": "open"}, {"order_id": "void", "state": "void"}]
    kept = [ticket["order_id"] for ticket in without_old_bumps([*bumped, *still_open])]
    assert kept == [*(str(at) for at in range(5, BUMPED + 5)), "open", "void"]
