"""One delivery from a queue, and its acknowledgement."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage

from bridge.broker.envelope import Message
from bridge.broker.guard import BrokerError, call

ACK_LIMIT = 5.0

log = structlog.get_logger()


class Received:
    """Acknowledging is harmless at any time: after a lost connection it does nothing.

    The broker then delivers the message again, so a handler must know it again.
    """

    __slots__ = ("_counts", "_incoming", "_is_live", "_settled", "generation", "message")

    def __init__(
        self,
        message: Message,
        incoming: AbstractIncomingMessage,
        generation: int,
        *,
        is_live: Callable[[], bool],
        counts: Counter[str],
    ) -> None:
        self.message = message
        self.generation = generation
        self._incoming = incoming
        self._is_live = is_live
        self._counts = counts
        self._settled = False

    @property
    def headers(self) -> dict[str, Any]:
        return dict(self._incoming.headers)

    @property
    def redelivered(self) -> bool:
        return bool(self._incoming.redelivered)

    @property
    def is_settled(self) -> bool:
        """True once acknowledged or rejected."""
        return self._settled

    async def ack(self) -> None:
        """The message is done with here: the broker may forget it."""
        await self._settle("acked", self._incoming.ack)

    async def reject_to_dead(self, reason: str) -> None:
        """Moves the message to the dead letters, where it is an alert."""
        log.warning(
            "broker_message_to_dead",
            reason=reason,
            headers=self.headers,
            redelivered=self.redelivered,
        )
        await self._settle("rejected", self._incoming.reject)

    async def _settle(self, what: str, tell: Callable[[], Awaitable[None]]) -> None:
        if self._settled:
            return
        self._settled = True
        if not self._is_live():
            self._counts["stale"] += 1
            return
        try:
            await call(tell(), limit=ACK_LIMIT)
        except BrokerError:
            self._counts["stale"] += 1
            return
        self._counts[what] += 1
