"""What is known of one order before an event is booked, and what the booking asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.model import DeliveryState, Operation, Order, Remainder, Slip

# Among what was paid for an order: its service charges together. Before an id: that of a charge of
# which nobody knows what it was.
CHARGE = "charge:"
# Before the reason why a refund could not be read.
UNREAD = "unread:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One delivery of the order as it stands; `content` and `slip` as they were put on it.

    `may_be_there`: it was tried, and that try may have brought something to the POS. `by_hand`: a
    person has voided it.
    """

    id: int
    operation: Operation
    version: int
    state: DeliveryState
    timer: str | None
    accepted_at: float
    content: Order
    slip: Slip
    promise_at: float = 0.0
    may_be_there: bool = False
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What one unit cost when it was first heard of, or the service charges together.

    `is_known` False: what was left when it was first heard of is all that is known, of the tax
    `is_tax_known`. `is_told`: a refund tells of it.
    """

    name: str
    price_cents: int
    tax_cents: int
    is_known: bool = True
    is_tax_known: bool = True
    is_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What is known of a checkout beyond its orders, or what of it concerns one of them.

    `items`, `charges`: the least that was ever heard to be left of each. `cancelled_at`: when the
    last cancel was received, 0 without any. `strays`: what was refunded and is on no order that is
    known, under the name that it has in `Book.money`.
    """

    is_finished: bool = False
    cancelled_at: float = 0.0
    items: tuple[Remainder, ...] = ()
    charges: tuple[Remainder, ...] = ()
    strays: tuple[Remainder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """`current` None: never heard of. `deliveries` oldest first. `committed`: a sign came.

    `cancelled`: its checkout was, and no sign came since. `fires_at`: when the kitchen is to
    begin, 0 for at once. `money`: by unit, and under `CHARGE` what the service charges were.
    `heard`: digests of the states that were heard with the time of `current`.
    """

    current: Order | None = None
    committed: bool = False
    cancelled: bool = False
    fires_at: float = 0.0
    money: Mapping[str, Money] = field(default_factory=dict)
    heard: tuple[str, ...] = ()
    deliveries: tuple[Booked, ...] = ()

    @property
    def place(self) -> Booked | None:
        """The newest place delivery."""
        places = [d for d in self.deliveries if d.operation is Operation.PLACE]
        return places[-1] if places else None

    @property
    def next_version(self) -> int:
        return max((d.version for d in self.deliveries), default=0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Create a delivery. `timer` says what `next_at` means while it waits."""

    operation: Operation
    version: int
    state: DeliveryState
    slip: Slip
    content: Order
    promise_at: float
    next_at: float | None = None
    timer: str | None = None
    cause: str = ""
    reason: str = ""
    amount_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Put the newest order on a delivery that was not sent yet; its promise may move with it."""

    delivery_id: int
    content: Order
    slip: Slip
    promise_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Give a delivery that was not sent yet another state."""

    delivery_id: int
    state: DeliveryState
    next_at: float | None = None
    timer: str | None = None
    cause: str = ""
    reason: str = ""


Amendment = Fold | Move
Action = Open | Amendment


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """`note` says in words what the event did; `current` None leaves no trace but the note."""

    note: str
    current: Order | None = None
    committed: bool = False
    cancelled: bool = False
    fires_at: float = 0.0
    money: Mapping[str, Money] = field(default_factory=dict)
    heard: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
