"""A courier between a real ledger and lines in memory."""

from dataclasses import replace

import pytest

from bridge.ingress.courier import Courier
from bridge.ingress.pace import Pace
from bridge.ledger import requests
from bridge.model import Pulses
from bridge.telemetry import Metrics
from tests.engine import Clock, an_order
from tests.wires import put_event, rows


@pytest.fixture
def clock():
    """The monotonic one."""
    return Clock(at=1000.0)


@pytest.fixture
def pulses(clock):
    return Pulses(clock)


@pytest.fixture
def pace(wall, clock):
    return Pace({"lopez": 20.0, "sato": 20.0}, now=wall, clock=clock)


@pytest.fixture
def courier(ledger, lines, pulses, clock, pace):
    return Courier(
        ledger,
        lines,
        pulses=pulses,
        metrics=Metrics(),
        restaurants=("lopez", "sato"),
        pace=pace,
        clock=clock,
    )


@pytest.fixture
def put(ledger):
    """An event of an order, by the numbers of order and checkout."""

    async def put(order_id="o1", checkout="c1", restaurant="lopez"):
        order = an_order(order_id=order_id, checkout=checkout)
        return await put_event(ledger, replace(order, restaurant=restaurant))

    return put


@pytest.fixture
def carry(ledger, courier):
    """What the forwarder does in one turn."""

    async def carry():
        events = await ledger.read(
            lambda tx: requests.next_handovers(tx, ledger.identity, ("lopez", "sato"), 256)
        )
        return await courier.hand_over(events)

    return carry


@pytest.fixture
def stages(ledger):
    async def read():
        return [(row.stage, row.copies) for row in await rows(ledger)]

    return read


@pytest.fixture
def bounced(ledger):
    async def read():
        return [(row.stage, row.bounced, row.bounces) for row in await rows(ledger)]

    return read


def orders(lines):
    """The order and the copy of each event that was published."""
    return [(event.event.order.id, event.copy) for event in lines.publisher.messages]
