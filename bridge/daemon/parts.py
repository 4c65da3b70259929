"""Tasks that belong together: none of them may end unnoticed."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class PartEnded(Exception):
    """A part of the daemon ended although nobody had asked it to."""


async def run_parts(**parts: Coroutine[Any, Any, object]) -> None:
    """Side by side until cancelled; the first that ends, in whatever way, ends them all.

    Raises its error; or PartEnded for one that returned, or was cancelled from within.
    """
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                raise end_of(task, task.get_name())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def end_of(task: "asyncio.Future[Any]", name: str) -> BaseException:
    """Why a part that is over is over."""
    error = None if task.cancelled() else task.exception()
    return error or PartEnded(f"{name} ended by itself")
