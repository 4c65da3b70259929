"""28, 59: refunds, of an order whose items and checkout are those of the files."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.doorway import PAYLOADS
from tests.integration.payloads.house import altered, payload
from tests.integration.payloads.test_orders import SAMPLE_ORDER

pytestmark = pytest.mark.asyncio(loop_scope="session")

INJECTION, SAMPLE, OLDER = (
    "02_injection_sample.json",
    "59a_refund_sample.json",
    "59h_older_state.json",
)
REFUND = orjson.loads(payload(SAMPLE))
CHECKOUT = REFUND["checkout_id"]
UNITS = [one["orderitem_id"] for one in REFUND["orderitems_now"]]
BY_HAND = "Kitchen board cannot take a refund: correct order 233 by hand"
WHOLE = 2600
# (cents, what is left to make) where units were refunded whole: a slip for the kitchen.
PRINTED = {
    SAMPLE: (WHOLE, 1),
    "59e_response_null.json": (WHOLE, 1),
    OLDER: (1300, 2),
    "59i_item_given_twice.json": (1300, 2),
    "59j_no_service_charges.json": (WHOLE, 1),
    "59k_lists_as_text.json": (WHOLE, 1),
    "59l_form.txt": (WHOLE, 1),
}
# (cents, words) where the kitchen makes everything all the same: a task for people.
TASKS = {
    "59c_part_of_an_amount.json": (504, "refund 5.04: Ceviche 4.63 + tax 0.41"),
    "59d_only_the_tax.json": (318, "refund 3.18: " + "; ".join(["Ceviche 0.00 + tax 1.06"] * 3)),
    "59f_only_the_service_charge.json": (548, "refund 5.48: service charge 5.04 + tax 0.44"),
}
BY_EYE = "the platform does not tell all of a refund: correct order 233 by hand"
# Of units that the order does not have.
STRANGE = {"59m_ids_are_numbers.json": "an item that is on no order known here"}
UNREAD = (400, "bad_json")
# One unit whole, which the kitchen is told, and part of another, which it is not.
DISCOUNTED = "59g_discounted_item.json"
NEGATIVE = "59r_money_is_negative.json"
AS_PUBLISHED = "59b_refund_as_published.txt"
NO_CHECKOUT = "59x_checkout_missing.json"
ALONE = {DISCOUNTED, NEGATIVE, AS_PUBLISHED, NO_CHECKOUT}
# What is not understood is never taken for nothing, and never refused to the platform.
NOT_UNDERSTOOD = sorted(
    path.name
    for path in PAYLOADS.glob("59*")
    if path.name not in {*PRINTED, *TASKS, *STRANGE, *ALONE}
)


def the_order(units=UNITS, **order):
    """The injection sample with these units, and the fee of which the files tell what is left."""
    first = orjson.loads(payload(INJECTION))["order"]["items"][0]
    items = [first | {"id": unit} for unit in units]
    tax = sum(one["tax_cents"] for one in items) + 89
    more = {"checkout_id": CHECKOUT, "items": items, "fee_pretax_cents": 1008, "tax_cents": tax}
    return altered(INJECTION, order=more | order)


async def placed(house, *args, **order):
    assert (await house.post(the_order(*args, **order))).status == 200
    await house.settle()


async def refunded(house, *names):
    for name in names:
        answer = await house.post_file(name, "items-refunded")
        assert (answer.status, answer.document["result"]) == (200, "recorded")
        await house.settle()


async def refunds(house, order_id=SAMPLE_ORDER):
    """(state, cents) of each."""
    order = await house.order(order_id)
    return [
        (one["state"], one["amount_cents"])
        for one in order["deliveries"]
        if one["operation"] == "refund"
    ]


def left(count):
    return [[f"{count} x Ceviche + Èclairs"]]


@pytest.mark.parametrize("name", PRINTED)
async def test_59_units_refunded_before_they_were_made_are_taken_off_the_ticket(house, name):
    here = house()
    await placed(here)
    await refunded(here, name)
    cents, count = PRINTED[name]
    (ticket,) = await here.tickets()

    assert await refunds(here) == [("done", cents)]
    assert (ticket["kind"], ticket["changes"][0]["what"]) == ("refund", "removed")
    assert await here.lines() == left(count)


async def test_59_the_money_that_the_kitchens_slip_does_not_tell_is_a_task_beside_it(house):
    here = house()
    await placed(here)
    await refunded(here, DISCOUNTED)
    order = await here.order(SAMPLE_ORDER)

    assert await refunds(here) == [("done", 1300), ("held", 109)]
    words = "refund 1.09: Ceviche 1.00 + tax 0.09"
    assert order["deliveries"][-1]["cause"] == f"{BY_HAND} ({words})"
    assert await here.lines() == left(2)


@pytest.mark.parametrize("name", TASKS)
async def test_59_money_alone_is_a_task_that_names_it_and_no_news_for_the_kitchen(house, name):
    here = house()
    await placed(here)
    await refunded(here, name)
    cents, words = TASKS[name]
    order, (ticket,) = await here.order(SAMPLE_ORDER), await here.tickets()

    assert (order["state"], await refunds(here)) == ("held", [("held", cents)])
    assert order["deliveries"][-1]["cause"] == f"{BY_HAND} ({words})"
    assert (ticket["version"], await here.lines()) == (1, left(3))


async def test_59_units_that_were_done_already_are_a_task_that_names_the_amount(house):
    here = house()
    first = orjson.loads(the_order())["order"]["items"]
    await placed(here, items=[one | {"status": "done"} for one in first])
    await refunded(here, SAMPLE)
    order = await here.order(SAMPLE_ORDER)

    assert await refunds(here) == [("held", WHOLE)]
    assert order["deliveries"][-1]["cause"].startswith(f"{BY_HAND} (refund 26.00: ")
    assert await here.lines() == left(3)


async def test_59_a_refund_told_twice_is_one_refund(house):
    here = house()
    await placed(here)
    await refunded(here, SAMPLE, SAMPLE)

    assert (await here.notes())[-1] == "known already"
    assert await refunds(here) == [("done", WHOLE)]


async def test_59_two_refunds_in_order_are_each_what_fell_since(house):
    here = house()
    await placed(here)
    await refunded(here, OLDER, SAMPLE)

    assert await refunds(here) == [("done", 1300), ("done", 1300)]
    assert await here.lines() == left(1)


async def test_59_two_refunds_out_of_order_come_to_the_same(house):
    here = house()
    await placed(here)
    await refunded(here, SAMPLE, OLDER)

    assert await refunds(here) == [("done", WHOLE)]
    assert await here.lines() == left(1)


async def test_59_a_refund_of_an_unknown_checkout_is_kept_and_makes_nothing(house):
    here = house()
    await refunded(here, SAMPLE)
    (row,) = await here.rows()

    assert (row["stage"], row["checkout_id"]) == ("recorded", CHECKOUT)
    assert await here.notes() == ["no order of this checkout is known here yet"]
    assert (await here.orders(), await here.tickets()) == ([], [])
    assert row["correlation_id"] in await here.findings()


async def test_59_a_refund_before_its_order_leaves_out_what_was_refunded(house):
    here = house()
    await refunded(here, SAMPLE)
    await placed(here)

    assert [cents for _state, cents in await refunds(here)] == [WHOLE]
    assert await here.lines() == left(1)


async def test_59_a_refund_before_the_ticket_is_made_is_taken_out_of_it(house):
    here = house()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await placed(here, user_desired_time=tomorrow)
    await refunded(here, SAMPLE)
    assert await here.tickets() == []
    now = {"user_desired_time": None, "last_modified": "2021-12-08T02:00:00Z"}
    await here.post(the_order(**now), "order-change")
    order = await here.order(SAMPLE_ORDER)

    assert await here.lines() == left(1)
    assert [cents for _state, cents in await refunds(here)] == [WHOLE]
    assert order["deliveries"][0]["state"] == "done"


@pytest.mark.parametrize("name", STRANGE)
async def test_59_a_refund_of_strange_units_is_a_task_to_look_it_up(house, name):
    here = house()
    await placed(here)
    await refunded(here, name)
    order = await here.order(SAMPLE_ORDER)

    assert await refunds(here) == [("held", 0)]
    unknown = f"{STRANGE[name]} (amount unknown: look at the platform)"
    assert order["deliveries"][-1]["cause"] == f"{BY_EYE} (refund of an unknown amount: {unknown})"
    assert await here.lines() == left(3)


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
async def test_59_a_refund_that_is_not_understood_is_a_task_to_look_it_up(house, name):
    here = house()
    await placed(here)
    await refunded(here, name)
    row, order = (await here.rows())[-1], await here.order(SAMPLE_ORDER)

    assert row["body"] == payload(name)
    assert await refunds(here) == [("held", 0)]
    cause = order["deliveries"][-1]["cause"]
    assert cause.startswith(f"{BY_EYE} (refund of an unknown amount: a refund that cannot be read")
    assert await here.lines() == left(3)


async def test_59_a_refund_of_nobody_knows_what_is_named_by_the_doctor(house):
    here = house()
    await placed(here)
    answer = await here.post_file(NO_CHECKOUT, "items-refunded")
    row = (await here.rows())[-1]

    assert (answer.status, answer.document["result"]) == (200, "archived")
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert row["correlation_id"] in await here.findings()


async def test_59_less_than_nothing_that_is_left_of_a_unit_is_a_task_to_look_it_up(house):
    here = house()
    await placed(here)
    await refunded(here, NEGATIVE)
    order = await here.order(SAMPLE_ORDER)

    assert await refunds(here) == [("done", WHOLE), ("held", 1194)]
    assert "less than nothing is left" in order["deliveries"][-1]["cause"]
    assert await here.lines() == left(1)


async def test_59_the_refund_as_published_is_no_json_and_named_by_the_doctor(house):
    here = house()
    await placed(here)
    answer = await here.post_file(AS_PUBLISHED, "items-refunded")
    row = (await here.rows())[-1]

    assert (answer.status, answer.document["code"]) == UNREAD
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert row["correlation_id"] in await here.findings()


async def test_28_a_refund_finds_its_order_among_several_of_one_checkout(house):
    here = house()
    await placed(here, ["another-unit"], id="another-order", fee_pretax_cents=0)
    await placed(here)
    await refunded(here, SAMPLE)

    assert await refunds(here, "another-order") == []
    assert await refunds(here) == [("done", WHOLE)]
    assert sorted(await here.lines()) == [*left(1), *left(1)]
