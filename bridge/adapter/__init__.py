"""The public contract between the bridge and a POS adapter, version 1.

Vendors import this package, `bridge.model` and `bridge.testing`, and nothing else of the bridge.
"""

from bridge.adapter.contract import (
    Adapter,
    Cancels,
    Changes,
    Lookup,
    Promotions,
    Refunds,
    RestaurantFacts,
    Services,
)
from bridge.adapter.errors import (
    AdapterError,
    AdapterMisconfigured,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.adapter.spec import (
    CONTRACT,
    AdapterSpec,
    Blind,
    Capability,
    Idempotent,
    NoSettings,
    ReadBack,
    Repeat,
    spec_problems,
)

__all__ = [
    "CONTRACT",
    "Adapter",
    "AdapterError",
    "AdapterMisconfigured",
    "AdapterSpec",
    "Blind",
    "Cancels",
    "Capability",
    "Changes",
    "Idempotent",
    "Lookup",
    "NoSettings",
    "OperatorNeeded",
    "OutcomeUnknown",
    "PosBusy",
    "PosUnreachable",
    "Promotions",
    "ReadBack",
    "Refunds",
    "Repeat",
    "RestaurantFacts",
    "Services",
    "TicketRejected",
    "spec_problems",
]
