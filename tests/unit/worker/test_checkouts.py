"""What the hooks of a checkout do to its orders: paid, cancelled, and both in any order."""

from dataclasses import replace

import pytest

from bridge.ledger import checkouts
from bridge.model import Fate
from bridge.worker.booking import GHOST_WAIT, SIGN_WAIT, Terms
from tests.engine import (
    RESTAURANT,
    START,
    an_order,
    cancelled,
    changed,
    finished,
    later,
    moment,
    placed,
)

ORDER = an_order()
SECOND = an_order("Soup", order_id="o2")  # another attempt of the same checkout


@pytest.fixture
def on_commit(engine):
    engine.terms = Terms(on_commit=True)
    return engine


# Finished


async def test_a_finished_checkout_releases_its_order(on_commit):
    await on_commit.take(placed(ORDER), finished())
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_it_releases_the_newest_attempt_alone(on_commit):
    await on_commit.take(placed(ORDER, received=START - 1), placed(SECOND), finished())
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o2 v1: Soup"]


async def test_a_checkout_that_was_finished_before_its_order_came_releases_it(on_commit):
    await on_commit.take(finished(), placed(ORDER))
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_finished_checkout_of_another_restaurant_or_none_does_nothing(engine):
    await engine.take(finished("elsewhere"))
    assert await engine.rows() == []
    assert await engine.notes() == ["no order of this checkout is known here yet"]


async def test_a_finished_checkout_makes_a_ghost_real(engine):
    await engine.take(placed(ORDER, fate=Fate.GONE), finished())
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_finished_checkout_brings_back_what_the_clock_has_voided(engine):
    await engine.take(placed(ORDER, fate=Fate.GONE))
    engine.clock.pass_time(GHOST_WAIT)
    await engine.drain()
    await engine.take(finished(received=engine.clock()))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Ceviche REFIRED"]


async def test_a_finished_checkout_answers_the_question_whether_it_was(on_commit):
    await on_commit.take(placed(ORDER))
    on_commit.clock.pass_time(SIGN_WAIT)
    await on_commit.drain()
    assert await on_commit.states() == ["place 1 held"]
    await on_commit.take(finished())
    await on_commit.drain()
    assert await on_commit.states() == ["place 1 done"]


async def test_finished_twice_is_finished_once(engine):
    await engine.take(placed(ORDER), finished())
    await engine.drain()
    await engine.take(finished())
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_restaurant_without_any_sign_in_a_day_of_orders_is_found(on_commit):
    async def lacks():
        def read(tx):
            return checkouts.lacks_signs(tx, RESTAURANT, on_commit.clock() - 86400)

        return await on_commit.ledger.read(read)

    await on_commit.take(placed(ORDER))
    assert not await lacks()
    on_commit.clock.pass_time(90_000)
    assert await lacks()
    await on_commit.take(finished(received=on_commit.clock()))
    assert not await lacks()


# Cancelled


async def test_a_cancelled_checkout_voids_a_waiting_ticket_without_a_word(on_commit):
    await on_commit.take(placed(ORDER), cancelled())
    await on_commit.drain()
    assert await on_commit.states() == ["place 1 voided"]
    assert on_commit.pos_system.calls == []


