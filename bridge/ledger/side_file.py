"""What is damaged, a line each, beside the ledger: for people, until they move it away."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from bridge.ledger.disk import append

SIDE_FILE = "damaged.jsonl"


def keep(directory: Path, facts: Mapping[str, Any]) -> None:
    """On the disk when it returns. Raises OSError."""
    plain = {name: _plain(value) for name, value in facts.items()}
    append(directory / SIDE_FILE, orjson.dumps(plain) + b"\n")


def count(directory: Path) -> int:
    """Lines in it; 0 if there is none, or nobody can read it."""
    try:
        return (directory / SIDE_FILE).read_bytes().count(b"\n")
    except OSError:
        return 0


def _plain(value: Any) -> Any:
    """Bytes as the text that they are, or in base64."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
