"""The broker as the ingress and the worker see it, in memory: lines, messages, events on record."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar

from bridge.broker import LockState, Names, PublishResult
from bridge.ledger import Ledger, requests
from bridge.model import Answer, Fate, OrderPlaced, Pulse
from tests.engine import START, moment

UP = PublishResult.CONFIRMED
RETURNED, NACKED, UNKNOWN, NOT_SENT = (
    PublishResult.RETURNED,
    PublishResult.NACKED,
    PublishResult.UNKNOWN,
    PublishResult.NOT_SENT,
)


class FakePublisher:
    """Takes every message, unless `answers` says otherwise for its routing key.

    An answer is a result, an error, an event to wait for before the message is taken, or a
    function that gives the result; a list of them is used up one by one.
    """

    def __init__(self):
        self.answers = {}
        self.sent = []
        self.last_problem = "the reason"

    async def publish(self, target, message, *, timeout):  # noqa: ASYNC109  as the real one
        assert timeout > 0
        self.sent.append((target.key or target.exchange, message))
        step = self.answers.get(target.key, UP)
        if isinstance(step, list):
            step = step.pop(0) if step else UP
        if isinstance(step, Exception):
            raise step
        if isinstance(step, asyncio.Event):
            await step.wait()
            return UP
        return step() if callable(step) else step

    @property
    def messages(self):
        return [message for _key, message in self.sent]


class FakeLink:
    """A connection that is up, until it is told to be lost."""

    connection = None

    def __init__(self):
        self.generation = 1
        self.changed = asyncio.Event()

    def is_current(self, generation):
        return generation == self.generation

    async def wait_up(self):
        return self.generation

    async def wait_lost(self, generation):
        while generation == self.generation:
            await self.changed.wait()

    def lose(self):
        self.generation += 1
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class FakeLines:
    """Both connections are up and everything is declared, until `is_ready` is set to False."""

    def __init__(self):
        self.names = Names("t")
        self.publisher = FakePublisher()
        self.publishing, self.consuming = FakeLink(), FakeLink()
        self.is_ready = True
        self.restored = []
        self.can_restore = True

    async def wait_ready(self):
        return

    async def restore(self, *items):
        self.restored += [item.name for item in items]
        return self.can_restore


class FakeConsumer:
    """Consumes nothing; says what it was told to do."""

    made: ClassVar = []

    def __init__(self, _link, queue, handler, *, prefetch, on_lost=None, on_bad=None):
        self.queue, self.handler, self.prefetch, self.on_lost = queue, handler, prefetch, on_lost
        self.on_bad = on_bad
        self.is_paused = self.is_stopped = self.is_consuming = False
        self.last_end = None
        self.running = asyncio.Event()
        self.error = None
        FakeConsumer.made.append(self)

    def pause(self):
        self.is_paused = True

    def resume(self):
        self.is_paused = False

    async def stop(self):
        self.is_stopped = True

    async def run(self):
        self.running.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.running.clear()


@dataclass
class FakeReceived:
    """A message from a queue."""

    message: object
    headers: dict = field(default_factory=dict)
    redelivered: bool = False
    is_acked: bool = False
    buried: str = ""

    async def ack(self):
        self.is_acked = True

    async def reject_to_dead(self, reason):
        self.buried = reason


class FakeReporter:
    """Remembers what it was told."""

    def __init__(self):
        self.recorded = []

    def note_recorded(self, event):
        self.recorded.append(event.seq)


class FakeLock:
    """Whose state the test turns."""

    def __init__(self, _link, _names, restaurant, on_change):
        self.restaurant, self._on_change = restaurant, on_change
        self.state, self.sentence = LockState.LOST, ""
        self.error = None

    @property
    def is_held(self):
        return self.state is LockState.HELD

    def turn(self, state, sentence=""):
        self.state, self.sentence = state, sentence
        self._on_change(state)

    async def hold(self):
        await asyncio.Event().wait()


async def put_event(ledger: Ledger, order, *, fate=Fate.WRITTEN, received=START):
    """An injection with its 2XX, as the ingress records it; returns its seq."""
    request = requests.Request(
        received_at=received,
        endpoint="e",
        hook="order-injection",
        correlation_id=f"call-{order.id}",
        content_type="application/json",
        body=b"{}",
        restaurant=order.restaurant,
        order_id=order.id,
        checkout_id=order.checkout_id,
        event=OrderPlaced(order=order),
    )
    answer = Answer(status=200, code="accepted", body=b"{}", content_type="application/json")

    def job(tx):
        recorded = requests.record(tx, request, answer, hand_over=True)
        if fate:
            requests.settle(tx, recorded.seq, fate)
        return recorded.seq

    return await ledger.write(job)


async def rows(ledger: Ledger):
    """What the ingress has on record, oldest first."""
    return await ledger.read(
        lambda tx: [
            SimpleNamespace(**dict(row)) for row in tx.execute("SELECT * FROM request ORDER BY seq")
        ]
    )


def a_pulse(restaurant, availability, *, worker="w", at=START):
    return Pulse(
        worker=worker, restaurant=restaurant, sent_at=moment(at), availability=availability
    )


async def settle(turns=20):
    """Let all that can go on without waiting for anything go on."""
    for _ in range(turns):
        await asyncio.sleep(0)
