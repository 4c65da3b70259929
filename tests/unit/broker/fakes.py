import asyncio
from types import SimpleNamespace

from aio_pika.exceptions import ChannelNotFoundEntity


class FakeConnection:
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()
        self.silence = 0.0
        self.blocked = False
        self.hung_up = False

    async def is_blocked(self):
        return self.blocked

    async def hang_up(self):
        self.hung_up = True
        self.break_off("closed")

    def break_off(self, reason):
        if not self.lost.done():
            self.lost.set_result(reason)

    def channel(self, *_, **__):
        raise AssertionError("no channels here")


class FakeBroker:
    """Answers each dial with the next thing planned, then with a good connection."""

    def __init__(self, *plan):
        self.plan = list(plan)
        self.dialled = []
        self.connections = []

    async def __call__(self, address, *, name, heartbeat):
        self.dialled.append(str(address))
        step = self.plan.pop(0) if self.plan else None
        if isinstance(step, BaseException):
            raise step
        connection = FakeConnection()
        self.connections.append(connection)
        return connection


class FakeChannel:
    """A channel of `FakeQueues`."""

    is_initialized = True

    def __init__(self, queues):
        self._queues = queues
        self.is_closed = False
        self.close_callbacks = set()
        self.on_consumer_cancel_callbacks = set()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()

    async def initialize(self):
        return

    async def close(self):
        self.is_closed = True

    async def get_underlay_channel(self):
        return self

    async def set_qos(self, *, prefetch_count):
        assert prefetch_count

    async def get_queue(self, name, *, ensure):
        return self

    async def consume(self, take):
        if not self._queues.exists:
            raise ChannelNotFoundEntity("NOT_FOUND - no queue")
        self._queues.consumers.append((self, take))

    async def declare_queue(self, _name, *, passive):
        self._queues.looks += 1
        if self._queues.error is not None:
            raise self._queues.error
        if not self._queues.exists:
            raise ChannelNotFoundEntity("NOT_FOUND - no queue")
        return SimpleNamespace(
            declaration_result=SimpleNamespace(message_count=self._queues.waiting)
        )


class FakeQueues(FakeConnection):
    """A connection to one queue: whether it exists, what waits in it, who consumes it."""

    def __init__(self):
        super().__init__()
        self.exists = True
        self.error = None
        self.waiting = 0
        self.looks = 0
        self.consumers = []

    def channel(self, *_, **__):
        return FakeChannel(self)

    def cancel_last(self):
        """As the broker does when the queue is deleted or its node leaves."""
        channel, _take = self.consumers[-1]
        for callback in channel.on_consumer_cancel_callbacks:
            callback(None)
