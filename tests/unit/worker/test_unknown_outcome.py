"""What follows an unknown outcome: the same key again, a look, or a person."""

import pytest

from bridge.adapter import (
    Blind,
    Capability,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    TicketRejected,
)
from bridge.ledger import deliveries, recovery
from bridge.model import Ticket
from tests.engine import an_order, changed, later, placed

ORDER = an_order()
LOOKUP = frozenset({Capability.LOOKUP})


@pytest.fixture
def read_back(serve):
    return serve(repeat=ReadBack(lag=5.0), capabilities=LOOKUP)


def lost_answer(pos):
    """The ticket arrives, its answer does not."""

    async def step(ticket, key):
        pos.take(ticket, key)
        raise OutcomeUnknown("the line was cut")

    return step


async def test_an_idempotent_pos_gets_the_same_key_again(engine):
    pos = engine.pos_system
    pos.script = [lost_answer(pos)]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 unknown"]
    engine.clock.pass_time(15)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert (len(pos.calls), len(pos.tickets)) == (2, 1)


async def test_a_retry_that_was_not_reached_leaves_the_first_try_in_doubt(engine):
    """Or a change would fold into a ticket that the POS may have, and be lost on it."""
    pos = engine.pos_system
    pos.script = [lost_answer(pos), PosBusy(retry_after=1)]
    await engine.take(placed(ORDER))
    await engine.drain()
    engine.clock.pass_time(15)
    await engine.drain()
    assert await engine.states() == ["place 1 unknown"]
    await engine.take(changed(later(ORDER, "Salad")))
    engine.clock.pass_time(15)
    await engine.drain()
    assert await engine.states() == ["place 1 done", "change 2 done"]


async def test_a_look_up_waits_for_the_lag_and_finds_the_ticket(read_back):
    pos = read_back.pos_system
    pos.script = [lost_answer(pos)]
    await read_back.take(placed(ORDER))
    await read_back.drain()
    read_back.clock.pass_time(4.9)
    await read_back.drain()
    assert await read_back.states() == ["place 1 unknown"]
    read_back.clock.pass_time(0.2)
    await read_back.drain()
    assert await read_back.states() == ["place 1 done"]
    assert len(pos.calls) == 1


async def test_the_lag_counts_from_the_end_of_the_try(read_back):
    """A try that took long may have arrived just before it ended."""

    async def slow(_ticket, _key):
        read_back.clock.pass_time(60)
        raise OutcomeUnknown("no answer")

    read_back.pos_system.script = [slow]
    await read_back.take(placed(ORDER))
    await read_back.turn()
    read_back.clock.pass_time(1)
    await read_back.drain()
    assert await read_back.states() == ["place 1 unknown"]
    assert len(read_back.pos_system.calls) == 1


async def test_what_the_pos_does_not_have_is_sent_again(read_back):
    read_back.pos_system.script = [OutcomeUnknown("the line was cut")]
    await read_back.take(placed(ORDER))
    await read_back.drain()
    read_back.clock.pass_time(6)
    await read_back.drain()
    assert await read_back.states() == ["place 1 done"]
    assert len(read_back.pos_system.printed) == 1


async def test_a_look_up_that_fails_sends_nothing(read_back):
    pos = read_back.pos_system
    pos.script = [lost_answer(pos)]
    pos.finds = [ValueError("garbled"), "nonsense"]
    await read_back.take(placed(ORDER))
    for _ in range(3):
        await read_back.drain()
        assert len(pos.calls) == 1
        read_back.clock.pass_time(6)
    await read_back.drain()
    assert await read_back.states() == ["place 1 done"]


async def test_a_pos_that_cannot_be_reached_for_a_look_up_counts_as_down(read_back):
    read_back.pos_system.script = [OutcomeUnknown("the line was cut")]
    read_back.pos_system.finds = [PosUnreachable("no route")]
    await read_back.take(placed(ORDER))
    await read_back.drain()
    read_back.clock.pass_time(6)
    await read_back.drain()
    assert not read_back.pos.takes_tickets


async def test_past_the_promise_a_ticket_that_is_absent_is_held(read_back):
    read_back.pos_system.script = [OutcomeUnknown("the line was cut")]
    await read_back.take(placed(ORDER))
    await read_back.turn()
    read_back.clock.pass_time(1801)
    await read_back.drain()
    row = await read_back.only()
    assert (row.state, row.cause) == ("held", "late: print? (not in the POS)")


async def test_past_the_promise_a_ticket_that_is_found_is_done(read_back):
    pos = read_back.pos_system
    pos.script = [lost_answer(pos)]
    await read_back.take(placed(ORDER))
    await read_back.turn()
    read_back.clock.pass_time(1801)
    await read_back.drain()
    assert await read_back.states() == ["place 1 done"]


async def test_a_blind_pos_gets_nothing_twice(serve):
    engine = serve(repeat=Blind())
    engine.pos_system.script = [OutcomeUnknown("the line was cut")]
    await engine.take(placed(ORDER))
    for _ in range(3):
        await engine.drain()
        engine.clock.pass_time(600)
    row = await engine.only()
    assert (row.state, len(engine.pos_system.calls)) == ("held", 1)
    assert "may already be in the POS" in row.cause


async def test_after_a_crash_in_mid_sending_a_blind_pos_is_held(serve):
    engine = serve(repeat=Blind())
    await engine.take(placed(ORDER))
    (work,) = await engine.ledger.read(
        lambda tx: deliveries.list_work(tx, "lopez", engine.clock(), 9)
    )
    ticket = Ticket(body=b"x", content_type="text/plain", preview="x")
    await engine.ledger.write(
        lambda tx: deliveries.begin(tx, work, ticket, "memory", engine.clock())
    )
    await engine.ledger.write(lambda tx: recovery.recover(tx, engine.clock()))
    await engine.drain()
    assert await engine.states() == ["place 1 held"]
    assert engine.pos_system.calls == []
    assert await engine.outcomes() == ["interrupted"]


async def test_a_ticket_that_may_be_there_is_not_refused_by_a_new_translation(engine):
    def translate(_order, _slip):
        raise TicketRejected("no such dish")

    engine.pos_system.script = [lost_answer(engine.pos_system)]
    await engine.take(placed(ORDER))
    await engine.drain()
    engine.pos_system.translate = translate
    engine.clock.pass_time(15)
    await engine.drain()
    row = await engine.only()
    assert row.state == "held"
    assert "may already be in the POS" in row.cause


# Refused, busy, someone must act
