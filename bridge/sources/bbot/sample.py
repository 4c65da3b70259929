"""The platform's published payloads, repaired to valid JSON, for tests and demonstrations.

The ends of a checkout are not published; theirs are made from the begin of the same checkout.
"""

from importlib.resources import files
from typing import Final

NAMES: Final = (
    "order_injection",
    "order_change",
    "pricecheck",
    "checkout_beginning",
    "checkout_finished",
    "checkout_cancelled",
    "items_refunded",
)


def sample(name: str) -> bytes:
    """The body of one of NAMES, as it would come over the wire; KeyError for another name."""
    if name not in NAMES:
        raise KeyError(name)
    return files("bridge.sources.bbot").joinpath("samples", f"{name}.json").read_bytes()
