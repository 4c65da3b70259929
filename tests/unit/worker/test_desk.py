"""What people decide, over a real ledger and lane: nothing comes out twice unmarked."""

from functools import partial

import pytest

from bridge.adapter import Blind, Capability, Idempotent, OutcomeUnknown, ReadBack, TicketRejected
from bridge.ledger import decisions, pauses
from bridge.ledger.decisions import Wish
from bridge.model import SlipKind
from bridge.worker import desk
from bridge.worker.booking import Terms
from bridge.worker.desk import PAGE
from tests.engine import RESTAURANT, START, an_order, changed, later, moment, placed
from tests.unit.worker.desks import ORDER, ask, be_late, bring, put_desk, refusal


@pytest.fixture
def build(ledger, clock):
    return partial(put_desk, ledger, clock)


@pytest.fixture
def engine(build):
    return build()


@pytest.fixture
def blind(build):
    return build(repeat=Blind())


@pytest.fixture
def readback(build):
    return build(repeat=ReadBack(lag=5.0), capabilities=frozenset({Capability.LOOKUP}))


# Replay


async def test_what_is_late_is_printed_after_all_and_under_its_key(engine):
    await be_late(engine)
    key = (await engine.only()).key
    answer = await ask(engine, "replay")
    await engine.drain()

    assert [one["state"] for one in answer.moved] == ["ready"]
    assert list(engine.pos_system.tickets) == [key]
    assert await engine.states() == ["place 1 done"]


async def test_a_dry_run_changes_nothing(engine):
    await be_late(engine)
    answer = await ask(engine, "replay", dry_run=True)

    assert [one["state"] for one in answer.moved] == ["ready"]
    assert await engine.states() == ["place 1 held"]
    assert await engine.ledger.read(lambda tx: decisions.list_decisions(tx, RESTAURANT, "o1")) == []


async def test_what_the_pos_refused_goes_out_as_the_order_is_now(engine):
    await bring(engine, TicketRejected("unknown item"))
    await engine.take(changed(later(ORDER, "Soup")))
    await ask(engine, "replay")
    await engine.drain()

    assert engine.pos_system.printed == ["place o1 v1: Soup"]


async def test_what_the_pos_has_is_not_replayed(engine):
    await bring(engine)

    assert await refusal(engine, "replay") == "already_done"
    assert (
        (await ask(engine, "replay"))
        .refused[0]["reason"]
        .startswith("the POS has it already as ref-")
    )


async def test_what_may_be_there_is_not_replayed_where_nobody_can_tell(blind):
    await bring(blind, OutcomeUnknown("no answer"))

    assert await refusal(blind, "replay") == "may_be_there"
    assert await blind.states() == ["place 1 held"]


