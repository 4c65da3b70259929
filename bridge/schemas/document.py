"""Writes the JSON files of this folder from the code that they describe.

python -m bridge.schemas.document bridge/schemas
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from bridge.schemas.messages import describe_messages
from bridge.schemas.openapi import describe_ingress

DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "openapi.json": describe_ingress,
    "messages.json": describe_messages,
}


def write(folder: Path) -> None:
    """Brings the files of that folder up to date."""
    for name in DOCUMENTS:
        (folder / name).write_bytes(text(name))


def text(name: str) -> bytes:
    """What the file of that name must hold."""
    return orjson.dumps(DOCUMENTS[name](), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
