"""A call on its way through the ingress, what it may cost in time, and what comes back for it."""

from dataclasses import dataclass

from bridge.ingress.auth import EndpointAccess
from bridge.model import Answer, Deadline
from bridge.sources.bbot import Hook


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """By when a call is answered, which follows from what it turns out to be."""

    order: Deadline
    promo: Deadline

    def of(self, hook: str) -> Deadline:
        """That of a hook; while nobody knows which it is (""), the later one."""
        if not hook:
            return max(self.order, self.promo, key=lambda deadline: deadline.at)
        return self.promo if hook == Hook.PROMO else self.order


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Seconds from a call's first byte to its answer."""

    order: float
    promo: float

    def deadlines(self, first_byte_at: float) -> Deadlines:
        """`first_byte_at` on the monotonic clock."""
        return Deadlines(
            order=Deadline(first_byte_at + self.order), promo=Deadline(first_byte_at + self.promo)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that found its way. `hook` None: the bare address, told apart by its shape.

    Without credentials it may only be what the address alone is enough for.
    """

    endpoint: EndpointAccess
    hook: Hook | None
    body: bytes
    content_type: str
    correlation_id: str
    received_at: float
    deadlines: Deadlines
    has_credentials: bool

    def may_be(self, hook: Hook) -> bool:
        """Whether what it turned out to be is open to its caller."""
        return self.has_credentials or not self.endpoint.asks_for_credentials(hook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer; `hook` is what the call turned out to be, "" if nobody knows.

    With `seq` the ledger waits to hear of the answer's fate. With `withdraws` it may hold a yes to
    this call that is not given: it must not count.
    """

    answer: Answer
    hook: str = ""
    seq: int | None = None
    is_repeat: bool = False
    withdraws: bool = False
