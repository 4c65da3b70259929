"""One try after another, on a POS in memory that does what POSes and adapters do."""

import asyncio

import pytest

from bridge.adapter import (
    AdapterMisconfigured,
    Capability,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.ledger import LedgerError
from bridge.model import Acceptance, Guest, SlipKind, Ticket
from bridge.worker import attempt, vendor
from tests.engine import an_order, changed, later, nothing, placed

ORDER = an_order()
LOOKUP = frozenset({Capability.LOOKUP})


async def test_an_order_is_brought_and_its_reference_kept(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.pos_ref) == ("done", f"ref-{row.key}")
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    assert await engine.outcomes() == ["accepted"]


async def test_the_intent_is_written_before_the_first_byte(engine):
    seen = []

    async def step(ticket, key):
        seen.extend(await engine.states())
        return engine.pos_system.take(ticket, key)

    engine.pos_system.script = [step]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert seen == ["place 1 sending"]


async def test_contact_data_reach_only_an_adapter_that_needs_them(serve):
    guest = Guest(name="Eric", phone="555", email="eric@example.test")
    seen = []
    for capabilities in (frozenset(), frozenset({Capability.CONTACT})):
        engine = serve(capabilities=capabilities)
        translate = engine.pos_system.translate

        def look(order, slip, translate=translate):
            seen.append(order.guest.phone)
            return translate(order, slip)

        engine.pos_system.translate = look
        await engine.take(placed(an_order(order_id=f"o{len(seen)}", guest=guest)))
        await engine.drain()
    assert seen == ["", "555"]


# What an adapter must not do, and does


class Unshowable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


BAD = {
    "nothing": lambda: None,
    "text": lambda: "ok",
    "a number as reference": lambda: Acceptance(pos_ref=7),
    "a broken character": lambda: Acceptance(pos_ref="\udcff"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
async def test_an_answer_that_is_no_acceptance_is_no_proof(engine, answer):
    async def step(_ticket, _key):
        return answer()

    engine.pos_system.script = [step]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 unknown"]
    assert await engine.outcomes() == ["adapter_bug"]


@pytest.mark.parametrize(
    "error", [Unshowable(), ValueError("\udcff"), asyncio.CancelledError(), StopIteration()]
)
async def test_whatever_an_adapter_raises_the_delivery_does_not_stay_in_sending(engine, error):
    engine.pos_system.script = [error]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 unknown"]
    engine.clock.pass_time(15)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_a_call_without_an_answer_in_time_is_unknown(serve):
    engine = serve(submit_timeout=0.01)

    async def never(_ticket, _key):
        await asyncio.Event().wait()

    engine.pos_system.script = [never]
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.cause) == ("unknown", "no answer in time")


async def test_an_answer_that_comes_while_the_call_is_being_stopped_still_counts(serve):
    engine = serve(submit_timeout=0.01)

    async def late(ticket, key):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return engine.pos_system.take(ticket, key)

    engine.pos_system.script = [late]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_a_call_that_cannot_be_stopped_is_held_and_never_doubled(serve, monkeypatch):
    monkeypatch.setattr(vendor, "LET_GO", 0.01)
    engine = serve(submit_timeout=0.01)
    release = asyncio.Event()

    async def deaf(ticket, key):
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return engine.pos_system.take(ticket, key)

    engine.pos_system.script = [deaf]
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert row.state == "held"
    assert "may already be in the POS" in row.cause
    release.set()
    while vendor._stubborn:
        await asyncio.wait(tuple(vendor._stubborn))
    assert len(engine.pos_system.calls) == 1


@pytest.mark.parametrize(
    "ticket", [None, "text", Ticket(body="text", content_type="x", preview="x")]
)
async def test_a_ticket_that_is_none_is_held_before_anything_is_sent(engine, ticket):
    engine.pos_system.translate = lambda _order, _slip: ticket
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert (row.state, engine.pos_system.calls) == ("held", [])
    assert "nothing was sent" in row.cause


async def test_a_ticket_that_the_pos_could_never_take_is_refused(engine):
    def translate(_order, _slip):
        raise TicketRejected("no such dish", field="lines.0")

    engine.pos_system.translate = translate
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.cause) == ("refused", "no such dish (lines.0)")


async def test_what_stood_behind_a_refused_order_is_voided(engine):
    engine.pos_system.script = [OutcomeUnknown("x"), TicketRejected("no")]
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(changed(later(ORDER, "Salad")))
    engine.clock.pass_time(15)
    await engine.drain()
    assert await engine.states() == ["place 1 refused", "change 2 voided"]


async def test_a_busy_pos_is_not_asked_before_its_time(engine):
    engine.pos_system.script = [PosBusy(retry_after=60)]
    await engine.take(placed(ORDER))
    await engine.drain()
    engine.clock.pass_time(59)
    await engine.drain()
    assert len(engine.pos_system.calls) == 1
    engine.clock.pass_time(1)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


@pytest.mark.parametrize("error", [PosUnreachable("no route"), OperatorNeeded("paper out")])
async def test_a_pos_that_is_down_stops_its_lane_until_a_good_sign(engine, error):
    engine.pos_system.script = [error]
    await engine.take(placed(ORDER), placed(an_order(order_id="o2", checkout="c2")))
    await engine.drain()
    engine.clock.pass_time(60)
    await engine.drain()
    calls = len(engine.pos_system.calls)
    assert calls == 1
    engine.pos.watch.heard(await engine.pos_system.probe(None), engine.clock.moment())
    await engine.drain()
    assert await engine.states() == ["place 1 done", "place 1 done"]


async def test_wrong_settings_pause_the_restaurant_until_a_person_resumes_it(engine):
    engine.pos_system.script = [AdapterMisconfigured("wrong password")]
    await engine.take(placed(ORDER))
    await engine.drain()
    engine.clock.pass_time(60)
    await engine.drain()
    assert (engine.pos.paused, len(engine.pos_system.calls)) == ("wrong password", 1)
    engine.pos.resume()
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


# Operations that the POS cannot do


async def test_a_kind_with_neither_slip_nor_protocol_is_a_task_for_the_operator(serve):
    engine = serve(slips=frozenset({SlipKind.PLACE}))
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(changed(later(ORDER, "Ceviche", "Salad")))
    await engine.drain()
    row = (await engine.rows())[1]
    assert row.state == "held"
    assert "by hand (added 1 x Salad)" in row.cause


async def test_one_task_for_the_operator_does_not_hide_the_next(serve):
    engine = serve(slips=frozenset({SlipKind.PLACE}))
    await engine.take(placed(ORDER))
    await engine.drain()
    for number, name in enumerate(("Salad", "Soup"), 1):
        await engine.take(changed(later(ORDER, name, by=60 * number)))
        await engine.drain()
    assert await engine.states() == ["place 1 done", "change 2 held", "change 3 held"]


async def test_a_protocol_gets_the_reference_of_the_order(serve):
    engine = serve(capabilities=frozenset({Capability.CANCEL}))
    seen = []

    async def cancel(_ticket, key, pos_ref):
        seen.append(pos_ref)
        return Acceptance(pos_ref=key)

    engine.pos_system.cancel = cancel
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(changed(later(nothing())))
    await engine.drain()
    place = (await engine.rows())[0]
    assert seen == [place.pos_ref]


# The ledger's troubles


class Broken:
    """A ledger whose next writes fail, as on a full disk."""

    def __init__(self, ledger, failures):
        self.ledger = ledger
        self.failures = failures

    async def write(self, job):
        if self.failures:
            self.failures -= 1
            raise LedgerError("database or disk is full")
        return await self.ledger.write(job)

    def __getattr__(self, name):
        return getattr(self.ledger, name)


async def test_an_intent_that_cannot_be_written_sends_nothing(engine, monkeypatch):
    monkeypatch.setattr("bridge.worker.lane.LEDGER_RETRY", 0.0)
    engine.attempts._ledger = Broken(engine.ledger, 1)
    await engine.take(placed(ORDER))
    await engine.turn()
    assert engine.pos_system.calls == []
    assert await engine.states() == ["place 1 ready"]
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_an_outcome_is_written_as_soon_as_the_ledger_can(engine, monkeypatch):
    monkeypatch.setattr(attempt, "LEDGER_RETRY", 0.0)

    async def then_break(ticket, key):
        engine.attempts._ledger = Broken(engine.ledger, 3)
        return engine.pos_system.take(ticket, key)

    engine.pos_system.script = [then_break]
    await engine.take(placed(ORDER))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert len(engine.pos_system.calls) == 1


async def test_an_order_that_changed_meanwhile_is_translated_anew(engine):
    translate = engine.pos_system.translate
    event = changed(later(ORDER, "Salad"))

    def fold_first(order, slip):
        if engine.pos_system.calls == [] and order.lines == ORDER.lines:
            engine.post(event)
        return translate(order, slip)

    engine.pos_system.translate = fold_first
    await engine.take(placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Salad"]


async def test_a_person_who_decided_meanwhile_is_not_overruled(engine):
    """Resolved by hand while the adapter was still at it."""

    async def decided(_ticket, _key):
        await engine.ledger.write(
            lambda tx: tx.execute("UPDATE delivery SET state = 'done', cause = 'by hand'")
        )
        raise OutcomeUnknown("the line was cut")

    engine.pos_system.script = [decided]
    await engine.take(placed(ORDER))
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.cause) == ("done", "by hand")
    assert await engine.outcomes() == ["unknown"]


async def test_a_worker_that_lost_its_lock_while_preparing_sends_nothing(engine):
    translate = engine.pos_system.translate

    def lose_lock(order, slip):
        engine.may_start = False
        return translate(order, slip)

    engine.pos_system.translate = lose_lock
    await engine.take(placed(ORDER))
    await engine.drain()
    assert engine.pos_system.calls == []
    assert await engine.states() == ["place 1 ready"]
