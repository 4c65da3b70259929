"""What people decided stands against whatever comes later, and the POS misses nothing for it."""

from dataclasses import replace
from functools import partial

import pytest

from bridge.adapter import Blind, Capability, Idempotent, OutcomeUnknown, PosBusy, TicketRejected
from bridge.worker.booking import Terms
from tests.engine import (
    START,
    cancelled,
    changed,
    finished,
    later,
    nothing,
    placed,
    refunded,
)
from tests.unit.worker.desks import ask, bring, put_desk, refusal
from tests.unit.worker.refunds import ORDER, amounts

BOOKS = frozenset({Capability.REFUND})


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
def unsigned(build):
    return build(terms=Terms(on_commit=True))


# Voided by hand


async def be_voided(engine):
    """An order of which nobody heard that it was paid."""
    await engine.take(placed(ORDER))
    await ask(engine, "void", note="a prank")


@pytest.mark.parametrize(
    "sign",
    [
        changed(later(ORDER, "Soup"), received=START + 60),
        finished(received=START + 60),
        refunded({"Soup-0": (0, 0)}, received=START + 60),
    ],
)
async def test_what_was_voided_by_hand_stays_so_whatever_news_comes_later(unsigned, sign):
    await be_voided(unsigned)
    await unsigned.take(sign)
    await unsigned.drain()

    assert await unsigned.states() == ["place 1 voided"]
    assert "archived: voided by hand" in await unsigned.notes()


async def test_an_order_that_gets_a_new_yes_after_a_void_by_hand_is_made(unsigned):
    await be_voided(unsigned)
    await unsigned.take(placed(ORDER, received=START + 60))
    await unsigned.take(changed(later(ORDER), received=START + 70))
    await unsigned.drain()

    assert await unsigned.states() == ["place 1 voided", "place 2 done"]


async def test_what_was_refused_and_then_voided_by_hand_stays_so(engine):
    await bring(engine, TicketRejected("unknown item"), order=ORDER)
    await ask(engine, "void")
    await engine.take(changed(later(ORDER, "Soup")))
    await engine.drain()

    assert await engine.states() == ["place 1 voided"]


async def test_what_was_voided_by_hand_is_made_on_a_persons_word(unsigned):
    await be_voided(unsigned)
    await unsigned.take(changed(later(ORDER, "Soup"), received=START + 60))
    await ask(unsigned, "replay")
    await unsigned.drain()

    assert unsigned.pos_system.printed == ["place o1 v1: Soup"]


async def test_what_was_voided_by_hand_is_not_replayed_once_the_platform_cancels_it(unsigned):
    await be_voided(unsigned)
    await ask(unsigned, "replay")
    await unsigned.take(cancelled(received=START + 60))

    assert await refusal(unsigned, "replay") == "unwanted"


async def test_a_sign_brings_back_what_was_cancelled_after_a_replay(engine):
    engine.pos.pause("for a test")
    await be_voided(engine)
    await ask(engine, "replay")
    await engine.take(cancelled(received=START + 60), changed(later(ORDER, "Soup")))
    engine.pos.resume()
    await engine.drain()

    assert engine.pos_system.printed == ["place o1 v2: Soup REFIRED"]


async def test_a_refund_that_was_voided_by_hand_is_not_asked_for_again(engine):
    await bring(engine, order=ORDER)
    await engine.take(refunded({"Soup-0": (200, 18)}))
    await engine.drain()
    await ask(engine, "void", operation="refund")
    await engine.take(changed(later(ORDER)), refunded({"Ceviche-0": (0, 0)}))
    await engine.drain()

    assert await amounts(engine) == [327, 1090]


# What the POS refused


async def test_a_refused_order_that_is_replayed_brings_its_refunds_with_it(build):
    engine = build(capabilities=BOOKS)
    engine.pos_system.refund = partial(book, engine)
    await bring(engine, TicketRejected("unknown item"), order=ORDER)
    await engine.take(refunded({"Soup-0": (0, 0)}), refunded({"Ceviche-0": (500, 45)}))
    await ask(engine, "replay")
    await engine.drain()

    rows = await engine.rows()
    booked = [(row.operation, row.amount_cents) for row in rows if row.state == "done"]
    assert booked == [("place", None), ("refund", 545 + 545)]
    assert engine.pos_system.printed[0] == "place o1 v1: Ceviche"


async def book(engine, ticket, key, _pos_ref):
    return engine.pos_system.take(ticket, key)


async def test_what_was_queued_behind_a_refused_order_is_told_once_it_is_replayed(build):
    """Its first try may be in the POS, so the order goes again as it was."""
    engine = build(repeat=Idempotent(window=86_400.0))
    engine.pos_system.script = [OutcomeUnknown("no answer"), TicketRejected("unknown item")]
    await engine.take(placed(ORDER))
    await engine.turn()
    await engine.take(changed(later(ORDER, "Tea")))
    engine.clock.pass_time(30)
    await engine.drain()
    assert await engine.states() == ["place 1 refused", "change 2 voided"]
    await ask(engine, "replay", operation="place")
    await engine.drain()

    assert await engine.states() == ["place 1 done", "change 2 voided", "change 3 done"]
    assert engine.pos_system.printed[-1].startswith("change o1 v3: Tea")


async def test_nothing_of_a_replayed_order_is_told_twice(engine):
    await bring(engine, TicketRejected("unknown item"), order=ORDER)
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await ask(engine, "replay")
    await engine.drain()
    await engine.take(changed(later(ORDER)), refunded({"Soup-0": (0, 0)}))
    await engine.drain()

    standing = [row for row in await engine.rows() if row.state != "voided"]
    assert [(row.operation, row.amount_cents) for row in standing] == [
        ("place", None),
        ("refund", 545),
    ]


# A copy that waits


async def be_printed_again(engine):
    """In the dark what the first try came to; the copy waits for the POS."""
    await bring(engine, OutcomeUnknown("no answer"), order=ORDER)
    engine.pos.pause("for a test")
    await ask(engine, "replay", reprint=True)
    assert await engine.states() == ["place 1 voided", "place 2 ready"]


@pytest.mark.parametrize(
    "event",
    [
        cancelled(received=START + 60),
        changed(replace(nothing(at=START + 60)), received=START + 60),
    ],
)
async def test_what_is_taken_back_while_its_copy_waits_is_voided_in_the_kitchen(blind, event):
    await be_printed_again(blind)
    await blind.take(event)
    blind.pos.resume()
    await blind.drain()

    assert await blind.states() == ["place 1 voided", "place 2 voided", "cancel 3 done"]
    assert [text.split()[0] for text in blind.pos_system.printed] == ["void"]


async def test_what_is_taken_back_while_its_copy_does_not_get_out_is_voided_in_the_kitchen(blind):
    await be_printed_again(blind)
    blind.pos.resume()

    async def meanwhile(_ticket, _key):
        await blind.take(cancelled(received=START + 60))
        raise PosBusy(retry_after=1)

    blind.pos_system.script = [meanwhile]
    await blind.drain()
    blind.clock.pass_time(30)
    await blind.drain()

    assert await blind.states() == ["place 1 voided", "place 2 voided", "cancel 3 done"]


async def test_what_is_wanted_after_all_is_fired_again_behind_the_void(blind):
    await be_printed_again(blind)
    await blind.take(cancelled(received=START + 60))
    await blind.take(changed(later(ORDER, "Tea"), received=START + 120))
    blind.pos.resume()
    await blind.drain()

    printed = [text.split()[0] for text in blind.pos_system.printed]
    assert printed == ["void", "place"]
    assert blind.pos_system.printed[-1].endswith("Tea REFIRED")
