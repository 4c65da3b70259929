"""Calls into the AMQP library, with an end that is ours.

The library answers a lost connection with many kinds of exception, with CancelledError although
nobody cancelled, or not at all. Each call therefore runs in a task of its own.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from aio_pika import exceptions
from aiormq.exceptions import ChannelAccessRefused, ChannelLockedResource

T = TypeVar("T")

_CODES: dict[type[BaseException], int] = {
    ChannelAccessRefused: 403,
    exceptions.ChannelNotFoundEntity: 404,
    ChannelLockedResource: 405,
    exceptions.ChannelPreconditionFailed: 406,
}


class BrokerError(Exception):
    """The broker did not do it, or may not have."""


class NoReply(BrokerError):
    """Nothing came back in time."""


class Disconnected(BrokerError):
    """The connection or the channel ended meanwhile."""


class Returned(BrokerError):
    """No queue took the message."""


class Nacked(BrokerError):
    """The queue would not take the message."""


class Refused(BrokerError):
    """The broker said no; `sentence` is its own."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


# The first that fits: a return is a delivery error to the library.
_KINDS: tuple[tuple[type[BaseException], type[BrokerError]], ...] = (
    (exceptions.PublishError, Returned),
    (exceptions.DeliveryError, Nacked),
    (TimeoutError, NoReply),
)


async def call(awaitable: Awaitable[T], *, limit: float) -> T:
    """Its result, or BrokerError; CancelledError only if the caller is cancelled."""
    task = asyncio.ensure_future(awaitable)
    task.add_done_callback(_look)
    try:
        await asyncio.wait({task}, timeout=limit)
    finally:
        task.cancel()
    if not task.done():
        raise NoReply(f"no answer within {limit:g} s")
    if task.cancelled():
        raise Disconnected("the connection was lost")
    error = task.exception()
    if error is not None:
        raise translate(error) from error
    return task.result()


def translate(error: BaseException) -> BrokerError:
    """Any failure of the library in our words."""
    code = _CODES.get(type(error))
    if code is not None:
        return Refused(code, str(error))
    if isinstance(error, BrokerError):
        return error
    for kind, ours in _KINDS:
        if isinstance(error, kind):
            return ours(str(error) or type(error).__name__)
    return Disconnected(f"{type(error).__name__}: {error}")


def _look(task: "asyncio.Future[Any]") -> None:
    # A call that nobody waits for any more still has its exception taken, or asyncio complains.
    if not task.cancelled():
        task.exception()
