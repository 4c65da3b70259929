"""What fell, exactly once, to the cent: a state told by the platform, and what was paid."""

import random
from dataclasses import replace

import pytest

from bridge.model import Totals
from tests.engine import START, Engine, cancelled, changed, dish, finished, later, placed, refunded
from tests.unit.worker.refunds import ALL, FULL, ORDER, TEA, BookingPos, amounts, of, slips, tasks

# What fell


async def test_a_refund_brings_what_fell_of_price_and_tax(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0), "Ceviche-1": FULL, "Soup-0": (500, 45)}))
    assert await amounts(printed) == [1090]


async def test_each_new_state_brings_one_refund_of_what_fell_since(printed):
    for left in [(700, 63), (700, 63), (100, 9), (0, 0)]:
        await printed.take(refunded({"Ceviche-0": left}))
    assert await amounts(printed) == [327, 654, 109]


async def test_an_older_state_that_comes_late_brings_nothing(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0)}), refunded({"Ceviche-0": (700, 63)}))
    assert await amounts(printed) == [1090]


async def test_of_two_states_that_cross_each_item_counts_with_its_least(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0), "Soup-0": (500, 45)}))
    await printed.take(refunded({"Ceviche-0": FULL, "Soup-0": (0, 0)}))
    assert await amounts(printed) == [1090, 545]


async def test_the_tax_alone_may_be_refunded(printed):
    await printed.take(refunded({"Ceviche-0": (1000, 0)}))
    assert await amounts(printed) == [90]
    (slip,) = await slips(printed)
    assert not slip.refund.lines[0].is_gone


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_in_whatever_order_the_refunds_add_up(printed, seed):
    chance = random.Random(seed)  # noqa: S311  no secret
    states, left = [], {"Ceviche-0": FULL, "Ceviche-1": FULL, "Soup-0": (500, 45)}
    for _ in range(6):
        name = chance.choice(sorted(left))
        left = left | {name: tuple(chance.randint(0, cents) for cents in left[name])}
        states.append(left)
    chance.shuffle(states)
    for state in states:
        await printed.take(refunded(state))
    paid, rest = 2 * sum(FULL) + 545, sum(sum(cents) for cents in left.values())
    assert sum(await amounts(printed)) == paid - rest


async def test_a_price_that_the_platform_edits_is_no_refund(printed):
    lines = (dish("Ceviche", 2, 800, 72), dish("Soup", 1, 500, 45))
    await printed.take(changed(replace(later(ORDER), lines=lines)))
    assert await amounts(printed) == []


async def test_a_fee_falls_from_what_the_order_says_it_was(engine):
    await engine.take(placed(replace(ORDER, totals=Totals(fee_cents=300))))
    await engine.take(refunded({}, {"fee": (120, 10)}), refunded({}, {"fee": (120, 0)}))
    assert await amounts(engine) == [180, 10]
    (first, _second) = await slips(engine)
    assert [(line.name, line.is_charge) for line in first.refund.lines] == [
        ("service charge", True)
    ]


async def test_the_service_charges_of_a_checkout_count_once(engine):
    fee = Totals(fee_cents=300)
    await engine.take(placed(replace(ORDER, totals=fee)), placed(replace(TEA, totals=fee)))
    await engine.take(refunded({}, {"fee": (0, 0)}))
    assert await amounts(engine) == [300]


async def test_several_orders_of_a_checkout_are_told_apart_by_their_items(engine):
    await engine.take(placed(ORDER), placed(TEA))
    await engine.take(refunded({"Tea-0": (0, 0), "Soup-0": (0, 0)}))
    rows = await engine.rows()
    refunds = {row.order_id: row.amount_cents for row in rows if row.operation == "refund"}
    # Nothing is left of the second: it was not sent yet, so there is nothing to put right.
    assert refunds == {"o1": 545}
    assert await engine.states("o2") == ["place 1 voided"]


# Service charges


async def test_a_service_charge_takes_its_tax_along(engine):
    totals = Totals(fee_cents=1000, tax_cents=225 + 90)
    await engine.take(placed(replace(ORDER, totals=totals)), refunded(ALL, {"fee": (0, 0)}))
    assert await amounts(engine) == [1090]


async def test_the_tax_of_a_service_charge_may_be_refunded_alone(engine):
    totals = Totals(fee_cents=1000, tax_cents=225 + 90)
    await engine.take(placed(replace(ORDER, totals=totals)), refunded(ALL, {"fee": (1000, 0)}))
    assert await amounts(engine) == [90]


