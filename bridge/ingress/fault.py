"""What the log may say of an error: never its message, which can repeat what a guest wrote."""

import traceback
from pathlib import Path
from typing import Any

import structlog

DEEPEST = 12

log = structlog.get_logger()


def tell(event: str, error: BaseException | None, **facts: Any) -> None:
    """Log an error by its class and the way to it: enough to find the line, nothing of the data."""
    trace = error.__traceback__ if error else None
    frames = traceback.extract_tb(trace)[-DEEPEST:]
    way = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    log.error(event, error=type(error).__name__, at=way, **facts)
