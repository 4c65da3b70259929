import orjson

from bridge.model import OrderPlaced
from bridge.sources.bbot import Hook, decode
from tests.bench.orders import PreparedOrders


def some_orders():
    return PreparedOrders(
        host="127.0.0.1:1",
        path="/x",
        headers={"Content-Type": "application/json"},
        restaurant="bench",
        count=3,
    )


def parts(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.decode(), body


def test_a_prepared_order_is_one_that_the_bridge_understands():
    order_id, raw = some_orders().take()

    event = decode(Hook.ORDER_INJECTION, parts(raw)[1], "application/json").event

    assert isinstance(event, OrderPlaced)
    assert (event.order.id, event.order.restaurant) == (order_id, "bench")
    assert event.order.checkout_id not in {"", order_id}


def test_the_length_is_that_of_the_body():
    head, body = parts(some_orders().take()[1])

    assert f"Content-Length: {len(body)}" in head


def test_no_order_comes_twice():
    orders = some_orders()
    taken = [orders.take() for _ in range(10)]

    checkouts = {orjson.loads(parts(raw)[1])["order"]["checkout_id"] for _, raw in taken}
    assert len({order_id for order_id, _ in taken}) == 10
    assert len(checkouts) == 10
