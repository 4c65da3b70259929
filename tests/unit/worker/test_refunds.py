"""Refunds: what the platform told of them, and who hears it."""

from dataclasses import replace

import pytest

from bridge.ledger import history
from bridge.model import Fate, SlipKind
from bridge.worker.booking import Terms
from tests.engine import (
    RESTAURANT,
    START,
    Engine,
    MemoryPos,
    a_spec,
    an_order,
    cancelled,
    changed,
    dish,
    later,
    moment,
    placed,
    refunded,
    unread,
)
from tests.unit.worker.refunds import (
    ALL,
    FULL,
    ORDER,
    TEA,
    BookingPos,
    amounts,
    called,
    of,
    slips,
    tasks,
)

# Never silence


async def test_items_that_are_on_no_order_are_a_task_on_the_order_that_there_is(printed):
    await printed.take(refunded({"strange": (0, 0)}), refunded({"strange": (0, 0)}))
    (task,) = await tasks(printed)
    assert task.startswith("the platform does not tell all of a refund: correct order o1 by hand")
    assert "an item that is on no order known here (amount unknown: look at" in task


async def test_what_is_known_of_a_refund_goes_its_way_beside_what_is_not(printed):
    await printed.take(refunded({"strange": (100, 0), "Soup-0": (0, 0)}))
    assert len(await tasks(printed)) == 1
    assert await amounts(printed) == [545, 0]
    assert printed.pos_system.printed[-1].startswith("refund o1 v2")


WITH_TEA = replace(later(ORDER), lines=(*ORDER.lines, *TEA.lines))


async def test_a_task_is_answered_by_the_order_once_it_tells_of_the_item(printed):
    await printed.take(refunded({"Tea-0": (0, 0)}))
    assert "amount unknown" in (await tasks(printed))[0]
    await printed.take(changed(WITH_TEA))

    (task,) = await tasks(printed)
    assert "refund 3.27: Tea 3.00 + tax 0.27" in task
    (answered,) = [row for row in await printed.rows() if row.state == "voided"]
    assert answered.cause == "an order tells of it by now"


async def test_a_task_stays_while_something_of_it_is_still_strange(printed):
    await printed.take(refunded({"Tea-0": (0, 0), "strange": (0, 0)}), changed(WITH_TEA))

    assert ["amount unknown" in task for task in await tasks(printed)] == [True, False]


async def test_a_task_that_nothing_answers_stays(printed):
    await printed.take(refunded({"strange": (0, 0)}), changed(later(ORDER, by=90)))

    assert len(await tasks(printed)) == 1


async def test_no_pos_gets_what_nobody_can_tell(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(ORDER), refunded({"strange": (0, 0)}))
    assert len(await tasks(engine)) == 1
    assert engine.pos_system.refunds == []


async def test_an_item_of_another_order_of_the_checkout_is_not_strange(engine):
    await engine.take(placed(ORDER), placed(TEA))
    await engine.take(refunded({"Tea-0": (100, 27), "Soup-0": (500, 45)}))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([], [200])


async def test_strange_items_are_no_sign_that_this_order_was_paid(engine):
    engine.terms = Terms(on_commit=True)
    await engine.take(placed(ORDER), refunded({"strange": (0, 0)}))
    await engine.drain()
    assert await engine.states() == ["place 1 waiting"]
    await engine.take(changed(ORDER))
    assert len(await tasks(engine)) == 1


async def test_strange_items_are_told_with_the_attempt_that_is_made(engine):
    await engine.take(placed(ORDER), cancelled(), refunded({"strange": (0, 0)}))
    assert await amounts(engine) == []
    await engine.take(placed(TEA, received=START + 60), changed(TEA))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([], [0])


async def test_a_refund_that_could_not_be_read_is_a_task_that_says_why(printed):
    await printed.take(unread("orderitems_now[0].tax_cents_now is missing"))
    (task,) = await tasks(printed)
    assert "a refund that cannot be read (orderitems_now[0].tax_cents_now is missing)" in task


# Before the ticket, and beside it


