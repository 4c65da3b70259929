"""Several attempts under one checkout, and events about them that overtake each other."""

from dataclasses import replace

import pytest

from bridge.ledger import checkouts, orders
from bridge.model import Address, Fate, Table
from bridge.worker.booking import Terms
from tests.engine import (
    RESTAURANT,
    START,
    an_order,
    cancelled,
    changed,
    dish,
    finished,
    later,
    moment,
    nothing,
    placed,
    refunded,
)

ORDER = replace(nothing(), lines=(dish("Ceviche", 1, 1000, 90), dish("Soup", 1, 500, 45)))
SECOND = replace(ORDER, id="o2")  # with the same units
OTHER = an_order("Tea", order_id="o2")


@pytest.fixture
def on_commit(engine):
    engine.terms = Terms(on_commit=True)
    return engine


# A cancel is remembered


async def test_an_injection_from_before_the_cancel_makes_nothing(engine):
    await engine.take(cancelled(received=START + 5), placed(ORDER, received=START))
    await engine.drain()
    row = await engine.only()
    assert (row.state, row.cause) == ("voided", "the checkout was cancelled")
    assert engine.pos_system.printed == []


async def test_a_repeat_from_before_the_cancel_brings_nothing_back(engine):
    await engine.take(placed(ORDER, received=START), cancelled(received=START + 5))
    await engine.take(placed(ORDER, received=START + 1))
    await engine.drain()
    assert await engine.states() == ["place 1 voided"]


async def test_a_repeat_from_before_the_cancel_does_not_take_the_void_back(engine):
    await engine.take(placed(ORDER, received=START))
    await engine.drain()
    await engine.take(cancelled(received=START + 5), placed(ORDER, received=START + 1))
    await engine.drain()
    assert await engine.states() == ["place 1 done", "cancel 2 done"]


async def test_an_injection_from_after_the_cancel_is_made(engine):
    await engine.take(cancelled(received=START + 5), placed(ORDER, received=START + 6))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche Soup"]


async def test_the_last_cancel_counts_whatever_comes_last(engine):
    await engine.take(cancelled(received=START + 5), cancelled(received=START + 2))
    await engine.take(placed(ORDER, received=START + 3))
    assert await engine.states() == ["place 1 voided"]


@pytest.mark.parametrize("sign", [finished, lambda: changed(ORDER)])
async def test_a_sign_brings_what_was_cancelled_before_it_was_heard_of(engine, sign):
    await engine.take(cancelled(received=START + 5), placed(ORDER, received=START), sign())
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Ceviche Soup REFIRED"]


async def test_a_sign_before_it_goes_before_the_cancel(engine):
    await engine.take(finished(), cancelled(received=START + 5), placed(ORDER, received=START))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche Soup"]


# Attempts that keep the ids of their units


async def test_a_refund_does_not_make_an_attempt_that_came_to_nothing(engine):
    await engine.take(placed(ORDER), cancelled())
    await engine.take(placed(SECOND, received=START + 60), changed(SECOND))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert [text.split()[:2] for text in engine.pos_system.printed] == [
        ["place", "o2"],
        ["refund", "o2"],
    ]


async def test_a_refund_goes_with_the_attempt_that_was_paid_though_another_one_is_newer(engine):
    await engine.take(placed(ORDER), changed(ORDER))
    await engine.drain()
    await engine.take(placed(SECOND, received=START + 60, fate=Fate.GONE))
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert await engine.states("o2") == ["place 1 waiting"]
    assert await engine.states("o1") == ["place 1 done", "refund 2 done"]


async def test_a_refund_goes_with_the_attempt_that_is_printed_rather_than_with_a_ghost(engine):
    await engine.take(placed(ORDER))
    await engine.take(placed(SECOND, received=START + 60, fate=Fate.GONE))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert await engine.states("o2") == ["place 1 waiting"]
    assert await engine.states("o1") == ["place 1 done", "refund 2 done"]


