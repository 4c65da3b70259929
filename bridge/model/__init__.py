"""What travels through the bridge: frozen data, no I/O, standard library only."""

from bridge.model.answer import Answer
from bridge.model.availability import Availability, PosState
from bridge.model.cart import Cart, CartLine, GivenPrompt
from bridge.model.deadline import Deadline
from bridge.model.delivery import DeliveryState, Operation, effect_key
from bridge.model.event import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    Event,
    IntegrationChanged,
    ItemsRefunded,
    News,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.model.handover import Confirmed, Fate, Handover, Outcome, Pulse, Recorded
from bridge.model.money import as_decimal_text
from bridge.model.order import Address, Guest, Line, Modifier, Order, Table, Totals, Unit
from bridge.model.pulses import Heard, Pulses
from bridge.model.quote import (
    ApplyButton,
    Choice,
    Choices,
    Discount,
    Label,
    Prompt,
    Quote,
    Share,
    TextInput,
)
from bridge.model.refund import Refund, RefundLine, Remainder
from bridge.model.slip import Difference, Slip, SlipKind, differences
from bridge.model.ticket import Acceptance, Ticket

__all__ = [
    "Acceptance",
    "Address",
    "Answer",
    "ApplyButton",
    "Availability",
    "Cart",
    "CartLine",
    "CheckoutCancelled",
    "CheckoutFinished",
    "CheckoutStarted",
    "Choice",
    "Choices",
    "Confirmed",
    "Deadline",
    "DeliveryState",
    "Difference",
    "Discount",
    "Event",
    "Fate",
    "GivenPrompt",
    "Guest",
    "Handover",
    "Heard",
    "IntegrationChanged",
    "ItemsRefunded",
    "Label",
    "Line",
    "Modifier",
    "News",
    "Operation",
    "Order",
    "OrderChanged",
    "OrderPlaced",
    "Outcome",
    "PosState",
    "PriceCheck",
    "Prompt",
    "Pulse",
    "Pulses",
    "Quote",
    "Recorded",
    "Refund",
    "RefundLine",
    "Remainder",
    "Share",
    "Slip",
    "SlipKind",
    "Table",
    "TextInput",
    "Ticket",
    "Totals",
    "Unit",
    "as_decimal_text",
    "differences",
    "effect_key",
]
