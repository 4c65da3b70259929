"""One booking: everything the rules look at, and the words they use for it."""

from dataclasses import dataclass, replace

from bridge.ledger.book import Book, Booked, Checkout, Money
from bridge.ledger.deliveries import TASK
from bridge.model import DeliveryState, Fate, Handover, Operation, Order, OrderPlaced, RefundLine

UNSENT = frozenset({DeliveryState.WAITING, DeliveryState.READY})
DEAD = frozenset({DeliveryState.VOIDED, DeliveryState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A restaurant's rules, in seconds; `since`: from when on this worker serves it.

    `taken_at`: from when on no other one did; 0 where there is only one.
    `on_paper`: its POS tells a refund to the kitchen by a slip, and books none.
    """

    on_commit: bool = False
    on_paper: bool = False
    preparation: float = 900.0
    give_up_after: float = 1800.0
    since: float = 0.0
    taken_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`newest` is the order as the platform tells it, `wanted` what the kitchen should have.

    `heard`: digests of its states with the newest one's time.
    `fires_at`: when the kitchen is to begin, 0 for at once. `is_sign`: this event says that the
    guest paid for this order. `fallen`: what was given back and no refund has told yet.
    """

    book: Book
    handover: Handover
    checkout: Checkout
    terms: Terms
    now: float
    newest: Order
    heard: tuple[str, ...]
    wanted: Order
    is_sign: bool
    committed: bool
    cancelled: bool
    fires_at: float
    money: dict[str, Money]
    fallen: tuple[RefundLine, ...] = ()

    @property
    def received_at(self) -> float:
        return self.handover.received_at.timestamp()

    @property
    def is_news(self) -> bool:
        """True if the kitchen may have to hear of it."""
        is_turned = self.cancelled != self.book.cancelled
        return self.newest is not self.book.current or is_turned or bool(self.fallen)

    @property
    def is_released(self) -> bool:
        """True if nothing but the clock keeps the order back."""
        return self.committed or (self.is_answered and not self.terms.on_commit)

    @property
    def is_answered(self) -> bool:
        """True if this event is an injection whose yes went out, or may have."""
        is_placed = isinstance(self.handover.event, OrderPlaced)
        return is_placed and self.handover.fate is not Fate.GONE

    @property
    def may_be_done_already(self) -> bool:
        """Another worker's ledger, lost since, may have known more than this one."""
        taken_at = max(self.terms.since, self.terms.taken_at)
        return self.handover.copy > 1 and self.received_at < taken_at

    @property
    def live(self) -> list[Booked]:
        """What the kitchen was told, is being told or will be told, oldest first."""
        return [one for one in self.book.deliveries if one.state not in DEAD]


def is_unsent(delivery: Booked) -> bool:
    """True if it is certain that nothing of it went to the POS, or to the operator."""
    if delivery.state in UNSENT:
        return True
    is_task = delivery.timer == TASK
    return delivery.state is DeliveryState.HELD and not delivery.may_be_there and not is_task


def is_standing(delivery: Booked) -> bool:
    """True if what it tells counts as told; what a person voided is not to be told again."""
    return delivery.state is not DeliveryState.VOIDED or delivery.by_hand


def is_before_cancel(handover: Handover, checkout: Checkout) -> bool:
    """True for an injection that was received before the last cancel, but is heard of after it."""
    is_placed = isinstance(handover.event, OrderPlaced)
    return is_placed and handover.received_at.timestamp() < checkout.cancelled_at


def is_change(delivery: Booked) -> bool:
    """True for what later news may replace while it is unsent; money never is."""
    return delivery.operation in {Operation.CHANGE, Operation.CANCEL}


def without_units(order: Order, unit_ids: set[str]) -> Order:
    """The order as it is without these units; a line without units is no line."""
    if not unit_ids:
        return order
    lines = [
        replace(line, units=tuple(unit for unit in line.units if unit.id not in unit_ids))
        for line in order.lines
    ]
    return replace(order, lines=tuple(line for line in lines if line.units))
