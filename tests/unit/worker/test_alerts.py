"""What waits for a person is told, once, with the reason, whose side it is on, and what to do."""

import pytest
from structlog.testing import capture_logs

from bridge.adapter import Blind, OutcomeUnknown, TicketRejected
from bridge.ledger import LedgerError
from bridge.model.question import QUESTIONS, Reason, Side, question_of, reason_of
from bridge.telemetry import Metrics
from bridge.worker.alerts import Alerts
from tests.engine import Engine, MemoryPos, a_spec, an_order, changed, later, placed
from tests.unit.worker.desks import ask, put_desk

ORDER = an_order()


@pytest.fixture
def blind(ledger, clock):
    return Engine(ledger, clock, MemoryPos(a_spec(repeat=Blind())))


@pytest.fixture
def alerts(ledger):
    return Alerts(ledger, Metrics())


async def look(alerts):
    """The alerts that it makes."""
    with capture_logs() as logs:
        assert await alerts.look()
    return [line for line in logs if line["event"] == "delivery_held"]


async def be_lost(engine, order=ORDER):
    engine.pos_system.script = [OutcomeUnknown("no answer")]
    await engine.take(placed(order))
    await engine.drain()


async def test_what_is_held_is_told_once(blind, alerts):
    await be_lost(blind)
    (told,) = await look(alerts)

    assert (told["order_id"], told["reason"], told["side"]) == ("o1", "may_be_there", "pos")
    assert told["log_level"] == "error"
    assert told["hint"].startswith("look into the POS")
    assert await look(alerts) == []


async def test_each_is_told_by_itself(blind, alerts):
    await be_lost(blind)
    await look(alerts)
    await be_lost(blind, an_order(order_id="o2", checkout="c2"))

    assert [told["order_id"] for told in await look(alerts)] == ["o2"]


async def test_news_of_what_is_held_are_no_new_question(blind, alerts):
    blind.pos.pause("for a test")
    await blind.take(placed(ORDER))
    blind.clock.pass_time(3600)
    await blind.turn()
    await look(alerts)
    await blind.take(changed(later(ORDER, "Soup")))

    assert await look(alerts) == []


async def test_what_was_decided_and_is_held_again_is_a_new_question(ledger, clock, alerts):
    engine = put_desk(ledger, clock, repeat=Blind())
    engine.pos.pause("for a test")
    await engine.take(placed(ORDER))
    for _ in range(2):
        engine.clock.pass_time(3600)
        await engine.turn()
        assert [told["reason"] for told in await look(alerts)] == ["late"]
        await ask(engine, "replay")


async def test_after_a_restart_what_still_waits_is_told_again(blind, alerts, ledger):
    await be_lost(blind)
    await look(alerts)

    assert len(await look(Alerts(ledger, Metrics()))) == 1


async def test_what_the_clock_holds_is_told_too(blind, alerts):
    blind.pos.pause("for a test")
    await blind.take(placed(ORDER))
    blind.clock.pass_time(3600)
    await blind.turn()
    (told,) = await look(alerts)

    assert (told["reason"], told["side"]) == ("late", "staff")


async def test_a_ledger_that_cannot_be_read_is_asked_again(alerts, monkeypatch):
    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(alerts._ledger, "read", fail)

    assert not await alerts.look()


# Reasons


def test_every_reason_says_whose_side_it_is_on_and_what_to_do():
    assert set(QUESTIONS) == set(Reason)
    assert {question.side for question in QUESTIONS.values()} <= set(Side)
    assert all(question.next_step for question in QUESTIONS.values())


def test_a_delivery_may_name_another_side():
    assert question_of("rejected", "mapping")[0] == "mapping"
    assert question_of("rejected")[0] == "pos"
    assert question_of("") == ("", "")


@pytest.mark.parametrize(
    ("state", "outcome", "reason"),
    [
        ("held", "unreachable", "unreachable"),
        ("held", "operator_task", "task"),
        ("held", "a word of a later version", "may_be_there"),
        ("refused", "rejected", "rejected"),
        ("ready", "unreachable", ""),
        ("done", "accepted", ""),
    ],
)
def test_the_last_outcome_says_why(state, outcome, reason):
    assert reason_of(state, outcome) == reason


async def test_what_the_pos_names_on_the_order_is_a_matter_of_mapping(engine):
    engine.pos_system.script = [TicketRejected("unknown", field="lines[0]")]
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()

    assert (row.state, row.reason, row.side) == ("refused", "rejected", "mapping")
