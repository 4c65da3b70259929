"""What things at the broker are called. All names share one prefix, and so one permission."""

import re
from dataclasses import dataclass

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a message is published to."""

    exchange: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """A queue whose arguments change gets a new version at its end: they cannot be altered.

    With `idle_expiry` the broker deletes a queue that nobody used for so many seconds. Nothing is
    lost by it: what no worker has recorded is published again.
    """

    prefix: str = "pos-bridge"
    idle_expiry: int = 0

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"{self.prefix!r} cannot be a prefix of names at the broker")

    @property
    def orders(self) -> str:
        return f"{self.prefix}.orders"

    @property
    def outcomes(self) -> str:
        return f"{self.prefix}.outcomes"

    @property
    def dead(self) -> str:
        return f"{self.prefix}.dead"

    @property
    def dead_queue(self) -> str:
        return f"{self.dead}.v1"

    @property
    def availability(self) -> str:
        return f"{self.prefix}.availability"

    def orders_queue(self, restaurant: str) -> str:
        return f"{self.orders}.{_checked(restaurant)}.v1"

    def outcomes_queue(self, ingress: str) -> str:
        return f"{self.outcomes}.{_checked(ingress)}.v1"

    def availability_queue(self, listener: str) -> str:
        """`listener` is new for each connection: an old one may still hold the queue."""
        return f"{self.availability}.{_checked(listener)}"

    def lock_queue(self, restaurant: str) -> str:
        return f"{self.prefix}.worker.{_checked(restaurant)}"

    def to_restaurant(self, restaurant: str) -> Target:
        """To whichever worker serves it."""
        return Target(exchange=self.orders, key=_checked(restaurant))

    def to_ingress(self, ingress: str) -> Target:
        return Target(exchange=self.outcomes, key=_checked(ingress))

    def to_all_ingresses(self) -> Target:
        return Target(exchange=self.availability)


def _checked(part: str) -> str:
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} cannot be part of a name at the broker")
    return part
