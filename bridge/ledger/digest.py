"""Checksums that a row is stored with: what the disk changes by itself is noticed."""

import zlib
from collections.abc import Iterable
from typing import Any, Protocol

# What never changes of a call that came in. Its columns of text are `TEXTS`.
REQUEST_TEXTS = (
    "endpoint",
    "hook",
    "restaurant",
    "order_id",
    "checkout_id",
    "correlation_id",
    "content_type",
    "event",
    "code",
    "answer_type",
    "evidence",
)
REQUEST = (*REQUEST_TEXTS, "received_at", "body", "status", "answer", "repeat_of")
# What is brought to the POS.
DELIVERY = ("content", "slip")


class Row(Protocol):
    """Of the database, or a mapping with the same names."""

    def keys(self) -> Iterable[str]: ...

    def __getitem__(self, name: str, /) -> Any: ...


def digest(row: Row, names: tuple[str, ...]) -> int:
    """Of those columns; text counts the same as its bytes."""
    found = 0
    for name in names:
        data = _bytes(row[name])
        found = zlib.crc32(b"%d:%b" % (len(data), data), found)
    return found


def is_sound(row: Row, names: tuple[str, ...]) -> bool:
    """True as well for a row of a version that stored no checksum."""
    return row["digest"] is None or row["digest"] == digest(row, names)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else repr(value)).encode()
