"""What was queued behind a ticket that has not gone out after all goes into it."""

from dataclasses import replace

import pytest

from bridge.adapter import (
    Capability,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    TicketRejected,
)
from bridge.ledger import timers
from bridge.model import Acceptance, DeliveryState
from bridge.worker.booking import fold_followers
from tests.engine import (
    RESTAURANT,
    START,
    an_order,
    cancelled,
    changed,
    dish,
    later,
    moment,
    nothing,
    placed,
    refunded,
)
from tests.unit.worker.books import ORDER, a_book, a_change, booked

DINNER = replace(nothing(), lines=(dish("Ceviche", 1, 1000, 90), dish("Soup", 1, 500, 45)))
ALL_BACK = {"Ceviche-0": (0, 0), "Soup-0": (0, 0)}
TOMORROW = START + 86_400
LOOKUP = frozenset({Capability.LOOKUP})


def meanwhile(engine, event, error):
    """The event comes while the ticket is being sent, and the POS does not take it."""

    async def step(_ticket, _key):
        await engine.take(event)
        raise error

    engine.pos_system.script = [step]


async def send(engine, order, event, error):
    meanwhile(engine, event, error)
    await engine.take(placed(order))
    await engine.drain()


async def try_again(engine, seconds=30):
    engine.clock.pass_time(seconds)
    engine.pos.took_ticket()  # the POS is well again
    await engine.drain()


NOT_REACHED = pytest.mark.parametrize(
    "error", [PosBusy(retry_after=5), PosUnreachable("no route")], ids=["busy", "unreachable"]
)


# Nothing was sent


@NOT_REACHED
async def test_what_was_cancelled_while_it_was_being_sent_never_comes_out(engine, error):
    await send(engine, ORDER, cancelled(), error)
    await try_again(engine)
    assert engine.pos_system.printed == []
    assert await engine.states() == ["place 1 voided", "cancel 2 voided"]
    assert {row.cause for row in await engine.rows()} == {"the checkout was cancelled"}


@NOT_REACHED
async def test_what_was_refunded_whole_while_it_was_being_sent_never_comes_out(engine, error):
    await send(engine, DINNER, refunded(ALL_BACK), error)
    await try_again(engine)
    assert engine.pos_system.printed == []
    assert {row.state for row in await engine.rows()} == {"voided"}


async def test_what_was_refunded_in_part_meanwhile_is_left_out_of_the_ticket(engine):
    await send(engine, DINNER, refunded({"Soup-0": (0, 0)}), PosBusy(retry_after=5))
    await try_again(engine)
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    refund = (await engine.book()).deliveries[-1]
    assert (refund.operation, refund.slip.differences) == ("refund", ())
    assert not refund.slip.refund.lines[0].on_ticket


async def test_what_was_changed_meanwhile_is_in_the_ticket_itself(engine):
    await send(engine, ORDER, changed(later(ORDER, "Salad")), PosBusy(retry_after=5))
    await try_again(engine)
    assert engine.pos_system.printed == ["place o1 v1: Salad"]
    assert await engine.states() == ["place 1 done", "change 2 voided"]


async def test_what_was_moved_to_tomorrow_meanwhile_comes_out_tomorrow(engine):
    news = changed(later(ORDER, due_at=moment(TOMORROW)))
    await send(engine, ORDER, news, PosBusy(retry_after=5))
    await try_again(engine)
    assert await engine.states() == ["place 1 waiting", "change 2 voided"]
    await try_again(engine, TOMORROW - 900 - engine.clock())
    assert await engine.states() == ["place 1 done", "change 2 voided"]
    assert len(engine.pos_system.printed) == 1


async def test_what_was_snoozed_meanwhile_sleeps(engine):
    news = changed(later(ORDER, snoozed_until=moment(START + 7200)))
    await send(engine, ORDER, news, PosBusy(retry_after=5))
    await try_again(engine)
    assert await engine.states() == ["place 1 waiting"]
    await try_again(engine, 7200)
    assert await engine.states() == ["place 1 done"]


async def test_more_news_do_not_wake_what_was_moved_to_tomorrow(engine):
    tomorrow = later(ORDER, due_at=moment(TOMORROW))
    await send(engine, ORDER, changed(tomorrow), PosBusy(retry_after=5))
    await engine.take(changed(later(tomorrow, "Salad")))
    await try_again(engine)
    assert (await engine.rows())[0].state == "waiting"
    assert engine.pos_system.printed == []


async def test_what_the_pos_does_not_have_and_nobody_wants_is_not_sent_again(serve):
    engine = serve(repeat=ReadBack(lag=1.0), capabilities=LOOKUP)
    await send(engine, ORDER, cancelled(), OutcomeUnknown("the line was cut"))
    await try_again(engine, 60)
    assert engine.pos_system.printed == []
    assert await engine.states() == ["place 1 voided", "cancel 2 voided"]


async def test_what_the_pos_does_not_have_is_sent_as_it_is_by_now(serve):
    engine = serve(repeat=ReadBack(lag=1.0), capabilities=LOOKUP)
    news = changed(later(ORDER, "Salad"))
    await send(engine, ORDER, news, OutcomeUnknown("the line was cut"))
    await try_again(engine, 60)
    assert engine.pos_system.printed == ["place o1 v1: Salad"]


