"""Calls into an adapter, each in a task of its own: whatever it does, the caller gets an answer.

A vendor's code may raise anything, cancel itself, swallow a cancellation or return nonsense. None
of that may end a lane, or leave a delivery in `sending`.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import structlog

from bridge import fault

T = TypeVar("T")

LET_GO = 2.0

log = structlog.get_logger()

# Calls that did not end when they were told to: kept, or they would vanish half-way.
_stubborn: set["asyncio.Task[Any]"] = set()


class AdapterStuckError(Exception):
    """The call goes on although it was cancelled: what it does, and when, nobody knows."""

    def __init__(self, words: str, call: "asyncio.Task[Any]") -> None:
        super().__init__(words)
        self.call = call


class AdapterBugError(Exception):
    """The adapter did what its contract does not allow."""


async def call(function: Awaitable[object], kind: type[T], *, limit: float) -> T:
    """The result, within the limit; an answer that comes while the call lets go still counts.

    Raises what the adapter raised, TimeoutError, AdapterStuckError or AdapterBugError.
    """
    task = asyncio.create_task(_keep(function))
    if isinstance(function, Coroutine):
        # One that was cancelled before it began would be complained of as never awaited.
        task.add_done_callback(lambda _task: function.close())
    try:
        await asyncio.wait({task}, timeout=limit)
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=LET_GO)
    finally:
        _leave(task)
    if not task.done():
        raise AdapterStuckError(f"no answer in {limit:g} s, and the call cannot be stopped", task)
    return _check(task, kind, limit)


async def _keep(function: Awaitable[object]) -> object:
    try:
        return await function
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        # Left alone, they would end the loop with all that runs on it.
        raise AdapterBugError(f"{type(error).__name__} was raised") from error


def _check(task: "asyncio.Task[object]", kind: type[T], limit: float) -> T:
    if task.cancelled():
        if task.cancelling():
            raise TimeoutError(f"no answer in {limit:g} s")
        raise AdapterBugError("the call cancelled itself")
    result = task.result()
    if not isinstance(result, kind):
        raise AdapterBugError(f"{type(result).__name__} was returned instead of {kind.__name__}")
    return result


def _leave(task: "asyncio.Task[Any]") -> None:
    """Also when the caller itself is cancelled: the call must not go on without it."""
    if task.done():
        return
    task.cancel()
    _stubborn.add(task)
    task.add_done_callback(_note_end)


def _note_end(task: "asyncio.Task[Any]") -> None:
    _stubborn.discard(task)
    if not task.cancelled():
        log.warning("adapter_call_ended_late", **fault.describe(task.exception()))
