"""A restaurant that is taken over by hand: what may come out twice is marked, money waits."""

from dataclasses import replace

import pytest

from bridge.adapter import Blind, Capability, OutcomeUnknown
from bridge.ledger import decisions, tenure
from bridge.model import Slip, SlipKind
from bridge.worker import succession
from bridge.worker.succession import DUPLICATE, Holding, Succession, mark
from tests.engine import RESTAURANT, START, a_spec, an_order, dish, placed, refunded

ORDER = an_order()


@pytest.fixture
def take_over(engine):
    async def take_over(holding=None, *, dry_run=False):
        held = holding or Holding(won_at=engine.clock())
        await engine.ledger.write(lambda tx: tenure.take(tx, RESTAURANT, START))
        return await Succession(engine.ledger, lambda _restaurant: held).take_over(
            RESTAURANT, who="ana", dry_run=dry_run
        )

    return take_over


@pytest.fixture
async def waiting(engine):
    """An order that is not sent yet, an hour later."""
    engine.pos.pause("for a test")
    await engine.take(placed(ORDER))
    engine.clock.pass_time(600)


async def go_on(engine):
    engine.pos.resume()
    await engine.drain()


def names(answer):
    return [(one["operation"], one["before"], one["state"]) for one in answer.moved]


def test_a_mark_keeps_what_was_said_and_is_said_once():
    slip = Slip(kind=SlipKind.PLACE, reason="REFIRED")

    assert mark(slip).reason == f"REFIRED; {DUPLICATE}"
    assert mark(mark(slip)) == mark(slip)
    assert mark(Slip(kind=SlipKind.PLACE)).reason == DUPLICATE


async def test_what_waits_is_named_and_comes_out_marked(engine, waiting, take_over):
    assert names(await take_over()) == [("place", "ready", "ready")]
    await go_on(engine)

    assert engine.pos_system.printed == [f"place o1 v1: Ceviche {DUPLICATE}"]


async def test_who_took_it_over_is_kept(engine, waiting, take_over):
    await take_over()
    found = await engine.ledger.read(lambda tx: decisions.list_decisions(tx, RESTAURANT, "o1"))

    assert [(one["action"], one["who"]) for one in found] == [("take-over", "ana")]


async def test_a_dry_run_names_it_and_does_nothing(engine, waiting, take_over):
    assert names(await take_over(dry_run=True)) == [("place", "ready", "ready")]
    await go_on(engine)

    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    assert await engine.ledger.read(tenure.list_taken_over) == {}


async def test_what_came_after_the_lock_was_won_nobody_else_had(engine, waiting, take_over):
    answer = await take_over(Holding(won_at=START))
    await go_on(engine)

    assert answer.moved == []
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_what_is_done_and_what_a_person_looks_into_stay_as_they_are(engine, take_over):
    engine.pos_system.spec = a_spec(repeat=Blind())
    engine.pos_system.script = [OutcomeUnknown("no answer")]
    await engine.take(placed(ORDER), placed(an_order(order_id="o2", checkout="c2")))
    await engine.drain()
    assert sorted(await engine.states()) == ["place 1 done", "place 1 held"]
    engine.clock.pass_time(60)

    assert (await take_over()).moved == []


async def test_what_was_held_unsent_is_marked_for_its_replay(engine, waiting, take_over):
    engine.clock.pass_time(3600)
    await engine.turn()
    assert names(await take_over()) == [("place", "held", "held")]

    (row,) = await engine.rows()
    assert DUPLICATE in row.slip


async def test_a_refund_that_may_be_booked_is_left_to_a_person(engine, take_over):
    engine.pos_system.spec = a_spec(capabilities=frozenset({Capability.REFUND}))
    order = replace(ORDER, lines=(dish("Ceviche", price=1000),))
    await engine.take(placed(order))
    await engine.drain()
    engine.pos.pause("for a test")
    await engine.take(refunded({"Ceviche-0": (0, 0)}, received=START + 70))
    assert await engine.states() == ["place 1 done", "refund 2 ready"]
    engine.clock.pass_time(600)
    answer = await take_over()

    assert names(answer) == [("refund", "ready", "held")]
    assert (await engine.rows())[-1].timer == "task"
    await go_on(engine)
    assert len(engine.pos_system.calls) == 1


async def test_more_than_one_step_is_taken(engine, take_over, monkeypatch):
    monkeypatch.setattr(succession, "STEP", 2)
    engine.pos.pause("for a test")
    for number in range(5):
        await engine.take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    engine.clock.pass_time(600)
    answer = await take_over()

    assert [one["order_id"] for one in answer.moved] == [f"o{number}" for number in range(5)]
    assert all(DUPLICATE in row.slip for row in await engine.rows())


async def test_it_is_refused_while_another_worker_serves_and_says_which(engine, waiting, take_over):
    answer = await take_over(Holding(why="worker b (http://two) serves it: RESOURCE_LOCKED"))

    (refused,) = answer.refused
    assert refused["code"] == "served_elsewhere"
    assert "worker b (http://two)" in refused["reason"]
    assert await engine.ledger.read(tenure.list_taken_over) == {}


async def test_without_a_broker_there_is_nobody_to_replace(engine):
    alone = Succession(engine.ledger, lambda _restaurant: None)
    answer = await alone.take_over(RESTAURANT, who="ana", dry_run=False)

    assert [one["code"] for one in answer.refused] == ["only_worker"]
