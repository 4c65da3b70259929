"""4 to 9, 16, 17, 19, 25: several calls about one order, or several orders that look alike."""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.integration.payloads.house import OTHER, SMALL, altered, payload
from tests.integration.payloads.test_orders import CEVICHE, SAMPLE_ORDER, SMALL_ORDER, SOUP

pytestmark = pytest.mark.asyncio(loop_scope="session")

INJECTION, CHANGE = "02_injection_sample.json", "03_change_sample.json"
NEWER = "07_newer_with_one_more_item.json"
LATER = "2021-12-08T01:00:00Z"


def moment(**ahead):
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def placed(house, name="01_minimal.json", **order):
    await house.post(altered(name, order=order))
    await house.settle()


async def told(house, name, **order):
    """The same order as it is later in another file; its board."""
    await house.post(altered(name, order={"last_modified": LATER, **order}), "order-change")
    (ticket,) = await house.tickets()
    return ticket


def changes(ticket):
    return [(one["what"], one["before"], one["after"]) for one in ticket["changes"]]


async def test_4_an_injection_and_its_change_at_once_make_one_ticket(house):
    here = house()
    body = payload(INJECTION)
    answers = await asyncio.gather(here.post(body), here.post(body, "order-change"))

    assert [answer.status for answer in answers] == [200, 200]
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_5_a_change_before_its_injection_makes_the_one_ticket(house):
    here = house()
    body = altered(INJECTION, order={"time": moment(), "last_modified": moment()})
    change = await here.post(body, "order-change")
    await here.settle()
    injection = await here.post(body)

    assert (change.status, injection.status) == (200, 200)
    assert injection.document["result"] == "accepted"
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_5_a_change_while_the_injection_is_answered_makes_one_ticket(house):
    here = house()
    body = altered(INJECTION, order={"time": moment(), "last_modified": moment()})
    answers = await asyncio.gather(here.post(body, "order-change"), here.post(body))

    assert [answer.status for answer in answers] == [200, 200]
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]


async def test_6_an_injection_three_times_gets_three_equal_answers_and_one_ticket(house):
    here = house()
    answers = [await here.post_file(INJECTION) for _ in range(3)]
    rows = await here.rows()

    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
    assert replayed == [None, "true", "true"]
    assert [row["repeat_of"] for row in rows] == [None, rows[0]["seq"], rows[0]["seq"]]
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [CEVICHE]


async def test_7_an_injection_again_with_one_more_item_adds_it_to_the_ticket(house):
    here = house()
    await placed(here, INJECTION)
    answer = await here.post_file(NEWER)
    (ticket,) = await here.tickets()

    assert (answer.status, answer.document["result"]) == (200, "accepted")
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done", "change 2 done"]
    assert changes(ticket) == [("added", "", "1 x Lemonade")]
    assert await here.lines() == [[*CEVICHE, "1 x Lemonade"]]


async def test_8_an_older_state_after_a_newer_one_changes_nothing(house):
    here = house()
    await here.post_file(NEWER)
    await here.settle()
    answer = await here.post_file(INJECTION, "order-change")

    assert (answer.status, await here.notes()) == (200, ["placed", "stale: dropped"])
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await here.lines() == [[*CEVICHE, "1 x Lemonade"]]


async def test_9_one_order_id_in_two_restaurants_is_a_ticket_in_each(house):
    here, there = house(), house(OTHER)
    answers = [
        await here.post_file(INJECTION),
        await there.post_file("09_same_order_id_other_restaurant.json"),
    ]

    assert [answer.document["result"] for answer in answers] == ["accepted", "accepted"]
    for one in (here, there):
        assert await one.deliveries(SAMPLE_ORDER) == ["place 1 done"]
        assert await one.lines() == [CEVICHE]


async def test_3_the_change_sample_tells_how_the_order_now_reaches_the_guest(house):
    here = house()
    await placed(here, INJECTION)
    answer = await here.post_file(CHANGE, "order-change")
    (ticket,) = await here.tickets()

    assert (answer.status, answer.document["result"]) == (200, "recorded")
    assert await here.deliveries(SAMPLE_ORDER) == ["place 1 done", "change 2 done"]
    assert changes(ticket) == [("fulfilment", "Delivery by driver", "Runner")]


@pytest.mark.parametrize("name", ["16b_all_done_and_closed.json", "16c_all_refunded.json"])
async def test_16_status_and_money_alone_are_no_change_for_the_kitchen(house, name):
    here = house(SMALL)
    await placed(here)
    ticket = await told(here, name)

    assert (ticket["version"], ticket["progress"]["waiting"]) == (1, 0)
    assert await here.deliveries(SMALL_ORDER) == ["place 1 done"]


async def test_16_units_of_several_states_are_counted_on_the_board(house):
    here = house(SMALL)
    await placed(here)
    ticket = await told(here, "16a_mixed_states.json")

    assert changes(ticket) == [("added", "", "2 x Soup of the day")]
    assert ticket["progress"] == {"units": 3, "waiting": 1, "closed": False}


async def test_17_an_order_for_tomorrow_waits_and_is_not_on_the_board(house):
    here = house(SMALL)
    snooze = moment(hours=23, minutes=15)
    await placed(here, user_desired_time=moment(days=1), snooze_till=snooze)
    order = await here.order(SMALL_ORDER)

    assert (order["state"], await here.tickets()) == ("waiting", [])
    assert await here.deliveries(SMALL_ORDER) == ["place 1 waiting"]


@pytest.mark.parametrize(
    "news",
    [
        pytest.param({"snooze_till": "1900-01-01T00:00:00Z"}, id="un-snoozed"),
        pytest.param({"user_desired_time": 5}, id="due in five minutes"),
    ],
)
async def test_17_an_order_for_tomorrow_is_made_once_it_is_to_be_made_now(house, news):
    here = house(SMALL)
    later = {"user_desired_time": moment(days=1), "snooze_till": moment(hours=23)}
    await placed(here, **later)
    minutes = news.get("user_desired_time")
    news = news if minutes is None else {"user_desired_time": moment(minutes=minutes)}
    await told(here, "01_minimal.json", **later | news)

    assert await here.deliveries(SMALL_ORDER) == ["place 1 done"]
    assert await here.lines() == [SOUP]


async def test_17_an_order_that_is_due_later_than_thought_goes_on_waiting(house):
    here = house(SMALL)
    await placed(here, user_desired_time=moment(hours=2))
    body = altered(
        "01_minimal.json", order={"last_modified": LATER, "user_desired_time": moment(days=2)}
    )
    await here.post(body, "order-change")

    assert (await here.deliveries(SMALL_ORDER), await here.tickets()) == (["place 1 waiting"], [])


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (None, [("table", "Barge", "")]),
        ({"id": "t9", "display_name": "Terrace 4"}, [("table", "Barge", "Terrace 4")]),
    ],
)
async def test_19_a_table_that_changed_is_told_to_the_kitchen(house, table, what):
    here = house(SMALL)
    await placed(here)
    ticket = await told(here, "01_minimal.json", table=table)

    assert (ticket["version"], changes(ticket)) == (2, what)


async def test_25_several_orders_on_one_card_are_a_ticket_each(house):
    here = house(SMALL)
    charge = orjson.loads(payload("25_charge_of_another_amount.json"))["order"]["charge"]
    for number in ("a", "b"):
        ids = {"id": number, "checkout_id": f"checkout-{number}", "charge": charge}
        await placed(here, **ids)

    assert await here.lines() == [SOUP, SOUP]
    assert [await here.deliveries(number) for number in ("a", "b")] == [["place 1 done"]] * 2
