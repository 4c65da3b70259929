"""The POS is away, closed or sold out: what checkouts hear, and what comes of the orders."""

import time

import pytest

from tests.acceptance.demo import wait_for
from tests.acceptance.documents import an_order

DISH = "5100d13b-05dc-4908-ae66-c2d9d63e704d"
ORDER_BUDGET = 2.5


@pytest.fixture
def with_pos(demo, lasting_pos):
    """A bridge that finds its POS in that state when it starts, and that POS."""

    def start(*options, **state):
        pos = lasting_pos()
        url = pos.url
        pos.tell(**state)
        return demo("--adapter=fake", f"--set=url={url}", *options), pos

    return start


def be_refused(bridge):
    """The first order that is refused, and the answer: what the bridge knows it knows soon."""

    def look():
        document = an_order()
        reply = bridge.post(document)
        return None if reply.status == 200 else (document, reply)

    return wait_for(look)


def test_the_policy_to_refuse_answers_503_with_the_reason(with_pos):
    bridge, _ = with_pos("--when-down=refuse", listening=False)

    document, reply = be_refused(bridge)
    order = bridge.wait_for_state(document["order"]["id"], "blocked")

    assert (reply.status, reply.json()["code"]) == (503, "pos_down")
    assert "no connection" in reply.json()["detail"]
    assert reply.headers["retry-after"]
    (answer,) = order["answers"]
    assert (answer["status"], answer["code"]) == (503, "pos_down")
    assert answer["evidence"]["live_probe"] == "failed"


def test_a_pos_that_goes_down_later_is_noticed_and_when_it_is_back_as_well(with_pos):
    bridge, pos = with_pos("--when-down=refuse")
    assert bridge.post(an_order()).status == 200
    wait_for(lambda: len(pos.tickets) == 1)
    pos.go_down()
    document, refused = be_refused(bridge)
    pos.come_back()

    again = bridge.post(document)
    bridge.wait_for_state(document["order"]["id"], "done")

    assert (refused.status, again.status) == (503, 200)
    assert len(pos.tickets_of(document)) == 1


def test_the_policy_to_accept_brings_the_tickets_in_order_when_the_pos_is_back(with_pos):
    bridge, pos = with_pos("--when-down=accept", listening=False)
    replies = [bridge.post(an_order(number)) for number in range(1, 5)]
    wait_for(lambda: [order["state"] for order in bridge.orders()] == ["ready"] * 4)

    pos.come_back()
    replies.append(bridge.post(an_order(5)))
    wait_for(lambda: len(pos.tickets) == 5)

    assert {reply.status for reply in replies} == {200}
    assert [ticket["order_number"] for ticket in pos.tickets] == list("12345")


def test_a_pos_that_says_closed_refuses_with_409(with_pos):
    bridge, _ = with_pos("--when-down=accept", closed="kitchen is closed")

    _, reply = be_refused(bridge)

    assert (reply.status, reply.json()["code"]) == (409, "closed")
    assert "kitchen is closed" in reply.json()["detail"]


def test_a_dish_that_is_sold_out_refuses_with_409_and_names_it(with_pos):
    bridge, _ = with_pos(sold_out=[DISH])

    _, reply = be_refused(bridge)

    assert (reply.status, reply.json()["code"]) == (409, "sold_out")
    assert "Ceviche" in reply.json()["detail"]


def test_an_adapter_that_blocks_its_loop_delays_no_checkout(with_pos):
    bridge, _ = with_pos("--set=block_loop=3")
    begun = time.monotonic()
    replies, times = [], []
    while time.monotonic() - begun < 3.5:
        asked = time.monotonic()
        replies.append(bridge.post(an_order()).status)
        times.append(time.monotonic() - asked)
        time.sleep(0.1)

    assert set(replies) == {200}
    assert max(times) < ORDER_BUDGET


def test_an_adapter_that_blocks_its_loop_brings_its_tickets_all_the_same(with_pos):
    bridge, pos = with_pos("--set=block_loop=0.5")
    bridge.post(an_order())

    wait_for(lambda: len(pos.tickets) == 1)
