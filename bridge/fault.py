"""What the log may say of an error: never its message, which can repeat what a guest wrote."""

import sys
import traceback
from pathlib import Path
from typing import Any

import structlog

DEEPEST = 12

log = structlog.get_logger()


def tell(event: str, error: BaseException | None, **facts: Any) -> None:
    """Log an error as `describe` puts it."""
    log.error(event, **describe(error), **facts)


def describe(error: BaseException | None) -> dict[str, Any]:
    """An error's class and the way to it: enough to find the line, nothing of the data."""
    trace = error.__traceback__ if error else None
    frames = traceback.extract_tb(trace)[-DEEPEST:]
    way = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "at": way}


def describe_in_log(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The same for `log.exception` and `exc_info`, wherever it is used."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    return {**event, **describe(error)}
