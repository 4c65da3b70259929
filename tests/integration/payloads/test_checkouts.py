"""27, 28, 58: how a checkout ends, before its order, after it, and without one."""

import orjson
import pytest

from tests.integration.payloads.house import ON_COMMIT, OTHER, altered, payload
from tests.integration.payloads.test_orders import CEVICHE, SAMPLE_ORDER

pytestmark = pytest.mark.asyncio(loop_scope="session")

FINISHED, CANCELLED = "58a_checkout_finished.json", "58b_checkout_cancelled.json"
CHECKOUT = orjson.loads(payload(FINISHED))["checkout_id"]
INJECTION = "02_injection_sample.json"
UNKNOWN = "no order of this checkout is known here yet"
# What each file of the end of a checkout gets where nothing is known of it.
RECORDED = (
    FINISHED,
    CANCELLED,
    "58c_finished_only_the_ids.json",
    "58f_finished_with_a_cart_of_nonsense.json",
    "58h_finished_form.txt",
)
ARCHIVED = (
    "58d_finished_without_checkout.json",
    "58e_cancelled_without_checkout.json",
    "58g_finished_without_restaurant.json",
)


def hook_of(name):
    return "checkout-cancelled" if "cancelled" in name else "checkout-finished"


def the_order(**order):
    return altered(INJECTION, order={"checkout_id": CHECKOUT, **order})


async def placed(house, **order):
    answer = await house.post(the_order(**order))
    await house.settle()
    return answer


async def told(house, *names):
    for name in names:
        answer = await house.post_file(name, hook_of(name))
        assert (answer.status, answer.document["result"]) == (200, "recorded")
        await house.settle()


@pytest.mark.parametrize("name", RECORDED)
async def test_58_an_end_without_any_order_is_kept_and_makes_nothing(house, name):
    here = house()
    await told(here, name)
    (row,) = await here.rows()

    assert (row["stage"], row["checkout_id"], row["body"]) == ("recorded", CHECKOUT, payload(name))
    assert (await here.notes(), await here.tickets()) == ([UNKNOWN], [])


@pytest.mark.parametrize("name", ARCHIVED)
async def test_58_an_end_of_nobody_knows_what_is_archived(house, name):
    here = house()
    answer = await here.post_file(name, hook_of(name))
    (row,) = await here.rows()

    assert (answer.status, answer.document["result"]) == (200, "archived")
    assert (row["stage"], row["body"]) == (None, payload(name))
    assert (await here.notes(), await here.tickets()) == ([], [])


async def test_27_a_cancel_after_the_yes_takes_the_ticket_back(house):
    here = house()
    yes = await placed(here)
    await told(here, CANCELLED)
    order, (ticket,) = await here.order(SAMPLE_ORDER), await here.tickets()

    assert (yes.status, order["state"]) == (200, "voided")
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done", "cancel 2 done"]
    assert (ticket["state"], ticket["kind"], ticket["lines"]) == ("void", "void", [])
    assert ticket["reason"] == "the checkout was cancelled"


async def test_27_a_cancel_before_the_ticket_was_made_voids_it_without_a_word(house):
    here = house(ON_COMMIT)
    await placed(here)
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 waiting"]
    await told(here, CANCELLED)

    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 voided"]
    assert await here.tickets() == []


async def test_28_a_cancel_in_one_restaurant_of_a_checkout_leaves_the_other_alone(house):
    here, there = house(), house(OTHER)
    await placed(here)
    await placed(there, restaurant_id=OTHER, id="the-other-order")
    await told(here, CANCELLED)

    assert (await here.order(SAMPLE_ORDER))["state"] == "voided"
    assert (await there.order("the-other-order"))["state"] == "done"
    assert await there.lines() == [CEVICHE]


async def test_58_a_finish_before_its_order_is_the_sign_it_would_wait_for(house):
    here = house(ON_COMMIT)
    await told(here, FINISHED)
    await placed(here)

    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_58_a_finish_releases_an_order_that_waits_for_it(house):
    here = house(ON_COMMIT)
    await placed(here)
    assert await here.tickets() == []
    await told(here, FINISHED)

    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_58_a_cancel_after_the_finish_changes_nothing(house):
    here = house()
    await placed(here)
    await told(here, FINISHED, CANCELLED)

    assert (await here.notes())[-1].startswith("archived: the guest had paid before")
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_58_cancelled_twice_is_taken_back_once(house):
    here = house()
    await placed(here)
    await told(here, CANCELLED, CANCELLED)

    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done", "cancel 2 done"]
    assert [ticket["state"] for ticket in await here.tickets()] == ["void"]