@pytest.mark.parametrize(
    ("tax", "left"), [(0, (0, 0)), (225, (120, 40))], ids=["not in the totals", "more than it was"]
)
async def test_where_the_tax_of_a_charge_cannot_be_known_a_person_is_told(engine, tax, left):
    totals = Totals(fee_cents=1000, tax_cents=tax)
    await engine.take(placed(replace(ORDER, totals=totals)), refunded(ALL, {"fee": left}))
    (task,) = await tasks(engine)
    assert "(tax of the charge unknown)" in task
    assert await amounts(engine) == [1000 - left[0]]


async def test_what_falls_of_a_tax_after_it_was_said_to_be_unknown_is_known(engine):
    await engine.take(placed(replace(ORDER, totals=Totals(fee_cents=1000))))
    await engine.take(refunded(ALL, {"fee": (600, 40)}), refunded(ALL, {"fee": (600, 0)}))
    assert await amounts(engine) == [400, 40]
    assert "unknown" not in (await tasks(engine))[1]


async def test_several_service_charges_fall_as_one(engine):
    totals = Totals(fee_cents=1500, tax_cents=225 + 120)
    await engine.take(placed(replace(ORDER, totals=totals)))
    await engine.take(refunded(ALL, {"s1": (500, 40), "s2": (0, 0)}))
    assert await amounts(engine) == [1080]


async def test_a_fee_that_the_platform_takes_off_the_order_falls_all_the_same(printed):
    before = replace(later(ORDER), totals=Totals(fee_cents=1000, tax_cents=225))
    await printed.take(changed(before), changed(later(before, totals=Totals())))
    await printed.take(refunded(ALL, {"fee": (0, 0)}))
    assert await amounts(printed) == [1000]


async def test_a_charge_on_an_order_without_a_fee_is_looked_up_by_a_person(printed):
    await printed.take(refunded(ALL, {"fee": (120, 10)}), refunded(ALL, {"fee": (120, 10)}))
    (task,) = await tasks(printed)
    assert "(refund of an unknown amount: service charge (amount unknown: look at" in task
    assert await amounts(printed) == [0]
    await printed.take(refunded(ALL, {"fee": (20, 0)}))
    assert await amounts(printed) == [0, 110]


async def test_a_charge_that_is_more_than_the_fee_is_looked_up_by_a_person(engine):
    fee = Totals(fee_cents=200, tax_cents=225)
    await engine.take(placed(replace(ORDER, totals=fee)), refunded(ALL, {"fee": (500, 0)}))
    (task,) = await tasks(engine)
    assert "amount unknown" in task


async def test_a_charge_that_nobody_can_tell_is_asked_for_once(engine):
    order = replace(ORDER, totals=Totals(fee_cents=200, tax_cents=225))
    await engine.take(placed(order), refunded(ALL, {"fee": (500, 0)}))
    assert len(await tasks(engine)) == 1
    await engine.take(changed(later(order)), changed(later(order, by=90)))

    assert len(await tasks(engine)) == 1
    assert await amounts(engine) == [0]


async def test_a_charge_goes_with_the_attempt_that_is_made(engine):
    fee = Totals(fee_cents=300)
    await engine.take(placed(replace(ORDER, totals=fee)), cancelled())
    again = replace(TEA, totals=fee)
    await engine.take(placed(again, received=START + 60), finished(received=START + 61))
    await engine.take(refunded({}, {"fee": (0, 0)}, received=START + 100))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([], [300])


async def test_a_charge_goes_with_the_order_that_has_a_fee(engine):
    tea = replace(TEA, totals=Totals(fee_cents=300, tax_cents=27))
    await engine.take(placed(ORDER), placed(tea), changed(ORDER), changed(tea))
    await engine.take(refunded(ALL | {"Tea-0": (300, 27)}, {"fee": (0, 0)}))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([], [300])


async def test_a_charge_stays_with_the_order_that_told_of_it(engine):
    fee = Totals(fee_cents=300, tax_cents=225)
    await engine.take(placed(replace(ORDER, totals=fee)), refunded(ALL, {"fee": (200, 0)}))
    tea = replace(TEA, totals=Totals(fee_cents=300, tax_cents=27))
    await engine.take(placed(tea, received=START + 60), changed(tea, received=START + 61))
    await engine.take(refunded(ALL | {"Tea-0": (300, 27)}, {"fee": (0, 0)}))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([100, 200], [])