async def test_what_the_pos_does_not_have_is_no_question_once_it_is_cancelled(serve):
    """Past its promise it would be one, if anybody still wanted it."""
    engine = serve(repeat=ReadBack(lag=1.0), capabilities=LOOKUP)
    await send(engine, ORDER, cancelled(), OutcomeUnknown("the line was cut"))
    await try_again(engine, 1801)
    assert await engine.states() == ["place 1 voided", "cancel 2 voided"]


async def test_what_cannot_be_sent_in_time_is_no_question_once_it_is_cancelled(engine):
    engine.clock.pass_time(1700)
    await send(engine, ORDER, cancelled(received=START + 1700), PosBusy(retry_after=300))
    assert await engine.states() == ["place 1 voided", "cancel 2 voided"]


async def test_what_cannot_be_sent_in_time_is_asked_about_as_it_is_by_now(engine):
    engine.clock.pass_time(1700)
    await send(engine, ORDER, changed(later(ORDER, "Salad")), PosBusy(retry_after=300))
    place, _change = (await engine.book()).deliveries
    assert (place.state, [line.name for line in place.content.lines]) == ("held", ["Salad"])


async def test_what_may_be_there_is_taken_back_behind_itself(engine):
    await send(engine, ORDER, cancelled(), OutcomeUnknown("the line was cut"))
    await try_again(engine)
    assert [text.split()[0] for text in engine.pos_system.printed] == ["place", "void"]


async def test_what_was_refused_takes_everything_behind_it_along(engine):
    await send(engine, ORDER, cancelled(), TicketRejected("no such dish"))
    assert await engine.states() == ["place 1 refused", "cancel 2 voided"]


def test_a_ticket_behind_which_nothing_waits_stays_as_it_is():
    assert fold_followers(a_book(booked(DeliveryState.READY)), START) == []


def test_what_may_have_been_sent_by_another_worker_stays_behind_the_ticket():
    book = a_book(
        booked(DeliveryState.READY), a_change(DeliveryState.UNKNOWN, later(ORDER, "Salad"))
    )
    assert fold_followers(book, START) == []


def test_a_ticket_that_is_out_takes_nothing_in():
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.READY, later(ORDER, "Salad")))
    assert fold_followers(book, START) == []


# Late


async def test_no_void_is_asked_for_of_what_was_never_printed(engine):
    await send(engine, ORDER, cancelled(), PosUnreachable("no route"))
    engine.clock.pass_time(4000)
    await engine.drain()
    assert await engine.states() == ["place 1 voided", "cancel 2 voided"]


async def test_of_a_late_order_there_is_one_question(engine):
    """Its refund belongs to it, and is booked or not as the order is."""
    engine.pos.pause("paper out")
    await engine.take(placed(DINNER), refunded({"Soup-0": (100, 9)}))
    engine.clock.pass_time(4000)
    await engine.drain()
    assert await engine.states() == ["place 1 held", "refund 2 ready"]


async def test_what_is_behind_a_ticket_on_its_way_is_not_late_before_it(engine):
    async def step(ticket, key):
        await engine.take(cancelled())
        engine.clock.pass_time(4000)
        await engine.ledger.write(lambda tx: timers.hold_late(tx, RESTAURANT, engine.clock()))
        return engine.pos_system.take(ticket, key)

    engine.pos_system.script = [step]
    await engine.take(placed(ORDER))
    await engine.turn()
    assert await engine.states() == ["place 1 done", "cancel 2 ready"]


async def test_a_refund_moves_to_its_orders_new_time_with_it(serve):
    engine = serve(capabilities=frozenset({Capability.REFUND}))

    async def refund(_ticket, _key, _pos_ref):
        return Acceptance(pos_ref="r")

    engine.pos_system.refund = refund
    order = replace(DINNER, due_at=moment(START + 3600))
    await engine.take(placed(order), changed(order), refunded({"Soup-0": (100, 9)}))
    await engine.take(changed(later(order, due_at=moment(START + 36_000))))
    await try_again(engine, 36_000 - 900)
    assert await engine.states() == ["place 1 done", "refund 2 done"]


async def test_a_change_does_not_shorten_the_time_that_a_refund_has(engine):
    await engine.take(placed(DINNER), refunded({"Soup-0": (100, 9)}, received=START + 600))
    await engine.take(changed(later(DINNER, facts=(("Table", "7"),)), received=START + 700))
    assert (await engine.rows())[1].promise_at == START + 600 + 1800


async def test_an_order_of_another_time_is_not_called_late_by_its_old_one(engine):
    due = an_order(due_at=moment(START + 3600))
    engine.clock.pass_time(2700)
    news = changed(later(due, due_at=moment(TOMORROW)))
    await send(engine, due, news, PosBusy(retry_after=5))
    await try_again(engine, TOMORROW - 900 - engine.clock())
    assert await engine.states() == ["place 1 done", "change 2 voided"]
