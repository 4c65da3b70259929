"""What the proof does to a broker really happens, and the broker is whole again afterwards."""

import asyncio
from contextlib import asynccontextmanager

import aio_pika
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity
from yarl import URL

from bridge.broker import Names
from tests.proof.rig.rabbit import Rabbit
from tests.proof.rig.schedule import BROKER, BROKER_TROUBLES, Injection
from tests.proof.rig.site import VIRTUAL_HOST

pytestmark = pytest.mark.broker

QUEUE = Names().orders_queue("r")


@pytest.fixture
async def rabbit(own_broker):
    rabbit = Rabbit(own_broker, ["r"], 1)
    await rabbit.prepare()
    yield rabbit
    await asyncio.to_thread(own_broker.ctl, "delete_vhost", VIRTUAL_HOST)


@pytest.fixture
def channel(own_broker, rabbit):
    @asynccontextmanager
    async def channel():
        url = URL(own_broker.url).with_path(f"/{VIRTUAL_HOST}")
        async with await aio_pika.connect(url) as connection:
            yield await connection.channel()

    return channel


@pytest.fixture
async def waiting(channel):
    """How many messages wait for the worker; None if there is no queue. At first it is one."""
    async with channel() as filling:
        await filling.declare_exchange(Names().orders, durable=True)
        await filling.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        await filling.default_exchange.publish(aio_pika.Message(b"1"), QUEUE)
    # A quorum queue younger than a second may come back without a leader after a SIGKILL.
    await asyncio.sleep(3)

    async def waiting():
        async with channel() as looking:
            try:
                found = await looking.declare_queue(QUEUE, passive=True)
            except ChannelNotFoundEntity:
                return None
            return found.declaration_result.message_count

    return waiting


@pytest.mark.parametrize(
    ("trouble", "left"),
    [
        ("kill", 1),
        ("alarm", 1),
        ("queues purged", 0),
        ("queue deleted", None),
        ("arguments changed", None),
        ("wiped", None),
    ],
)
async def test_what_waits_for_a_worker_survives_some_of_it_only(trouble, left, rabbit, waiting):
    assert trouble in BROKER_TROUBLES

    assert await rabbit.suffer(Injection(at=0.0, what=BROKER, trouble=trouble, seconds=0.1))

    assert await waiting() == left
