from dataclasses import replace

import pytest

from bridge.ledger import reports
from bridge.model import Confirmed, Outcome
from tests.engine import RESTAURANT, START, an_order, changed, later, placed

ORDER = an_order()


@pytest.fixture
def write(ledger):
    async def run(function, *args, **kwargs):
        return await ledger.write(lambda tx: function(tx, *args, **kwargs))

    return run


@pytest.fixture
def due(write, clock):
    async def run():
        found = await write(reports.list_due, "w", clock(), repeat_after=60.0)
        return [outcome for _ingress, outcome in found]

    return run


@pytest.fixture
def send(write, clock):
    async def run(outcome):
        await write(reports.sent, "i", outcome, clock())

    return run


@pytest.fixture
def confirm(write):
    async def run(outcome):
        message = Confirmed(
            ingress="i",
            worker="w",
            restaurant=RESTAURANT,
            revisions=((outcome.order_id, outcome.revision),),
        )
        await write(reports.confirmed, message)

    return run


@pytest.fixture
async def outcome(engine, due):
    await engine.take(placed(ORDER))
    (outcome,) = await due()
    return outcome


async def test_an_outcome_tells_the_whole_state(outcome):
    assert (outcome.order_id, outcome.document["state"]) == ("o1", "ready")


async def test_an_outcome_is_repeated_until_it_is_confirmed(outcome, due, send, confirm, clock):
    await send(outcome)
    assert await due() == []
    clock.pass_time(61)
    assert await due() == [outcome]
    await confirm(outcome)
    assert await due() == []


async def test_a_new_revision_is_told_at_once(outcome, due, send, confirm, engine):
    await send(outcome)
    await confirm(outcome)
    await engine.drain()
    (newer,) = await due()
    assert newer.revision > outcome.revision
    assert newer.document["state"] == "done"


async def test_confirming_an_old_revision_settles_nothing(outcome, due, confirm, engine):
    await engine.take(changed(later(ORDER, "Salad")))
    await confirm(outcome)
    assert len(await due()) == 1


async def test_what_was_confirmed_is_told_again_when_it_is_asked_for(outcome, due, confirm, write):
    await confirm(outcome)
    await write(reports.ask_again, "i", RESTAURANT, "o1")
    assert await due() == [outcome]


async def test_what_is_new_goes_before_what_is_repeated(engine, due, send, clock):
    await engine.take(placed(ORDER))
    for sent in await due():
        await send(sent)
    clock.pass_time(61)
    await engine.take(placed(an_order(order_id="o2", checkout="c2")))
    assert [outcome.order_id for outcome in await due()] == ["o2", "o1"]


async def test_the_ingress_keeps_the_newest_revision(outcome, write, ledger):
    newer = replace(outcome, revision=outcome.revision + 5, document={"state": "done"})
    for message in (newer, outcome):
        await write(reports.keep, message, START)
    row = await ledger.read(lambda tx: tx.execute("SELECT * FROM standing").fetchone())
    assert (row["state"], row["revision"]) == ("done", newer.revision)


async def test_a_worker_with_a_new_ledger_counts_from_the_beginning(write, ledger):
    for worker, revision in (("old", 9), ("new", 1)):
        message = Outcome(
            worker=worker, restaurant=RESTAURANT, order_id="o1", revision=revision, document={}
        )
        await write(reports.keep, message, START)
    row = await ledger.read(lambda tx: tx.execute("SELECT * FROM standing").fetchone())
    assert row["worker"] == "new"


async def test_an_unknown_order_has_no_outcome(write):
    assert await write(reports.find_outcome, "w", RESTAURANT, "o9") is None