async def test_what_was_refunded_before_it_was_sent_is_not_on_the_ticket(engine):
    await engine.take(placed(ORDER), refunded({"Soup-0": (0, 0), "Ceviche-0": FULL}))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    (slip,) = await slips(engine)
    assert (slip.refund.amount_cents, slip.refund.lines[0].on_ticket) == (545, False)
    assert slip.differences == ()
    assert "Soup 5.00 + tax 0.45 (was not on the ticket)" in (await tasks(engine))[0]


async def test_a_side_dish_that_was_free_goes_with_the_whole_refund(engine):
    order = of(dish("Burger", 1, 1000, 90), dish("Bread", 1, 0, 0))
    await engine.take(placed(order), refunded({"Burger-0": (0, 0), "Bread-0": (0, 0)}))
    await engine.drain()
    assert await engine.states() == ["place 1 voided"]


async def test_the_kitchen_need_not_make_a_free_side_dish_of_nothing(engine):
    order = of(dish("Burger", 1, 1000, 90), dish("Bread", 1, 0, 0))
    await engine.take(placed(order))
    await engine.drain()
    await engine.take(refunded({"Burger-0": (0, 0), "Bread-0": (0, 0)}))
    (slip,) = await slips(engine)
    assert {change.before for change in slip.differences} == {"1 x Burger", "1 x Bread"}


async def test_a_side_dish_that_was_free_stays_beside_what_is_left(printed):
    lines = (*ORDER.lines, dish("Bread", 1, 0, 0))
    await printed.take(changed(replace(later(ORDER), lines=lines)))
    await printed.take(refunded(ALL | {"Soup-0": (0, 0), "Bread-0": (0, 0)}))
    (slip,) = await slips(printed)
    assert [change.before for change in slip.differences] == ["1 x Soup"]


async def test_a_ticket_that_is_fired_again_hears_of_the_refunds_of_the_first(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(ORDER))
    await engine.drain()
    for event in (
        refunded({"Ceviche-0": (400, 40)}),
        changed(replace(later(ORDER), lines=())),
        changed(later(ORDER, by=120)),
    ):
        await engine.take(event)
        await engine.drain()
    assert await amounts(engine) == [650, 650]
    assert [ref for _ticket, ref in engine.pos_system.refunds] == [
        row.pos_ref for row in await engine.rows() if row.operation == "place"
    ]


async def test_an_order_of_which_all_was_refunded_before_it_was_sent_is_voided(engine):
    left = dict.fromkeys(["Ceviche-0", "Ceviche-1", "Soup-0"], (0, 0))
    await engine.take(placed(ORDER), refunded(left))
    await engine.drain()
    assert await engine.states() == ["place 1 voided"]


