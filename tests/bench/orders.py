"""Distinct orders, ready to be sent: bodies made beforehand, ids put in while the clock runs."""

import itertools
import secrets
from datetime import UTC, datetime

import orjson

from bridge.testing.bodies import injection_body
from bridge.testing.orders import OrderFactory

SEED = 20260109
TEMPLATES = 256
# Marks as long as the ids that replace them, so that Content-Length stays right.
_ORDER = "order-id-to-be-replaced-............"
_CHECKOUT = "checkout-id-to-be-replaced-........."


class PreparedOrders:
    """Requests for one address; the same orders in each run, except for their ids."""

    def __init__(self, *, host, path, headers, restaurant, count=TEMPLATES):
        factory = OrderFactory(SEED, lambda: datetime.now(UTC))
        bodies = [_body(factory.order(restaurant)) for _ in range(count)]
        self.mean_size = sum(map(len, bodies)) / count
        self._requests = itertools.cycle([_request(host, path, headers, body) for body in bodies])
        self._run = secrets.token_hex(4)
        self._number = itertools.count(1)

    def take(self):
        """Id and bytes of an order that nobody has sent yet."""
        number = next(self._number)
        order_id = f"{self._run}-0000-4000-8000-{number:012x}"
        checkout_id = f"{self._run}-0000-4000-9000-{number:012x}"
        raw = next(self._requests).replace(_ORDER.encode(), order_id.encode())
        return order_id, raw.replace(_CHECKOUT.encode(), checkout_id.encode())


def _body(order):
    document = orjson.dumps(injection_body(order))
    marked = document.replace(order.id.encode(), _ORDER.encode())
    return marked.replace(order.checkout_id.encode(), _CHECKOUT.encode())


def _request(host, path, headers, body):
    lines = {"Host": host, **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
