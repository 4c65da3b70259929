"""Before a person's replay or reprint the POS is asked, wherever it can be."""

import asyncio
from functools import partial

import pytest

from bridge.adapter import Blind, Capability, OutcomeUnknown, ReadBack
from bridge.worker import vendor
from tests.unit.worker.desks import ask, bring, put_desk, refusal

LOOKUP = frozenset({Capability.LOOKUP})


@pytest.fixture
def build(ledger, clock):
    return partial(put_desk, ledger, clock)


@pytest.fixture
def blind(build):
    """It finds what it has, and promises nothing of what it does not find."""
    return build(repeat=Blind(), capabilities=LOOKUP)


def lose_answer(engine):
    async def arrive(ticket, key):
        engine.pos_system.take(ticket, key)
        raise OutcomeUnknown("no answer")

    return arrive


@pytest.mark.parametrize("reprint", [False, True])
async def test_what_a_blind_pos_has_is_neither_replayed_nor_printed_again(blind, reprint):
    await bring(blind, lose_answer(blind))

    assert await refusal(blind, "replay", reprint=reprint) == "already_in_pos"


@pytest.mark.parametrize("reprint", [False, True])
async def test_nothing_is_sent_to_a_blind_pos_that_cannot_be_asked(blind, reprint):
    await bring(blind, OutcomeUnknown("no answer"))
    blind.pos_system.finds = [OutcomeUnknown("no answer")]

    assert await refusal(blind, "replay", reprint=reprint) == "cannot_tell"


async def test_what_a_blind_pos_does_not_find_is_no_proof(blind):
    await bring(blind, OutcomeUnknown("no answer"))

    assert await refusal(blind, "replay") == "may_be_there"


async def test_what_a_blind_pos_does_not_find_may_be_printed_again(blind):
    await bring(blind, OutcomeUnknown("no answer"))
    await ask(blind, "replay", reprint=True)
    await blind.drain()

    assert blind.pos_system.printed == ["reprint o1 v2: Ceviche printed again"]


# A call that does not end


@pytest.fixture
async def stuck(build, monkeypatch):
    """A POS that is right about what it has 5 s later; its first call goes on until `release`."""
    monkeypatch.setattr(vendor, "LET_GO", 0.01)
    engine = build(repeat=ReadBack(lag=5.0), capabilities=LOOKUP, submit_timeout=0.01)
    engine.release = asyncio.Event()

    async def deaf(ticket, key):
        while not engine.release.is_set():
            try:
                await engine.release.wait()
            except asyncio.CancelledError:
                continue
        return engine.arrive(ticket, key)

    engine.arrive = engine.pos_system.take
    await bring(engine, deaf)
    assert await engine.states() == ["place 1 held"]
    yield engine
    await end(engine)


async def end(engine):
    engine.release.set()
    while vendor._stubborn:
        await asyncio.wait(tuple(vendor._stubborn))
    await asyncio.sleep(0)


@pytest.mark.parametrize("reprint", [False, True])
async def test_nothing_is_replayed_beside_a_call_that_goes_on(stuck, reprint):
    assert await refusal(stuck, "replay", reprint=reprint) == "cannot_tell"


async def test_what_a_call_brought_after_all_is_not_replayed(stuck):
    await end(stuck)

    assert await refusal(stuck, "replay") == "already_in_pos"


async def test_the_lag_of_a_look_counts_from_the_end_of_the_call(stuck):
    stuck.clock.pass_time(60)
    shown = {}
    stuck.arrive = lambda ticket, key: shown.update({key: [ticket.preview]})
    await end(stuck)
    await ask(stuck, "replay")
    await stuck.drain()
    assert await stuck.states() == ["place 1 unknown"]
    stuck.pos_system.tickets.update(shown)
    stuck.clock.pass_time(6)
    await stuck.drain()

    assert await stuck.states() == ["place 1 done"]
    assert len(stuck.pos_system.printed) == 1
