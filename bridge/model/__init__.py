"""What travels through the bridge: frozen data, no I/O, standard library only."""

from bridge.model.answer import Answer
from bridge.model.availability import Availability, PosState
from bridge.model.deadline import Deadline
from bridge.model.delivery import DeliveryState, Operation, effect_key
from bridge.model.event import Event, OrderChanged, OrderPlaced
from bridge.model.handover import Confirmed, Fate, Handover, Outcome, Pulse, Recorded
from bridge.model.money import as_decimal_text
from bridge.model.order import Address, Guest, Line, Modifier, Order, Table, Totals, Unit
from bridge.model.pulses import Heard, Pulses
from bridge.model.slip import Difference, Slip, SlipKind, differences
from bridge.model.ticket import Acceptance, Ticket

__all__ = [
    "Acceptance",
    "Address",
    "Answer",
    "Availability",
    "Confirmed",
    "Deadline",
    "DeliveryState",
    "Difference",
    "Event",
    "Fate",
    "Guest",
    "Handover",
    "Heard",
    "Line",
    "Modifier",
    "Operation",
    "Order",
    "OrderChanged",
    "OrderPlaced",
    "Outcome",
    "PosState",
    "Pulse",
    "Pulses",
    "Recorded",
    "Slip",
    "SlipKind",
    "Table",
    "Ticket",
    "Totals",
    "Unit",
    "as_decimal_text",
    "differences",
    "effect_key",
]
