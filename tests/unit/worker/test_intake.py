import pytest

from bridge.ledger import LedgerError
from bridge.worker import intake
from tests.engine import an_order, changed, later, placed, refunded

ORDER = an_order()
OTHER = an_order("Soup", order_id="o2", checkout="c2")


@pytest.fixture
def broken(monkeypatch):
    """The booking of orders with a dish called Poison fails."""
    decide = intake.decide

    def poisoned(book, handover, *more):
        if any(line.name == "Poison" for line in handover.event.order.lines):
            raise ZeroDivisionError
        return decide(book, handover, *more)

    monkeypatch.setattr(intake, "decide", poisoned)


async def test_an_event_is_booked_once(engine):
    event = placed(ORDER)
    assert await engine.take(event) == []
    assert await engine.take(event) == [event]
    assert await engine.states() == ["place 1 ready"]


async def test_the_same_event_twice_in_one_write_is_booked_once(engine):
    event = placed(ORDER)
    assert await engine.take(event, event) == [event]
    assert await engine.states() == ["place 1 ready"]


async def test_the_same_order_in_two_events_is_one_ticket(engine):
    await engine.take(placed(ORDER), placed(ORDER), changed(ORDER))
    assert await engine.states() == ["place 1 ready"]


async def test_an_order_that_cannot_be_booked_is_held_and_stops_no_other(engine, broken):
    await engine.take(placed(an_order("Poison")), placed(OTHER))
    assert await engine.states("o1") == ["place 1 held"]
    assert await engine.states("o2") == ["place 1 ready"]
    assert "could not book" in (await engine.rows("o1"))[0].cause


async def test_a_change_that_cannot_be_booked_is_a_question_behind_its_order(engine, broken):
    await engine.take(placed(ORDER))
    await engine.take(changed(later(ORDER, "Poison")))
    assert await engine.states() == ["place 1 ready", "change 2 held"]


async def test_a_ledger_that_cannot_write_is_not_the_orders_fault(engine, monkeypatch):
    def full(*_args):
        raise LedgerError("database or disk is full")

    monkeypatch.setattr(intake, "decide", full)
    with pytest.raises(LedgerError):
        await engine.take(placed(ORDER))
    assert await engine.states() == []


async def test_a_refund_that_cannot_be_booked_is_a_question_on_each_of_its_orders(
    engine, monkeypatch
):
    def fail(*_args):
        raise ZeroDivisionError

    await engine.take(placed(ORDER))
    monkeypatch.setattr(intake, "decide", fail)
    await engine.take(refunded({"Ceviche-0": (0, 0)}))
    assert await engine.states() == ["place 1 ready", "change 2 held"]


async def test_what_an_event_did_is_noted(engine):
    await engine.take(placed(ORDER), changed(later(ORDER, "Salad")), changed(ORDER))
    assert await engine.notes() == ["placed", "folded into the ticket", "stale: dropped"]
