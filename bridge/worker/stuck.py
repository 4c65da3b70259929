"""Calls that an adapter would not end: while one goes on, it may bring its ticket at any time."""

import asyncio
from collections.abc import Callable
from typing import Any


class StuckCalls:
    """By the key of what they were to bring; known until the process ends, and they with it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ended_at: dict[str, float | None] = {}

    def add(self, key: str, call: "asyncio.Task[Any]") -> None:
        self._ended_at[key] = None
        call.add_done_callback(lambda _call: self._end(key))

    def goes_on(self, key: str) -> bool:
        return key in self._ended_at and self._ended_at[key] is None

    def ended_at(self, key: str) -> float:
        """0 if it never was stuck, or still is."""
        return self._ended_at.get(key) or 0.0

    def _end(self, key: str) -> None:
        self._ended_at[key] = self._now()
