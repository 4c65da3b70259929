"""Consuming one queue, for as long as it is wanted and through every reconnection."""

import asyncio
import random as random_module
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from bridge.broker.dial import Connection
from bridge.broker.envelope import EnvelopeError, unseal
from bridge.broker.guard import BrokerError, Refused, call
from bridge.broker.link import Link, backoff
from bridge.broker.received import Received

SUBSCRIBE_LIMIT = 5.0
FINISH_LIMIT = 10.0
# A consumer that gets nothing for so long asks whether anything waits for it, and once more
# after a moment: what has just come is still on its way.
LOOK_EVERY = 30.0
LOOK_AGAIN = 1.0
_NOT_FOUND = 404

log = structlog.get_logger()

Handler = Callable[[Received], Awaitable[None]]
# Body, headers, and why nothing can be made of it; when it returns the message is done with.
BadHandler = Callable[[bytes, dict[str, Any], str], Awaitable[None]]


class End(StrEnum):
    """Why a subscription ended."""

    UNWANTED = "unwanted"  # paused or stopped
    LINK_LOST = "link_lost"
    CHANNEL_CLOSED = "channel_closed"
    CANCELLED = "cancelled"  # by the broker: the queue was deleted, or its node left
    MISSING = "missing"  # there is no such queue
    STALLED = "stalled"  # messages wait in it, and none is delivered
    REFUSED = "refused"
    FAILED = "failed"  # a handler failed: all that is unacknowledged is given back


# Then whoever owns the queue is asked to see that it is there.
_QUEUE_IN_DOUBT = frozenset({End.MISSING, End.CANCELLED, End.STALLED})