async def test_a_cancelled_checkout_takes_a_printed_ticket_back(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    assert engine.pos_system.printed[0] == "place o1 v1: Ceviche"
    assert engine.pos_system.printed[1].startswith("void o1 v2")
    assert "the checkout was cancelled" in engine.pos_system.printed[1]


async def test_cancelled_twice_is_taken_back_once(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    assert await engine.states() == ["place 1 done", "cancel 2 done"]


async def test_all_attempts_before_the_cancel_are_voided(on_commit):
    await on_commit.take(placed(ORDER), placed(SECOND), cancelled())
    assert await on_commit.states() == ["place 1 voided", "place 1 voided"]


async def test_an_attempt_after_the_cancel_is_not_its_matter(engine):
    await engine.take(placed(ORDER), cancelled(received=START + 1))
    await engine.take(placed(SECOND, received=START + 2))
    await engine.drain()
    assert engine.pos_system.printed == ["place o2 v1: Soup"]


async def test_a_cancel_that_was_received_before_the_order_changes_nothing(engine):
    await engine.take(placed(ORDER, received=START + 2), cancelled(received=START + 1))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


@pytest.mark.parametrize("sign", [finished, lambda: changed(ORDER)])
async def test_a_cancel_after_the_sign_changes_nothing(engine, sign):
    await engine.take(placed(ORDER), sign(), cancelled())
    await engine.drain()
    assert await engine.states() == ["place 1 done"]
    assert (await engine.notes())[-1].startswith("archived: the guest had paid before")


@pytest.mark.parametrize("sign", [finished, lambda: changed(ORDER)])
async def test_a_sign_after_the_cancel_fires_the_order_again(engine, sign):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    await engine.take(sign())
    await engine.drain()
    assert engine.pos_system.printed[-1] == "place o1 v3: Ceviche REFIRED"


async def test_a_paid_order_that_was_voided_unsent_is_made_whatever_its_items_are_called(on_commit):
    await on_commit.take(placed(ORDER), cancelled())
    (line,) = ORDER.lines
    begun = replace(line, units=tuple(replace(unit, status="accepted") for unit in line.units))
    await on_commit.take(changed(replace(later(ORDER), lines=(begun,))))
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o1 v2: Ceviche REFIRED"]


async def test_a_sign_before_the_void_went_out_takes_the_cancel_back(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled(), finished())
    await engine.drain()
    assert await engine.states() == ["place 1 done", "cancel 2 voided"]


async def test_an_injection_after_the_cancel_is_made_again(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    await engine.take(placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed[-1] == "place o1 v3: Ceviche REFIRED"


async def test_a_cancel_without_an_order_is_kept_and_does_nothing(engine):
    await engine.take(cancelled())
    assert await engine.rows() == []


# For later, and snoozed


async def test_an_order_for_later_fires_at_its_time_and_not_when_it_is_finished(on_commit):
    await on_commit.take(placed(an_order(due_at=moment(START + 7200))), finished())
    await on_commit.drain()
    assert await on_commit.states() == ["place 1 waiting"]
    on_commit.clock.pass_time(6300)
    await on_commit.drain()
    assert await on_commit.states() == ["place 1 done"]


async def test_a_snooze_moves_an_order_that_is_due_at_once(engine):
    await engine.take(placed(an_order(snoozed_until=moment(START + 600))))
    await engine.drain()
    assert await engine.states() == ["place 1 waiting"]
    engine.clock.pass_time(600)
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_the_platforms_own_snooze_of_an_order_for_later_changes_nothing(engine):
    order = an_order(due_at=moment(START + 7200), snoozed_until=moment(START + 4500))
    await engine.take(placed(order))
    assert (await engine.only()).next_at == START + 6300


async def test_an_un_snooze_fires_the_order_at_once(engine):
    order = an_order(due_at=moment(START + 7200), snoozed_until=moment(START + 4500))
    await engine.take(placed(order), changed(later(order, snoozed_until=None)))
    await engine.drain()
    assert await engine.states() == ["place 1 done"]


async def test_what_was_un_snoozed_stays_so_when_something_else_changes(on_commit):
    order = an_order(due_at=moment(START + 7200), snoozed_until=moment(START + 4500))
    awake = later(order, snoozed_until=None)
    on_commit.pos.opened.clear()
    await on_commit.take(placed(order), changed(awake), changed(later(awake, "Salad")))
    assert await on_commit.states() == ["place 1 ready"]


async def test_a_longer_snooze_keeps_the_order_longer(engine):
    order = an_order(snoozed_until=moment(START + 600))
    await engine.take(placed(order), changed(later(order, snoozed_until=moment(START + 900))))
    assert (await engine.only()).next_at == START + 900