async def test_a_reprint_is_marked_and_has_a_key_of_its_own(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await ask(blind, "replay", reprint=True, note="the paper was lost")
    await blind.drain()

    assert await blind.states() == ["place 1 voided", "place 2 done"]
    assert blind.pos_system.printed == ["reprint o1 v2: Ceviche the paper was lost"]
    first, second = await blind.rows()
    assert first.key != second.key


async def test_no_reprint_where_it_could_not_be_marked(build):
    engine = build(repeat=Blind(), slips=frozenset({SlipKind.PLACE}))
    await bring(engine, OutcomeUnknown("no answer"))

    assert await refusal(engine, "replay", reprint=True) == "no_reprint"


async def test_what_is_done_is_not_printed_again_by_the_bridge(engine):
    await bring(engine)

    assert await refusal(engine, "replay", reprint=True) == "already_done"


async def test_what_something_later_stands_for_is_not_replayed(engine):
    await bring(engine, TicketRejected("unknown item"))
    await engine.take(placed(ORDER, received=START + 5))
    await engine.drain()
    assert await engine.states() == ["place 1 refused", "place 2 done"]

    assert await refusal(engine, "replay") == "superseded"
    assert len(engine.pos_system.printed) == 1


async def test_an_old_ticket_is_voided_without_what_belongs_to_the_new_one(blind):
    await bring(blind, TicketRejected("unknown item"))
    await blind.take(placed(ORDER, received=START + 5))
    await blind.take(changed(later(ORDER, "Soup")))
    await ask(blind, "void", operation="place", version=1)
    await blind.drain()

    assert blind.pos_system.printed == ["place o1 v2: Soup"]


async def test_an_order_for_later_that_is_replayed_waits_for_its_time(build):
    engine = build(terms=Terms(on_commit=True))
    await engine.take(placed(an_order(due_at=moment(START + 86_400))))
    engine.clock.pass_time(200)
    await engine.turn()
    assert await engine.states() == ["place 1 held"]
    await ask(engine, "replay")
    await engine.drain()
    assert await engine.states() == ["place 1 waiting"]
    engine.clock.pass_time(86_000)
    await engine.drain()

    assert await engine.states() == ["place 1 done"]


async def test_a_replay_of_all_leaves_what_was_refused_to_people(engine):
    await bring(engine, TicketRejected("unknown item"))
    answer = await ask(engine, "replay", order_id="")

    assert (answer.moved, answer.refused) == ([], [])


async def test_one_that_cannot_be_read_keeps_no_other(engine, monkeypatch):
    engine.pos.pause("closed for a test")
    for number in range(2):
        await engine.take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    engine.clock.pass_time(3600)
    await engine.turn()
    real = desk.wanted_of

    def fail(book, checkout):
        if book.current.id == "o0":
            raise ValueError("unreadable")
        return real(book, checkout)

    monkeypatch.setattr(desk, "wanted_of", fail)
    answer = await ask(engine, "replay", order_id="")

    assert [one["order_id"] for one in answer.moved] == ["o1"]
    assert [one["code"] for one in answer.refused] == ["unreadable"]


async def lose_in_the_dark(engine):
    """Sent, no answer, and no look-up until the promise had passed."""
    engine.pos_system.finds = [OutcomeUnknown("no answer")] * 99

    async def arrive(ticket, key):
        engine.pos_system.take(ticket, key)
        raise OutcomeUnknown("no answer")

    await bring(engine, arrive)
    for _ in range(99):
        engine.clock.pass_time(60)
        await engine.turn()
    assert (await engine.only()).state == "held"


async def test_a_look_into_the_pos_keeps_from_a_second_one(readback):
    await lose_in_the_dark(readback)
    readback.pos_system.finds = []

    assert await refusal(readback, "replay") == "already_in_pos"


async def test_no_replay_while_the_pos_cannot_be_asked(readback):
    await lose_in_the_dark(readback)
    readback.pos_system.finds = [OutcomeUnknown("no answer")]

    assert await refusal(readback, "replay") == "cannot_tell"


async def test_what_a_look_does_not_find_is_sent(readback):
    await lose_in_the_dark(readback)
    readback.pos_system.finds = []
    readback.pos_system.tickets.clear()
    await ask(readback, "replay")
    readback.clock.pass_time(10)
    await readback.drain()

    assert await readback.states() == ["place 1 done"]
    assert readback.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_pos_that_knows_its_keys_gets_it_again(build):
    engine = build(repeat=Idempotent(window=86_400.0))
    await bring(engine, *[OutcomeUnknown("no answer")] * 99)
    for _ in range(60):
        engine.clock.pass_time(60)
        await engine.drain()
    assert (await engine.only()).state == "held"
    engine.pos_system.script = []
    await ask(engine, "replay")
    await engine.drain()

    assert await engine.states() == ["place 1 done"]
    assert len(engine.pos_system.printed) == 1


# Resolve and void


async def test_what_was_settled_by_hand_is_done_and_says_how(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await ask(blind, "resolve", note="it was there", pos_ref="T-7")
    row = await blind.only()

    assert (row.state, row.cause, row.pos_ref) == (
        "done",
        "settled by hand: it was there",
        "T-7",
    )


async def test_changes_go_on_behind_what_was_settled(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await blind.take(changed(later(ORDER, "Soup")))
    await blind.drain()
    assert await blind.states() == ["place 1 held", "change 2 ready"]
    await ask(blind, "resolve", operation="place", note="it was there")
    await blind.drain()

    assert await blind.states() == ["place 1 done", "change 2 done"]


async def test_what_nobody_wants_is_voided_with_what_stands_behind_it(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await blind.take(changed(later(ORDER, "Soup")))
    await ask(blind, "void", operation="place", note="the guest left")
    await blind.drain()

    assert await blind.states() == ["place 1 voided", "change 2 voided"]


async def test_what_is_done_cannot_be_voided(engine):
    await bring(engine)

    assert await refusal(engine, "void") == "over"


# Who, which and how many


async def test_every_decision_is_on_record(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await ask(blind, "resolve", note="it was there")
    (noted,) = await blind.ledger.read(lambda tx: decisions.list_decisions(tx, RESTAURANT, "o1"))

    assert (noted["who"], noted["action"], noted["note"]) == ("ana", "resolve", "it was there")
    assert (noted["before"], noted["after"]) == ("held", "done")


async def test_what_changed_meanwhile_is_left_alone(engine):
    await be_late(engine)
    (subject,) = await engine.ledger.read(lambda tx: decisions.find(tx, Wish(), ("held",), 9))
    await ask(engine, "void")
    outcome = decisions.Outcome(action="replay", who="", note="", state="ready", cause="")

    assert not await engine.ledger.write(lambda tx: decisions.carry_out(tx, subject, outcome, 0.0))
    assert await engine.states() == ["place 1 voided"]


async def test_all_that_fit_are_moved_a_page_at_a_time(engine):
    engine.pos.pause("closed for a test")
    for number in range(PAGE + 2):
        await engine.take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    engine.clock.pass_time(3600)
    await engine.drain()
    first = await ask(engine, "void", order_id="")
    second = await ask(engine, "void", order_id="", after=first.next)

    assert (len(first.moved), len(second.moved), second.next) == (PAGE, 2, None)


async def test_an_order_of_another_restaurant_is_not_found(engine):
    await be_late(engine)
    answer = await ask(engine, "void", restaurant="garcia")

    assert (answer.moved, answer.refused) == ([], [])


async def test_a_paused_restaurant_stays_so_and_goes_on_when_it_is_told(engine):
    await engine.desk.pause(RESTAURANT, who="ana", reason="the kitchen is flooded")
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 ready"]
    kept = await engine.ledger.read(pauses.load)
    assert kept == {RESTAURANT: "paused by ana: the kitchen is flooded"}

    await engine.desk.resume(RESTAURANT, who="ana")
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert await engine.ledger.read(pauses.load) == {}