async def test_a_refund_is_a_sign_that_the_guest_paid(engine):
    engine.terms = Terms(on_commit=True)
    await engine.take(placed(ORDER, fate=Fate.GONE), refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_refund_that_comes_before_its_order_waits_for_it(engine):
    await engine.take(refunded({"Soup-0": (0, 0)}), placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    assert await amounts(engine) == [545]


async def test_a_change_after_the_refund_does_not_bring_the_item_back(printed):
    await printed.take(refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    before = list(printed.pos_system.printed)
    await printed.take(changed(later(ORDER)))
    await printed.drain()
    assert printed.pos_system.printed == before


async def test_a_change_that_waits_is_not_lost_by_a_refund_behind_it(printed):
    table = later(ORDER, facts=(("Table", "7"),))
    await printed.take(changed(table), refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    kinds = [text.split()[0] for text in printed.pos_system.printed]
    assert kinds == ["place", "change", "refund"]


async def test_a_refund_of_a_cancelled_order_puts_nothing_right_in_the_pos(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    left = dict.fromkeys(["Ceviche-0", "Ceviche-1", "Soup-0"], (0, 0))
    await engine.take(refunded(left))
    assert await engine.states() == ["place 1 done", "cancel 2 done"]


async def test_a_refund_of_an_order_that_the_pos_refused_is_kept_and_sent_nowhere(engine):
    await engine.take(placed(ORDER))
    await engine.ledger.write(lambda tx: tx.execute("UPDATE delivery SET state = 'refused'"))
    await engine.take(refunded({"Soup-0": (0, 0)}))
    assert await engine.states() == ["place 1 refused", "refund 2 voided"]
    assert await amounts(engine) == [545]


# Where it goes


async def test_a_printer_is_told_what_it_need_not_make(printed):
    await printed.take(refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    assert printed.pos_system.printed[-1].startswith("refund o1 v2")
    (slip,) = await slips(printed)
    assert [change.before for change in slip.differences] == ["1 x Soup"]


async def test_what_is_done_already_is_a_task_that_names_the_amount(printed):
    await printed.take(changed(later(called("done", ORDER))), refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    row = (await printed.rows())[-1]
    assert (row.operation, row.state, row.timer) == ("refund", "held", "task")
    assert "refund 5.45: Soup 5.00 + tax 0.45" in row.cause


@pytest.mark.parametrize("word", ["waiting", "accepted", "cooking", "", "READY"])
async def test_whatever_is_not_surely_done_is_told_to_the_kitchen(printed, word):
    await printed.take(changed(later(called(word, ORDER))), refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    assert printed.pos_system.printed[-1].startswith("refund o1 v2")


@pytest.mark.parametrize(
    "word", ["done", "Delivered", "en_route", "READY-FOR-DRIVER", "with driver"]
)
async def test_what_has_left_the_kitchen_is_not_told_to_it(printed, word):
    await printed.take(changed(later(called(word, ORDER))), refunded({"Soup-0": (0, 0)}))
    assert len(await tasks(printed)) == 1


async def test_a_closed_order_is_done_whatever_its_items_are_called(printed):
    closed = later(ORDER, closed_at=moment(START + 60))
    await printed.take(changed(closed), refunded({"Soup-0": (0, 0)}))
    assert len(await tasks(printed)) == 1


async def test_the_money_that_a_slip_does_not_tell_is_a_task_beside_it(printed):
    await printed.take(refunded({"Soup-0": (0, 0), "Ceviche-0": (600, 54)}))
    (task,) = await tasks(printed)
    assert "(refund 4.36: Ceviche 4.00 + tax 0.36)" in task
    assert await amounts(printed) == [545, 436]
    assert printed.pos_system.printed[-1] == "refund o1 v2: Ceviche refund of 5.45"


async def test_a_pos_that_books_refunds_gets_one_for_each_state(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0), "Ceviche-0": (600, 54)}))
    await engine.drain()
    assert len(engine.pos_system.refunds) == 1
    assert await amounts(engine) == [981]


async def test_part_of_an_amount_is_a_task_that_names_it(printed):
    await printed.take(refunded({"Soup-0": (450, 45)}))
    await printed.drain()
    row = (await printed.rows())[-1]
    assert (row.state, row.timer) == ("held", "task")
    assert "refund 0.50" in row.cause


async def test_a_pos_that_books_refunds_gets_the_lines_and_the_order_they_belong_to(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (450, 45)}))
    await engine.drain()
    ((_ticket, pos_ref),) = engine.pos_system.refunds
    assert pos_ref == (await engine.rows())[0].pos_ref
    assert await engine.states() == ["place 1 done", "refund 2 done"]


async def test_a_printer_that_knows_no_refund_prints_a_void(ledger, clock):
    slips_known = frozenset({SlipKind.PLACE, SlipKind.VOID})
    engine = Engine(ledger, clock, MemoryPos(a_spec(slips=slips_known)))
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert engine.pos_system.printed[-1].startswith("void o1 v2")


async def test_a_task_for_the_operator_shows_in_the_order(printed, ledger):
    await printed.take(refunded({"Soup-0": (450, 45)}))
    await printed.drain()
    document = await ledger.read(lambda tx: history.worker_document(tx, RESTAURANT, "o1"))
    assert (document["state"], document["deliveries"][-1]["amount_cents"]) == ("held", 50)


async def test_an_order_that_was_never_heard_of_is_not_made_by_a_refund(engine):
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert await engine.rows() == []


async def test_an_archived_order_has_nothing_to_put_right(engine):
    await engine.take(changed(an_order("", order_id="o1")), refunded({"Soup-0": (0, 0)}))
    assert await engine.rows() == []
