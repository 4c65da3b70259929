"""An order that kills the process whenever it is handled must not do so for ever."""

import asyncio
import sqlite3

import pytest

from bridge.ledger import deliveries, handling
from bridge.model import DeliveryState, Ticket
from bridge.model.question import question_of
from bridge.worker import policy
from bridge.worker.worker import recover
from tests.engine import RESTAURANT, an_order, placed

TICKET = Ticket(body=b"x", content_type="text/plain", preview="x")
POISON, OTHER = an_order(order_id="poison", checkout="p"), an_order(order_id="other", checkout="o")


@pytest.fixture
def die(engine):
    """The process ends while these orders are handled, and starts again."""

    async def die(*order_ids, sending=False):
        def job(tx):
            for work in deliveries.list_work(tx, RESTAURANT, engine.clock(), 9):
                if work.order_id in order_ids:
                    assert handling.begin(tx, work.id, work.revision)
                    if sending:
                        deliveries.begin(tx, work, TICKET, "memory", engine.clock())

        await engine.ledger.write(job)
        await engine.ledger.write(lambda tx: recover(tx, [RESTAURANT], engine.clock()))
        engine.renew()

    return die


@pytest.fixture
def state(engine):
    async def state(order_id):
        (row,) = await engine.rows(order_id)
        return row.state

    return state


def under_way(engine):
    return engine.ledger.read(
        lambda tx: [
            (row["is_under_way"], row["unclean_ends"])
            for row in tx.execute("SELECT * FROM handling")
        ]
    )


@pytest.mark.parametrize(("ends", "is_held"), [(0, False), (1, False), (2, False), (3, True)])
def test_three_unclean_ends_in_a_row_are_too_many(ends, is_held):
    assert (policy.quarantine(ends, may_be_there=False) is not None) is is_held


def test_what_may_be_in_the_pos_says_so():
    assert "look there" in policy.quarantine(3, may_be_there=True)
    assert "look there" not in policy.quarantine(3, may_be_there=False)


async def test_what_was_handled_at_three_unclean_ends_is_held_and_others_go_on(engine, die, state):
    await engine.take(placed(POISON), placed(OTHER))
    for _ in range(3):
        await die("poison")
    await engine.drain()

    row, _ = await engine.rows()
    assert (row.state, row.reason) == ("held", "quarantined")
    assert "look there" not in row.cause
    assert question_of(row.reason)[0] == "bridge"
    assert await state("other") == "done"


async def test_what_was_being_sent_each_time_is_held_as_perhaps_in_the_pos(engine, die):
    await engine.take(placed(POISON))
    for _ in range(3):
        await die("poison", sending=True)

    row = await engine.only()
    assert (row.state, row.reason) == ("held", "quarantined")
    assert "look there" in row.cause


async def test_two_unclean_ends_are_forgiven(engine, die, state):
    await engine.take(placed(POISON))
    for _ in range(2):
        await die("poison")
    await engine.drain()

    assert await state("poison") == "done"
    assert await under_way(engine) == []


async def test_an_outcome_between_begins_the_count_anew(engine, die, state):
    await engine.take(placed(POISON))
    for _ in range(2):
        await die("poison")
    engine.pos_system.script = [policy.PosBusy(retry_after=1.0)]
    await engine.turn()
    engine.clock.pass_time(5)
    await die("poison")
    await engine.drain()

    assert await state("poison") == "done"


async def test_who_was_only_beside_it_is_not_blamed(engine, die, state):
    """At the first end both were under way; from then on each is tried alone."""
    await engine.take(placed(POISON), placed(OTHER))
    await die("poison", "other")
    await die("poison")
    await die("poison")

    assert (await state("poison"), await state("other")) == ("held", "ready")


async def test_what_saw_an_unclean_end_is_handled_alone(engine, die):
    together, most = [], []

    async def watch(ticket, key):
        together.append(key)
        most.append(len(together))
        await asyncio.sleep(0)
        together.remove(key)
        return engine.pos_system.take(ticket, key)

    await engine.take(placed(POISON), placed(OTHER))
    await die("poison", "other")
    engine.pos_system.script = [watch, watch]
    await engine.drain()

    assert most == [1, 1]
    assert len(engine.pos_system.printed) == 2


async def test_it_is_on_record_before_the_adapter_sees_it(engine, tmp_path, monkeypatch):
    seen = []
    translate = engine.pos_system.translate

    def look(order, slip):
        connection = sqlite3.connect(next(tmp_path.rglob("*.sqlite3")))
        seen.extend(connection.execute("SELECT is_under_way, unclean_ends FROM handling"))
        connection.close()
        return translate(order, slip)

    monkeypatch.setattr(engine.pos_system, "translate", look)
    await engine.take(placed(POISON))
    await engine.drain()

    assert seen == [(1, 0)]
    assert await under_way(engine) == []


async def test_what_could_not_be_begun_is_not_under_way(engine):
    """The lock was lost meanwhile: nothing was sent, and nobody died."""
    await engine.take(placed(POISON))
    turn = asyncio.create_task(engine.turn())
    engine.attempts._may_start = lambda: False
    await turn

    assert await under_way(engine) == []
    assert (await engine.only()).state == DeliveryState.READY


async def test_an_attempt_that_is_left_at_an_orderly_end_is_no_unclean_one(engine, die, state):
    begun = asyncio.Event()

    async def hang(_ticket, _key):
        begun.set()
        await asyncio.Event().wait()

    await engine.take(placed(POISON))
    engine.pos_system.script = [hang]
    running = asyncio.create_task(engine.lane.run())
    await begun.wait()
    running.cancel()
    await asyncio.wait({running})
    await die()

    assert await under_way(engine) == []


async def test_replayed_by_a_person_it_has_one_more_try(engine, die, state):
    await engine.take(placed(POISON))
    for _ in range(3):
        await die("poison")

    def replay(tx):
        tx.execute("UPDATE delivery SET state = 'ready', next_at = ?", (engine.clock(),))

    await engine.ledger.write(replay)
    await die("poison")
    assert await state("poison") == "held"
    await engine.ledger.write(replay)
    await engine.drain()
    assert await state("poison") == "done"
    assert await under_way(engine) == []


async def test_of_what_people_settled_nothing_is_counted_any_more(engine, die):
    await engine.take(placed(POISON))
    await die("poison")
    await engine.ledger.write(lambda tx: tx.execute("UPDATE delivery SET state = 'voided'"))
    await die()

    assert await under_way(engine) == []
