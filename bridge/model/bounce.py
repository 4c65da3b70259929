"""An event that the broker brings back, and when a person is asked about it. Pure."""

from enum import StrEnum
from typing import Final

# After so many a person is asked: by then the bridge has done all that it can do by itself.
MOST_BOUNCES: Final = 5


class Bounce(StrEnum):
    """How an event came back."""

    RETURNED = "returned"  # no queue took it: it is nowhere else
    DEAD = "dead"  # a worker would not have it, or the queue gave up on it


def asks_person(number: int) -> bool:
    """True for the bounce after which people are told, once."""
    return number == MOST_BOUNCES


def is_stuck(kind: Bounce, number: int) -> bool:
    """True if it goes out no more before a person says so.

    What no queue takes says nothing against the event itself: it goes out as soon as one does.
    What a worker refused so often will be refused again, and somebody may enter it by hand.
    """
    return kind is Bounce.DEAD and number >= MOST_BOUNCES