async def test_of_attempts_that_are_all_printed_a_refund_goes_with_the_one_that_was_paid(engine):
    await engine.take(placed(ORDER), placed(SECOND, received=START + 60), changed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    assert await engine.states("o1") == ["place 1 done", "refund 2 ready"]
    assert await engine.states("o2") == ["place 1 done"]


@pytest.mark.parametrize(("first", "last"), [(ORDER, SECOND), (SECOND, ORDER)])
async def test_of_attempts_that_all_wait_a_refund_makes_the_newest(on_commit, first, last):
    await on_commit.take(placed(first), placed(last, received=START + 60))
    await on_commit.take(refunded({"Soup-0": (0, 0)}))
    await on_commit.drain()
    assert on_commit.pos_system.printed == [f"place {last.id} v1: Ceviche"]


async def test_a_refund_that_was_told_goes_on_with_the_order_that_was_paid(engine):
    """And not with an attempt that comes in late with the same units."""
    await engine.take(placed(ORDER, received=START + 60), changed(ORDER))
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.take(placed(SECOND, received=START, fate=Fate.GONE))
    await engine.drain()
    assert await engine.states("o2") == ["place 1 waiting"]


# The newest attempt


async def test_the_attempt_that_was_placed_last_is_the_one_that_was_paid(on_commit):
    """A guest who comes back to the first order keeps its id."""
    await on_commit.take(placed(ORDER), placed(OTHER, received=START + 10))
    await on_commit.take(placed(later(ORDER), received=START + 20), finished(received=START + 30))
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o1 v1: Ceviche Soup"]


async def test_an_attempt_that_comes_in_late_is_not_the_newest(on_commit):
    await on_commit.take(placed(OTHER, received=START + 10), finished(received=START + 30))
    await on_commit.take(placed(ORDER, received=START))
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o2 v1: Tea"]


async def test_the_attempt_that_was_placed_last_is_made_though_the_end_was_heard_before_it(
    on_commit,
):
    await on_commit.take(placed(ORDER), finished(received=START + 30))
    await on_commit.take(placed(OTHER, received=START + 20))
    await on_commit.drain()
    assert on_commit.pos_system.printed[-1] == "place o2 v1: Tea"


async def test_a_guest_who_came_back_is_served_though_the_end_was_heard_before(on_commit):
    await on_commit.take(placed(ORDER), placed(OTHER, received=START + 10))
    await on_commit.take(finished(received=START + 30), placed(ORDER, received=START + 20))
    await on_commit.drain()
    assert "place o1 v1: Ceviche Soup" in on_commit.pos_system.printed


async def test_an_older_copy_does_not_make_its_attempt_older(on_commit):
    await on_commit.take(placed(ORDER), placed(OTHER, received=START + 10))
    await on_commit.take(placed(OTHER, received=START - 10), finished(received=START + 30))
    await on_commit.drain()
    assert on_commit.pos_system.printed == ["place o2 v1: Tea"]


async def test_a_change_does_not_make_its_order_the_newest(on_commit):
    await on_commit.take(placed(ORDER), placed(OTHER, received=START + 10))
    await on_commit.take(changed(ORDER, received=START + 20), finished(received=START + 30))
    await on_commit.drain()
    assert len(on_commit.pos_system.printed) == 2


# Injections without an answer


async def test_an_injection_without_an_answer_changes_nothing_about_a_paid_order(engine):
    await engine.take(placed(ORDER), changed(ORDER))
    await engine.drain()
    await engine.take(placed(later(ORDER, "Lobster"), fate=Fate.GONE))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche Soup"]


async def test_an_injection_without_an_answer_changes_nothing_about_one_that_got_its_yes(engine):
    await engine.take(placed(ORDER), placed(later(ORDER, "Lobster"), fate=Fate.GONE))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche Soup"]


async def test_of_two_injections_without_an_answer_the_later_is_made_once_it_is_paid(engine):
    await engine.take(placed(ORDER, fate=Fate.GONE))
    await engine.take(placed(later(ORDER, "Lobster"), fate=Fate.GONE), finished())
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Lobster"]


async def test_what_came_to_nothing_is_placed_again_as_it_is_now(engine):
    await engine.take(placed(ORDER), cancelled())
    await engine.take(placed(later(ORDER, "Lobster"), fate=Fate.GONE), finished())
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Lobster"]


async def test_what_was_taken_back_is_made_again_as_it_is_now(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    await engine.take(placed(later(ORDER, "Lobster"), fate=Fate.GONE), finished())
    await engine.drain()
    assert engine.pos_system.printed[-1] == "place o1 v3: Lobster REFIRED"


# Closed as soon as it is paid


CLOSED = replace(later(ORDER), closed_at=moment(START + 60))


async def test_an_order_that_was_closed_before_its_injection_was_heard_is_made(engine):
    """Where nobody tells the platform what becomes of an order, it is closed at once."""
    await engine.take(changed(CLOSED), placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche Soup"]


async def test_an_order_that_was_voided_and_paid_is_made_though_it_was_closed_at_once(engine):
    await engine.take(placed(ORDER), cancelled(), changed(CLOSED))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Ceviche Soup REFIRED"]


async def test_an_order_that_was_emptied_and_closed_is_over(engine):
    await engine.take(placed(ORDER), changed(replace(later(ORDER), lines=())))
    await engine.take(changed(replace(later(ORDER, by=120), closed_at=moment(START + 120))))
    await engine.take(placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed == []


async def test_a_dish_that_is_added_to_a_voided_and_closed_order_is_made(engine):
    closed = replace(later(ORDER, by=120), lines=(), closed_at=moment(START + 120))
    await engine.take(placed(ORDER), changed(replace(later(ORDER), lines=())), changed(closed))
    await engine.take(changed(later(closed, "Soup")))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v2: Soup REFIRED"]


# Copies, and what a runner must know


async def test_a_late_copy_undoes_nothing_that_has_the_same_time(engine):
    first = later(ORDER, facts=(("Note", "A"),))
    second = replace(first, facts=(("Note", "B"),))
    await engine.take(placed(ORDER))
    await engine.drain()
    for news in (first, second, first, second):
        await engine.take(changed(news))
        await engine.drain()
    assert await engine.states() == ["place 1 done", "change 2 done", "change 3 done"]
    assert (await engine.book()).current == second


async def test_an_injection_again_is_no_news_of_what_has_the_same_time(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(placed(replace(ORDER, facts=(("Note", "A"),))))
    assert await engine.states() == ["place 1 done"]


async def test_without_times_an_order_may_be_changed_back(engine):
    first, second = an_order("Soup", at=None), an_order("Salad", at=None)
    await engine.take(placed(first))
    await engine.drain()
    for news in (second, first):
        await engine.take(changed(news))
        await engine.drain()
    assert await engine.states() == ["place 1 done", "change 2 done", "change 3 done"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            {"address": Address(street="1 Main", city="Troy")},
            {"address": Address(street="99 Elm", city="Troy")},
            [("address", "1 Main, Troy", "99 Elm, Troy")],
        ),
        ({}, {"address": Address(street="99 Elm")}, [("address", "", "99 Elm")]),
        ({"address": Address(street="99 Elm")}, {"address": None}, []),
        (
            {"table": Table(id="t", name="4", hostname="bar")},
            {"table": Table(id="u", name="4", hostname="roof")},
            [("table", "4 (bar)", "4 (roof)")],
        ),
        (
            {"table": Table(id="t", name="4", hostname="bar")},
            {"table": Table(id="u", name="9", hostname="bar")},
            [("table", "4", "9")],
        ),
        (
            {"table": Table(id="t", name="4", hostname="bar")},
            {"table": Table(id="t", name="4")},
            [],
        ),
    ],
    ids=["moved", "brought", "not told", "another place", "another table", "no place told"],
)
async def test_another_place_to_bring_it_to_is_told(engine, before, after, words):
    order = replace(ORDER, **before)
    await engine.take(placed(order))
    await engine.drain()
    await engine.take(changed(later(order, **after)))
    told = [
        one for delivery in (await engine.book()).deliveries for one in delivery.slip.differences
    ]
    assert [(one.what, one.before, one.after) for one in told] == words


# A mistake of ours


@pytest.mark.parametrize(("news", "is_sign"), [(placed(ORDER), False), (changed(ORDER), True)])
async def test_what_could_not_be_booked_is_no_sign_of_its_own(engine, news, is_sign):
    def hold(tx):
        orders.hold_unbooked(tx, news, ORDER, "a bug", engine.clock(), report=False)
        return checkouts.lacks_signs(tx, RESTAURANT, engine.clock() + 10)

    assert await engine.ledger.write(hold) is not is_sign


async def test_what_could_not_be_booked_leaves_the_sign_as_it_was(engine):
    await engine.take(placed(ORDER), changed(ORDER))
    news = placed(later(ORDER))
    await engine.ledger.write(
        lambda tx: orders.hold_unbooked(tx, news, ORDER, "a bug", engine.clock(), report=False)
    )
    assert (await engine.book()).committed