async def test_a_charge_told_on_a_ticket_that_was_taken_back_goes_with_the_next_attempt(engine):
    fee = Totals(fee_cents=300, tax_cents=225)
    await engine.take(placed(replace(ORDER, totals=fee)))
    await engine.drain()
    await engine.take(refunded({}, {"fee": (200, 0)}))
    await engine.drain()
    await engine.take(cancelled(received=START + 10))
    await engine.drain()
    tea = replace(TEA, totals=Totals(fee_cents=300, tax_cents=27))
    await engine.take(placed(tea, received=START + 60), changed(tea, received=START + 61))
    assert (await amounts(engine, "o1"), await amounts(engine, "o2")) == ([100], [100])


async def test_which_of_several_charges_is_which_orders_is_looked_up_by_a_person(engine):
    fee = Totals(fee_cents=300, tax_cents=225)
    await engine.take(placed(replace(ORDER, totals=fee)), placed(replace(TEA, totals=fee)))
    await engine.take(refunded({}, {"s1": (300, 0), "s2": (0, 0)}))
    assert len(await tasks(engine)) == 1
    assert await amounts(engine) == [0]


# What it cost


CHEAPER = (dish("Ceviche", 2, 800, 72), dish("Soup", 1, 500, 45))
LEFT_OF_IT = {"Ceviche-0": (800, 72), "Ceviche-1": (800, 72), "Soup-0": (0, 0)}


async def test_a_price_that_fell_before_the_pos_had_the_order_is_no_refund(engine):
    await engine.take(placed(ORDER), changed(replace(later(ORDER), lines=CHEAPER)))
    await engine.drain()
    await engine.take(refunded(LEFT_OF_IT))
    assert await amounts(engine) == [545]


async def test_an_attempt_that_came_to_nothing_says_nothing_of_the_next_ones_prices(engine):
    again = replace(later(ORDER), lines=CHEAPER)
    await engine.take(placed(ORDER), cancelled())
    await engine.take(placed(again, received=START + 60), changed(again), refunded(LEFT_OF_IT))
    assert await amounts(engine) == [545]


async def test_what_refunds_left_of_a_price_is_not_what_was_paid(engine):
    await engine.take(placed(ORDER), refunded(LEFT_OF_IT))
    await engine.take(changed(replace(later(ORDER), lines=CHEAPER)))
    await engine.drain()
    assert sum(await amounts(engine)) == 2 * 218 + 545


async def test_what_the_platform_shows_as_worth_nothing_was_refunded_if_it_says_so(engine):
    lines = (dish("Ceviche", 2, *FULL), dish("Soup", 1, 0, 0))
    await engine.take(placed(ORDER), changed(replace(later(ORDER), lines=lines)))
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    assert await amounts(engine) == [545]


async def test_a_discount_goes_back_with_what_it_was_given_on(printed):
    lines = (dish("Burger", 1, 1000, 90), dish("Discount", 1, -200, -18))
    await printed.take(changed(replace(later(ORDER), lines=(*ORDER.lines, *lines))))
    await printed.take(refunded({"Burger-0": (0, 0), "Discount-0": (0, 0)}))
    assert sum(await amounts(printed)) == 872


async def test_a_discount_that_is_taken_back_alone_is_booked_by_no_pos(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(of(*ORDER.lines, dish("Discount", 1, -200, 0))))
    await engine.take(refunded({"Discount-0": (0, 0)}))
    (task,) = await tasks(engine)
    assert "Discount -2.00 + tax 0.00 (look at the platform)" in task
    assert engine.pos_system.refunds == []


async def test_of_a_discount_what_is_nearest_to_nothing_counts(printed):
    lines = (dish("Burger", 1, 1000, 90), dish("Discount", 1, -200, 0))
    await printed.take(changed(replace(later(ORDER), lines=lines)))
    for left in [(500, -100), (0, 0), (500, -100)]:
        await printed.take(refunded({"Burger-0": (left[0], 0), "Discount-0": (left[1], 0)}))
    assert sum(await amounts(printed)) == 1090 - 200


async def test_less_than_nothing_that_is_left_of_a_dish_is_looked_up_by_a_person(printed):
    await printed.take(refunded({"Soup-0": (-1, 45)}))
    (task,) = await tasks(printed)
    assert "Soup 5.00 + tax 0.00 (less than nothing is left: look at" in task
