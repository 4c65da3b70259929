"""The same order through a real RabbitMQ, in one process and in two."""

from collections import Counter

import pytest

from tests.acceptance.demo import Demo, wait_for
from tests.acceptance.documents import ORDER_ID, a_change, a_sample, an_order
from tests.acceptance.pos import Pos, PosProcess
from tests.acceptance.split import Half, Split

pytestmark = pytest.mark.broker


@pytest.fixture
def start_demo(tmp_path):
    demos = []

    def start(broker, *options):
        demo = Demo(tmp_path / "demo", "--broker", broker.url, *options)
        demos.append(demo)
        return demo.start()

    yield start
    for demo in demos:
        demo.end()


@pytest.fixture
def make_split(tmp_path):
    splits = []

    def make(broker, restaurants, **options):
        split = Split(tmp_path / "split", broker, restaurants, **options)
        splits.append(split)
        return split

    yield make
    for split in splits:
        split.end()


def placed(pos):
    """How often each order's ticket lies in the kitchen."""
    return Counter(ticket["order_id"] for ticket in pos.tickets if ticket["kind"] == "place")


def test_the_sample_reaches_the_board_through_rabbitmq(broker, start_demo):
    demo = start_demo(broker)

    assert demo.post(a_sample()).status == 200

    (ticket,) = wait_for(demo.tickets)
    assert ticket["lines"][0]["quantity"] == 2
    assert ticket["lines"][0]["modifiers"] == ["Èclairs"]


def test_the_sample_reaches_the_board_from_process_to_process(broker, make_split):
    split = make_split(broker, ["ecde3351-606c-4971-ab5a-792bccb0e5e2"]).start()

    assert split.post(a_sample()).status == 200

    assert wait_for(split.tickets)[ORDER_ID]["order_number"] == "233"
    done = wait_for(lambda: _done(split.ingress.api(f"/orders/{ORDER_ID}")))
    (delivery,) = done["deliveries"]
    assert delivery["attempts"][0]["outcome"] == "accepted"
    assert done["answers"][0]["fate"] == "written"
    assert done["events"][0]["stage"] == "recorded"


def _done(order):
    return order if order.get("state") == "done" else None


def test_twenty_equal_calls_make_one_ticket_in_another_process(broker, make_split):
    split = make_split(broker, ["ecde3351-606c-4971-ab5a-792bccb0e5e2"]).start()

    bodies = {split.post(a_sample()).body for _ in range(20)}

    assert len(bodies) == 1
    assert len(wait_for(split.tickets)) == 1


def test_checkouts_go_on_while_rabbitmq_is_stopped_and_each_ticket_comes_once(
    own_broker, start_demo
):
    demo = start_demo(own_broker, "--adapter", "fake")
    pos = Pos(demo.said["pos_control"])
    before = [an_order(number) for number in range(5)]
    during = [an_order(number) for number in range(5, 25)]
    statuses = [demo.post(order).status for order in before]

    own_broker.stop()
    statuses += [demo.post(order).status for order in during]
    statuses += [demo.post(a_change(order), "order-change").status for order in during]
    own_broker.start()

    assert set(statuses) == {200}
    ids = [order["order"]["id"] for order in before + during]
    wait_for(lambda: len(placed(pos)) == len(ids), within=60)
    assert placed(pos) == Counter(ids)


def test_orders_wait_for_a_worker_that_was_killed_and_come_once(broker, make_split):
    pos = PosProcess()
    try:
        split = make_split(
            broker, ["grill"], adapter="fake", settings=f'[settings]\nurl = "{pos.url}"'
        ).start()
        orders = [_for("grill", an_order(number)) for number in range(20)]
        for order in orders[:10]:
            assert split.post(order).status == 200
        split.worker.kill()
        for order in orders[10:]:
            assert split.post(order).status == 200
        split.worker.start()

        ids = [order["order"]["id"] for order in orders]
        wait_for(lambda: len(placed(pos)) == len(ids), within=60)
        assert placed(pos) == Counter(ids)
    finally:
        pos.end()


def test_an_ingress_that_was_killed_hands_over_what_it_had_said_yes_to(own_broker, make_split):
    split = make_split(own_broker, ["grill"]).start()
    own_broker.stop()
    orders = [_for("grill", an_order(number)) for number in range(10)]
    for order in orders:
        assert split.post(order).status == 200

    split.ingress.kill()
    own_broker.start()
    split.ingress.start()

    ids = {order["order"]["id"] for order in orders}
    wait_for(lambda: split.tickets().keys() == ids, within=60)


def test_a_second_worker_stays_idle_and_says_why(broker, make_split):
    split = make_split(broker, ["grill"]).start()
    second = Half(split.directory, "worker", "second")
    try:
        second.start()
        locks = wait_for(lambda: _refused(second.health()))
        assert "RESOURCE_LOCKED" in locks["grill"]
        assert split.post(_for("grill", an_order())).status == 200
        assert wait_for(split.tickets)
        assert second.api("/kitchen/grill/tickets")["tickets"] == []
    finally:
        second.end()


def _refused(health):
    locks = health["broker"].get("locks", {})
    return locks if any(one.startswith("refused") for one in locks.values()) else None


def test_a_thousand_orders_for_fifty_restaurants_come_once_and_in_order(broker, make_split):
    restaurants = [f"restaurant-{number}" for number in range(50)]
    split = make_split(broker, restaurants).start()

    said = split.simulate(1000, 40)

    accepted = set(said["accepted"])
    assert len(accepted) == 1000
    wait_for(lambda: split.tickets().keys() == accepted, within=60)
    for order_id, ticket in split.tickets().items():
        order = split.worker.api(f"/orders/{order_id}")
        wait_for(lambda order_id=order_id: _done(split.worker.api(f"/orders/{order_id}")))
        operations = [delivery["operation"] for delivery in order["deliveries"]]
        assert operations in (["place"], ["place", "change"])
        versions = [delivery["version"] for delivery in order["deliveries"]]
        assert versions == sorted(versions)
        assert ticket["version"] == versions[-1]


def _for(restaurant, document):
    document["order"]["restaurant_id"] = restaurant
    return document