class _Subscription:
    """One channel with one consumer on it."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def end(self, why: End) -> None:
        if not self.ended.done():
            self.ended.set_result(why)


class Consumer:
    """The owner runs `run()`.

    Handlers start in the order of delivery and run at the same time, up to `prefetch`. Each one
    acknowledges or rejects its message before it returns. A handler that fails gives its message,
    and all that follow, back to the queue in their places; the subscription is then made anew
    after a pause. What cannot be decoded goes to `on_bad`, or to the dead letters without it.
    """

    def __init__(  # noqa: PLR0913  each one is a thing of its own
        self,
        link: Link,
        queue: str,
        handler: Handler,
        *,
        prefetch: int = 16,
        on_lost: Callable[[], Coroutine[Any, Any, object]] | None = None,
        on_bad: BadHandler | None = None,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.queue = queue
        self.counts: Counter[str] = Counter()
        self.is_consuming = False
        self.last_end: End | None = None
        self._link = link
        self._handler = handler
        self._prefetch = prefetch
        self._on_lost = on_lost
        self._on_bad = on_bad
        self._random = random
        self._failures = 0
        self._stopping = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._subscription: _Subscription | None = None
        self._running: set[asyncio.Task[None]] = set()

    def pause(self) -> None:
        """Takes nothing more from the queue until `resume()`; running handlers finish."""
        self._wanted.clear()
        self._end(End.UNWANTED)

    def resume(self) -> None:
        self._wanted.set()

    async def stop(self) -> None:
        """Running handlers finish and acknowledge; then consuming ends, and `run()`."""
        self._stopping.set()
        self._end(End.UNWANTED)
        await self._idle.wait()

    async def run(self) -> None:
        """Consumes until `stop()` or until cancelled."""
        self._idle.clear()
        try:
            while await self._is_wanted():
                await self._consume_once()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._idle.set()

    async def _is_wanted(self) -> bool:
        for awaited in (self._wanted.wait, self._link.wait_up):
            await self._unless_stopping(awaited())
        return not self._stopping.is_set()

    async def _consume_once(self) -> None:
        generation = self._link.generation
        subscription = self._subscription = _Subscription(generation)
        if not self._wanted.is_set():
            subscription.end(End.UNWANTED)
        why = await self._subscribe_and_wait(subscription)
        self._subscription = None
        self._note(why)
        if why in _QUEUE_IN_DOUBT:
            await self._report_loss()
        if why not in {End.UNWANTED, End.LINK_LOST}:
            pause = backoff(self._failures, 1, self._random)
            self._failures += 1
            await self._unless_stopping(asyncio.sleep(pause))

    async def _subscribe_and_wait(self, subscription: _Subscription) -> End:
        connection = self._link.connection
        if connection is None:
            return End.LINK_LOST
        channel = connection.channel(publisher_confirms=False)
        try:
            await call(self._subscribe(channel, subscription), limit=SUBSCRIBE_LIMIT)
            self.is_consuming = True
            log.info("broker_consuming", queue=self.queue, generation=subscription.generation)
            return await self._wait_end(subscription)
        except Refused as refusal:
            log.warning("broker_subscribe_refused", queue=self.queue, sentence=refusal.sentence)
            return End.MISSING if refusal.code == _NOT_FOUND else End.REFUSED
        except BrokerError as error:
            log.warning("broker_subscribe_failed", queue=self.queue, reason=str(error))
            return End.CHANNEL_CLOSED
        finally:
            self.is_consuming = False
            # Nothing more is started from here on; what is unacknowledged goes back.
            subscription.end(End.UNWANTED)
            await self._close(channel)

    async def _subscribe(self, channel: AbstractChannel, subscription: _Subscription) -> None:
        await channel.initialize()
        channel.close_callbacks.add(lambda *_: subscription.end(self._why_closed(subscription)))
        inner = await channel.get_underlay_channel()
        inner.on_consumer_cancel_callbacks.add(lambda _: subscription.end(End.CANCELLED))
        await channel.set_qos(prefetch_count=self._prefetch)
        queue = await channel.get_queue(self.queue, ensure=False)

        async def take(incoming: AbstractIncomingMessage) -> None:
            self._take(incoming, subscription)

        await queue.consume(take)

    async def _wait_end(self, subscription: _Subscription) -> End:
        lost = asyncio.ensure_future(self._link.wait_lost(subscription.generation))
        lost.add_done_callback(lambda _: subscription.end(End.LINK_LOST))
        looking = asyncio.ensure_future(self._look_for_neglect(subscription))
        try:
            why = await subscription.ended
        finally:
            lost.cancel()
            looking.cancel()
        await self._finish()
        return why

    async def _look_for_neglect(self, subscription: _Subscription) -> None:
        """A broker can forget a consumer, or lose its queue, without a word."""
        while not subscription.ended.done():
            before = self.counts["received"]
            await asyncio.sleep(LOOK_EVERY)
            end = await self._ask_for_neglect(before)
            if end is not None:
                await asyncio.sleep(LOOK_AGAIN)
                end = await self._ask_for_neglect(before)
            if end is not None:
                subscription.end(end)

    async def _ask_for_neglect(self, received: int) -> End | None:
        """What the queue itself says against it; None if nothing, or nobody answers."""
        connection = self._link.connection
        if connection is None or self._running or self.counts["received"] != received:
            return None
        try:
            waiting = await call(self._count_waiting(connection), limit=SUBSCRIBE_LIMIT)
        except Refused as refusal:
            return End.MISSING if refusal.code == _NOT_FOUND else None
        except BrokerError:
            # The link finds out what that means.
            return None
        return End.STALLED if waiting else None

    async def _count_waiting(self, connection: Connection) -> int:
        async with connection.channel(publisher_confirms=False) as channel:
            queue = await channel.declare_queue(self.queue, passive=True)
        return queue.declaration_result.message_count or 0

    def _why_closed(self, subscription: _Subscription) -> End:
        alive = self._link.is_current(subscription.generation)
        return End.CHANNEL_CLOSED if alive else End.LINK_LOST

    async def _finish(self) -> None:
        # Whoever consumes next must not start on what follows before these are acknowledged.
        if self._running:
            await asyncio.wait(set(self._running), timeout=FINISH_LIMIT)

    async def _close(self, channel: AbstractChannel) -> None:
        if channel.is_initialized and not channel.is_closed:
            try:
                await call(channel.close(), limit=SUBSCRIBE_LIMIT)
            except BrokerError as error:
                log.warning("broker_channel_not_closed", queue=self.queue, reason=str(error))

    def _take(self, incoming: AbstractIncomingMessage, subscription: _Subscription) -> None:
        if subscription.ended.done():
            return
        self.counts["received"] += 1
        # Not in the library's own task: that one is cancelled with the connection.
        task = asyncio.create_task(self._handle(incoming, subscription))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _handle(self, incoming: AbstractIncomingMessage, subscription: _Subscription) -> None:
        try:
            message = unseal(incoming.body)
        except EnvelopeError as error:
            await self._bury(incoming, str(error), subscription)
            return
        received = Received(
            message,
            incoming,
            subscription.generation,
            is_live=lambda: self._link.is_current(subscription.generation),
            counts=self.counts,
        )
        await self._hand_on(received, subscription)

    async def _hand_on(self, received: Received, subscription: _Subscription) -> None:
        try:
            await self._handler(received)
        except Exception:
            log.exception("broker_handler_failed", queue=self.queue, headers=received.headers)
            self._fail(subscription)
            return
        if not received.is_settled:
            log.error("broker_message_unsettled", queue=self.queue, headers=received.headers)
            self._fail(subscription)
            return
        self._failures = 0

    def _fail(self, subscription: _Subscription) -> None:
        self.counts["failed"] += 1
        subscription.end(End.FAILED)

    async def _bury(
        self, incoming: AbstractIncomingMessage, reason: str, subscription: _Subscription
    ) -> None:
        self.counts["undecodable"] += 1
        headers = dict(incoming.headers)
        log.error("broker_message_undecodable", queue=self.queue, reason=reason, headers=headers)
        try:
            if self._on_bad is None:
                await call(incoming.reject(requeue=False), limit=SUBSCRIBE_LIMIT)
            else:
                await self._on_bad(incoming.body, headers, reason)
                await call(incoming.ack(), limit=SUBSCRIBE_LIMIT)
        except BrokerError as error:
            log.warning("broker_reject_failed", queue=self.queue, reason=str(error))
        except Exception:
            log.exception("broker_handler_failed", queue=self.queue, headers=headers)
            self._fail(subscription)

    async def _report_loss(self) -> None:
        if self._on_lost is None:
            return
        try:
            await self._on_lost()
        except Exception:
            log.exception("broker_queue_not_restored", queue=self.queue)

    def _note(self, why: End) -> None:
        self.last_end = why
        self.counts[f"end_{why}"] += 1
        if why is not End.UNWANTED:
            log.warning("broker_not_consuming", queue=self.queue, reason=why)

    def _end(self, why: End) -> None:
        if self._subscription is not None:
            self._subscription.end(why)

    async def _unless_stopping(self, awaited: Coroutine[Any, Any, object]) -> None:
        tasks = {
            asyncio.ensure_future(awaited),
            asyncio.ensure_future(self._stopping.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
