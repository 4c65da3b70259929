"""One consumer, and what the broker does to it; messages themselves need a real one."""

import asyncio
from types import SimpleNamespace

import pytest

from bridge.broker import Consumer
from bridge.broker import consumer as module
from bridge.broker import link as link_module
from bridge.broker.envelope import seal
from tests.unit.broker.fakes import FakeQueues
from tests.unit.broker.messages import handover
from tests.wires import FakeLink, settle


@pytest.fixture
async def queues():
    return FakeQueues()


@pytest.fixture
def link(queues):
    link = FakeLink()
    link.connection = queues
    return link


@pytest.fixture
def losses():
    return []


@pytest.fixture
async def consumer(link, losses, queues, monkeypatch):
    monkeypatch.setattr(link_module, "SHORTEST_PAUSE", 0.0)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(module, "LOOK_AGAIN", 0.0)

    async def restore():
        losses.append(1)
        queues.exists = True

    async def handle(received):
        await received.ack()

    consumer = Consumer(link, "q", handle, on_lost=restore, random=lambda: 0.0)
    task = asyncio.create_task(consumer.run())
    await settle()
    yield consumer
    task.cancel()
    await asyncio.wait({task})


async def deliver(queues):
    _channel, take = queues.consumers[-1]

    async def ack():
        return

    await take(SimpleNamespace(body=seal(handover()).body, headers={}, ack=ack))


async def test_a_consumer_that_was_cancelled_sees_to_its_queue_and_consumes_again(
    consumer, queues, losses
):
    queues.exists = False
    queues.cancel_last()
    await settle(200)

    assert consumer.counts["end_cancelled"] == 1
    assert losses
    assert consumer.is_consuming


async def test_a_queue_that_went_without_a_word_is_noticed_and_seen_to(consumer, queues, losses):
    queues.exists = False
    await settle(200)

    assert consumer.counts["end_missing"] == 1
    assert losses
    assert consumer.is_consuming


async def test_a_consumer_that_gets_nothing_of_what_waits_is_made_anew(consumer, queues, losses):
    queues.waiting = 3
    await settle(60)

    assert consumer.counts["end_stalled"] >= 1
    assert losses
    assert len(queues.consumers) > 1


async def test_a_consumer_that_gets_what_waits_is_left_alone(consumer, queues, losses):
    queues.waiting = 3
    for _ in range(50):
        await deliver(queues)
        await asyncio.sleep(0)

    assert consumer.counts["end_stalled"] == 0
    assert losses == []


async def test_a_quiet_queue_is_no_reason_for_anything(consumer, queues, losses):
    await settle(200)

    assert queues.looks > 1
    assert (consumer.last_end, losses) == (None, [])


async def test_a_look_without_an_answer_is_left_to_the_link(consumer, queues, losses):
    queues.error = ConnectionError("the broker went away")
    await settle(200)

    assert queues.looks > 1
    assert consumer.last_end is None


async def test_what_nobody_can_read_is_done_with_once_it_lies_aside(link, queues):
    aside, acked = [], []

    async def on_bad(body, headers, reason):
        aside.append((body, headers, reason))

    async def ack():
        acked.append(len(aside))

    consumer = Consumer(link, "dead", None, on_bad=on_bad)
    task = asyncio.create_task(consumer.run())
    await settle()
    _channel, take = queues.consumers[-1]
    await take(SimpleNamespace(body=b"{}", headers={"x": 1}, ack=ack))
    await settle()
    task.cancel()
    await asyncio.wait({task})

    assert aside == [(b"{}", {"x": 1}, "unknown type 'None'")]
    assert acked == [1]


async def test_what_nobody_can_read_stays_in_its_queue_until_it_lies_aside(link, queues):
    async def on_bad(*_):
        raise OSError("disk full")

    consumer = Consumer(link, "dead", None, on_bad=on_bad, random=lambda: 0.0)
    task = asyncio.create_task(consumer.run())
    await settle()
    _channel, take = queues.consumers[-1]
    await take(SimpleNamespace(body=b"{}", headers={}))
    await settle()
    task.cancel()
    await asyncio.wait({task})

    assert consumer.counts["end_failed"] == 1
