"""Publishing, whose result is a value."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractExchange, DeliveryMode

from bridge.broker.envelope import Envelope, Message, seal
from bridge.broker.guard import (
    BrokerError,
    Disconnected,
    Nacked,
    NoReply,
    Refused,
    Returned,
    call,
)
from bridge.broker.link import Link, LinkState
from bridge.broker.names import Target

# Unanswered publishes in a row, after which the connection is not believed any more.
SUSPICIOUS = 2
_NOT_FOUND = 404

log = structlog.get_logger()


class PublishResult(StrEnum):
    """Only `confirmed` ends the duty to publish; `unknown` may have arrived all the same."""

    CONFIRMED = "confirmed"  # a majority of the queue's nodes has it on disk
    RETURNED = "returned"  # no queue for it
    NACKED = "nacked"  # the queue did not take it
    UNKNOWN = "unknown"  # it was written, and nothing certain came back
    NOT_SENT = "not_sent"  # nothing was written


_ANSWERS = {Returned: PublishResult.RETURNED, Nacked: PublishResult.NACKED}


class _Attempt:
    """One publish: what was reached before it ended."""

    __slots__ = ("generation", "sent")

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.sent = False


class _Slot:
    """One channel, opened when needed and again after its end.

    It is held here because the library forgets a channel that nobody refers to.
    """

    __slots__ = ("_channel", "_exchanges", "_generation", "_link", "_opening")

    def __init__(self, link: Link) -> None:
        self._link = link
        self._opening = asyncio.Lock()
        self._channel: AbstractChannel | None = None
        self._generation = 0
        self._exchanges: dict[str, AbstractExchange] = {}

    async def exchange(self, name: str) -> AbstractExchange:
        """The exchange on an open channel."""
        if not self._is_usable():
            async with self._opening:
                if not self._is_usable():
                    await self._open()
        exchange = self._exchanges.get(name)
        if exchange is None:
            channel = self._channel
            if channel is None:
                raise Disconnected("the channel ended")
            exchange = await channel.get_exchange(name, ensure=False)
            self._exchanges[name] = exchange
        return exchange

    def _is_usable(self) -> bool:
        channel = self._channel
        return (
            channel is not None
            and not channel.is_closed
            and self._generation == self._link.generation
        )

    async def _open(self) -> None:
        connection = self._link.connection
        if connection is None:
            raise Disconnected("the link is down")
        generation = self._link.generation
        self._channel = None
        self._exchanges = {}
        channel = connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.initialize()
        self._channel, self._generation = channel, generation


class Publisher:
    """Publishes over several channels of one link; never raises for the broker's trouble.

    `on_missing` is called when the broker says that an exchange is not there.
    """

    def __init__(
        self, link: Link, channels: int = 8, on_missing: Callable[[], None] = lambda: None
    ) -> None:
        self._link = link
        self._on_missing = on_missing
        self._slots = itertools.cycle([_Slot(link) for _ in range(channels)])
        self._unanswered = 0
        self.counts: Counter[PublishResult] = Counter()
        self.in_flight = 0
        self.last_problem = ""

    async def publish(self, target: Target, message: Message, *, timeout: float) -> PublishResult:  # noqa: ASYNC109  it is part of the result's meaning
        """Time-outs and lost connections are `unknown`, never an exception."""
        if not self._link.is_up:
            return self._count(PublishResult.NOT_SENT, f"the link is {self._link.state}")
        attempt = _Attempt(self._link.generation)
        self.in_flight += 1
        try:
            await call(self._send(target, seal(message), attempt), limit=timeout)
        except BrokerError as error:
            return self._judge(error, attempt)
        finally:
            self.in_flight -= 1
        self._unanswered = 0
        return self._count(PublishResult.CONFIRMED, "")

    async def _send(self, target: Target, envelope: Envelope, attempt: _Attempt) -> None:
        exchange = await next(self._slots).exchange(target.exchange)
        message = _amqp(envelope)
        attempt.sent = True
        await exchange.publish(message, target.key, mandatory=True)

    def _judge(self, error: BrokerError, attempt: _Attempt) -> PublishResult:
        answer = _ANSWERS.get(type(error))
        if answer is not None:
            self._unanswered = 0
            return self._count(answer, str(error))
        if isinstance(error, Refused):
            # The channel is closed with it: whoever was on it cannot know whose fault it was.
            log.warning("broker_publish_refused", link=self._link.name, sentence=error.sentence)
            if error.code == _NOT_FOUND:
                self._on_missing()
        if isinstance(error, NoReply):
            self._suspect(attempt.generation)
        result = PublishResult.UNKNOWN if attempt.sent else PublishResult.NOT_SENT
        return self._count(result, str(error))

    def _suspect(self, generation: int) -> None:
        self._unanswered += 1
        if self._unanswered >= SUSPICIOUS and self._link.state is LinkState.UP:
            self._unanswered = 0
            self._link.suspect(generation)

    def _count(self, result: PublishResult, problem: str) -> PublishResult:
        self.counts[result] += 1
        if problem:
            self.last_problem = problem
        return result


def _amqp(envelope: Envelope) -> aio_pika.Message:
    return aio_pika.Message(
        envelope.body,
        # One for each attempt: with the same one twice in flight the library swaps the outcomes.
        message_id=uuid.uuid4().hex,
        type=envelope.type,
        headers=dict(envelope.headers),
        correlation_id=envelope.correlation_id or None,
        content_type="application/json",
        # Quorum queues ignore it, dead-lettered copies keep it.
        delivery_mode=DeliveryMode.PERSISTENT,
    )
