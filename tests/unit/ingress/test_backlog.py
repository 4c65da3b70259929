import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.ingress.backlog import Backlog
from bridge.ledger import LedgerError, bounces, outbox, requests
from bridge.model.bounce import MOST_BOUNCES
from tests.engine import RESTAURANT, START, an_order, moment
from tests.wires import put_event, settle


@pytest.fixture
async def backlog(ledger):
    return Backlog(ledger, (RESTAURANT, "bistro"))


@pytest.fixture
async def look(backlog):
    """What it finds."""

    async def look():
        await backlog.look()
        return backlog.waiting_since(RESTAURANT)

    return look


def order(number):
    return an_order(order_id=f"o{number}", checkout=f"c{number}")


async def test_with_nothing_to_hand_over_nothing_waits(look):
    assert await look() is None


async def test_the_oldest_event_that_no_worker_has_counts(ledger, look):
    published = await put_event(ledger, order(1), received=START + 1)
    await ledger.write(lambda tx: requests.published(tx, published, START + 1))
    open_one = await put_event(ledger, order(2), received=START + 2)
    assert await look() == moment(START + 1)

    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (published,), START + 3))
    assert await look() == moment(START + 2)

    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (open_one,), START + 3))
    assert await look() is None


async def test_restaurants_do_not_wait_for_each_other(ledger, backlog):
    await put_event(ledger, order(1))
    await backlog.look()

    assert backlog.waiting_since("bistro") is None


async def test_an_answer_whose_fate_is_not_known_yet_does_not_wait_for_a_worker(ledger, look):
    await put_event(ledger, order(1), fate=None)

    assert await look() is None


async def test_an_event_that_cannot_be_handed_over_keeps_nobody_elses_order(ledger, look):
    """Nor does what follows it in its checkout: the next guest's order would not wait with it."""
    bad = await put_event(ledger, an_order(), received=START)
    await put_event(ledger, an_order(), received=START + 1)
    await ledger.write(lambda tx: outbox.mark(tx, bad, outbox.SET_ASIDE))
    assert await look() is None

    await put_event(ledger, order(2), received=START + 2)
    assert await look() == moment(START + 2)


async def test_trouble_with_every_event_is_a_matter_of_the_way(ledger, look):
    for number in range(outbox.TOO_MANY):
        assert await look() is None
        seq = await put_event(ledger, order(number), received=START + number)
        await ledger.write(lambda tx, seq=seq: outbox.mark(tx, seq, outbox.SET_ASIDE))

    assert await look() == moment(START)


async def test_trouble_with_many_events_is_theirs_if_a_later_one_got_through(ledger, look):
    for number in range(outbox.TOO_MANY):
        seq = await put_event(ledger, order(number))
        await ledger.write(lambda tx, seq=seq: outbox.mark(tx, seq, outbox.SET_ASIDE))
    good = await put_event(ledger, order(99))
    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (good,), START))

    assert await look() is None


async def test_so_many_waiting_events_cost_no_more_than_a_few(ledger, look):
    for number in range(outbox.LOOKED_AT + 5):
        await put_event(ledger, order(number), received=START + number)

    assert await look() == moment(START)
    plan = await ledger.read(
        lambda tx: [
            row["detail"]
            for row in tx.execute(
                f"EXPLAIN QUERY PLAN {outbox._OLDEST}", {"restaurant": RESTAURANT, "limit": 32}
            )
        ]
    )
    found = {step for step in plan if "request_" in step}
    assert found == {
        "SEARCH request USING INDEX request_waiting (restaurant=?)",
        "SEARCH request USING INDEX request_published (restaurant=?)",
        "SEARCH request USING INDEX request_bounced (restaurant=?)",
        "SEARCH e USING INDEX request_open (restaurant=? AND checkout_id=? AND seq<?)",
    }, plan


async def test_a_dead_letter_keeps_nobody_elses_order(ledger, look):
    seq = await put_event(ledger, an_order())
    await ledger.write(lambda tx: requests.published(tx, seq, START))
    await ledger.write(lambda tx: bounces.note_dead(tx, RESTAURANT, seq, "", START))

    assert await look() is None


async def test_events_that_all_get_stuck_are_a_matter_of_the_way_to_the_worker(ledger, look):
    for number in range(outbox.TOO_MANY):
        seq = await put_event(ledger, order(number), received=START + number)
        for _ in range(MOST_BOUNCES):
            await ledger.write(
                lambda tx, seq=seq: bounces.note_dead(tx, RESTAURANT, seq, "", START)
            )

    assert await look() == moment(START)
    good = await put_event(ledger, order(99))
    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (good,), START))
    assert await look() is None


async def test_a_ledger_that_cannot_be_read_leaves_what_was_known_and_tells_once(
    ledger, backlog, look, monkeypatch
):
    await put_event(ledger, an_order())
    await look()

    def fail(_tx, _restaurants):
        raise LedgerError("the disk is gone")

    monkeypatch.setattr(outbox, "waiting_since", fail)
    with capture_logs() as logs:
        assert [await look(), await look()] == [moment(START)] * 2

    assert [line["event"] for line in logs] == ["backlog_not_known"]


async def test_it_looks_again_when_something_has_changed(ledger):
    rests = asyncio.Queue()

    async def sleep(seconds):
        rests.put_nowait(seconds)

    backlog = Backlog(ledger, (RESTAURANT,), sleep=sleep)
    running = asyncio.create_task(backlog.run())
    await rests.get()
    assert backlog.waiting_since(RESTAURANT) is None
    await settle()

    await put_event(ledger, an_order())
    await rests.get()
    assert backlog.waiting_since(RESTAURANT) == moment(START)
    running.cancel()
