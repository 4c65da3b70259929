"""One order, one ticket: whatever the platform repeats."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.demo import wait_for
from tests.acceptance.documents import ORDER_ID, a_change, a_sample, an_order


@pytest.fixture
def placed(running_with_pos):
    """An order that is in the POS."""
    bridge, _ = running_with_pos
    document = an_order()
    assert bridge.post(document).status == 200
    bridge.wait_for_state(document["order"]["id"], "done")
    return document


def names_on(tickets):
    return [ticket["lines"][0]["name"] for ticket in tickets]


def let_it_settle(bridge):
    """Another order is done: whatever the call before could have caused has happened."""
    later = an_order()
    bridge.post(later)
    bridge.wait_for_state(later["order"]["id"], "done")


def test_the_same_order_twenty_times_at_once_is_one_ticket_and_one_answer(running_with_pos):
    bridge, pos = running_with_pos
    document = an_order()
    with ThreadPoolExecutor(20) as guests:
        replies = list(guests.map(lambda _: bridge.post(document), range(20)))

    order = bridge.wait_for_state(document["order"]["id"], "done")
    let_it_settle(bridge)

    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert [delivery["operation"] for delivery in order["deliveries"]] == ["place"]
    assert len(pos.tickets_of(document)) == 1


def test_two_orders_of_one_number_are_two_tickets(running_with_pos):
    bridge, pos = running_with_pos
    documents = [an_order(number=7), an_order(number=7)]
    for document in documents:
        assert bridge.post(document).status == 200

    wait_for(lambda: all(pos.tickets_of(document) for document in documents))


def test_a_change_of_a_known_order_comes_as_a_slip_of_its_own(running_with_pos, placed):
    bridge, pos = running_with_pos

    reply = bridge.post(a_change(placed, name="Tartare"), hook="order-change")
    wait_for(lambda: len(pos.tickets_of(placed)) == 2)

    assert reply.status == 200
    assert [ticket["kind"] for ticket in pos.tickets_of(placed)] == ["place", "change"]
    assert names_on(pos.tickets_of(placed)) == ["Ceviche", "Tartare"]


def test_a_stale_change_is_dropped(running_with_pos, placed):
    bridge, pos = running_with_pos
    bridge.post(a_change(placed, minutes=2, name="Tartare"), hook="order-change")
    wait_for(lambda: len(pos.tickets_of(placed)) == 2)

    reply = bridge.post(a_change(placed, minutes=1, name="Oysters"), hook="order-change")
    let_it_settle(bridge)

    assert reply.status == 200
    assert names_on(pos.tickets_of(placed)) == ["Ceviche", "Tartare"]


def test_a_change_that_only_confirms_makes_no_second_slip(running_with_pos, placed):
    bridge, pos = running_with_pos

    reply = bridge.post(a_change(placed), hook="order-change")
    let_it_settle(bridge)

    assert reply.status == 200
    assert names_on(pos.tickets_of(placed)) == ["Ceviche"]


def test_a_change_of_an_unknown_order_of_today_is_its_ticket(running_with_pos):
    bridge, pos = running_with_pos
    document = an_order()

    assert bridge.post(document, hook="order-change").status == 200
    bridge.wait_for_state(document["order"]["id"], "done")
    injected = bridge.post(document)
    let_it_settle(bridge)

    assert injected.status == 200
    assert [ticket["kind"] for ticket in pos.tickets_of(document)] == ["place"]


def test_a_change_of_an_order_from_before_this_bridge_is_archived(running_with_pos):
    bridge, pos = running_with_pos

    reply = bridge.post(a_sample("order_change"), hook="order-change")
    let_it_settle(bridge)

    assert reply.status == 200
    assert bridge.order(ORDER_ID)["deliveries"] == []
    assert ORDER_ID not in {ticket["order_id"] for ticket in pos.tickets}


def test_a_hook_that_is_not_understood_yet_is_recorded_without_effect(running_with_pos):
    bridge, pos = running_with_pos
    before = len(pos.tickets)

    reply = bridge.post({"event": "refund", "order_id": "1"}, hook="items-refunded")
    let_it_settle(bridge)

    assert (reply.status, reply.json()["result"]) == (200, "archived")
    assert len(pos.tickets) == before + 1
