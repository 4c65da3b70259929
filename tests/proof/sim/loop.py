"""Time that moves only when everybody waits, and chances that come from a seed.

A process that has died runs not one instruction more: what it had scheduled is thrown away, and
what it schedules from then on never was. Which process code belongs to is in its context.
"""

import asyncio
import os
import random
import selectors
import time
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final

# A Friday evening.
START: Final = 1_767_981_600.0


class Life:
    """One process from its start to its end."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.is_over = False


LIFE: Final[ContextVar[Life | None]] = ContextVar("life", default=None)


class _Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> float:
        return self.at


clock: Final = _Clock()
chance: Final = random.Random()  # noqa: S311  what a seed decides is no secret


def take_over() -> None:
    """All clocks and chances of this process are ours from now on, for good."""
    time.time = time.monotonic = time.perf_counter = clock
    time.time_ns = time.monotonic_ns = lambda: int(clock.at * 1e9)
    os.urandom = random._urandom = chance.randbytes


class _Selector(selectors.BaseSelector):
    """Nothing ever comes from outside: where others wait, this one lets time pass."""

    def __init__(self) -> None:
        self._map: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._map[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._map.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for ever")
        clock.at += max(0.0, timeout)
        return []

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return self._map


class SimLoop(asyncio.SelectorEventLoop):
    """`complaints`: what nobody caught in callbacks and tasks of the living."""

    def __init__(self) -> None:
        super().__init__(_Selector())
        # Moments a hair apart are one to asyncio; with times this large a hair is wider.
        self._clock_resolution = 1e-6
        self.complaints: list[str] = []

    def time(self) -> float:
        return clock.at

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        # One without a variable in it counts as false.
        context = copy_context() if context is None else context
        if _is_over(context):
            return _nothing(self, context)
        return super().call_soon(callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        handle = super().call_at(when, callback, *args, context=context)
        if _is_over(context):
            handle.cancel()
        return handle

    def forget(self, life: Life) -> None:
        """Nothing that it wanted to do is done."""
        for handle in [*self._ready, *self._scheduled]:
            if handle._context is not None and handle._context.get(LIFE) is life:
                handle.cancel()

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        life = LIFE.get()
        if life is None or not life.is_over:
            self.complaints.append(str(context.get("exception") or context.get("message")))

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _is_over(context: Context) -> bool:
    life = context.get(LIFE)
    return life is not None and life.is_over


def _nothing(loop: SimLoop, context: Context) -> asyncio.Handle:
    handle = asyncio.Handle(_nothing, (), loop, context)
    handle.cancel()
    return handle
