"""The description of an adapter as data: what it is, what it can do, what a repeat would do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from bridge.model import SlipKind

if TYPE_CHECKING:
    from bridge.adapter.contract import Adapter

CONTRACT = 1


class NoSettings(BaseModel):
    """For an adapter that has nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Capability(StrEnum):
    """What an adapter can do beyond printing; each but `contact` names a protocol."""

    LOOKUP = "lookup"
    CHANGE = "change"
    CANCEL = "cancel"
    REFUND = "refund"
    CONTACT = "contact"  # needs the guest's phone and email


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotent:
    """The same key twice makes one ticket, for `window` seconds."""

    window: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """`find(key)` is to be believed once `lag` seconds have passed since the attempt."""

    lag: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """Neither: after an unknown outcome only a person can decide."""


Repeat = Idempotent | ReadBack | Blind


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSpec:
    """`submit_timeout` in seconds; `max_in_flight` submits at once for one restaurant."""

    name: str
    title: str
    repeat: Repeat
    settings: type[BaseModel] = NoSettings
    capabilities: frozenset[Capability] = frozenset()
    slips: frozenset[SlipKind] = frozenset({SlipKind.PLACE})
    max_in_flight: int = 1
    submit_timeout: float = 10.0
    contract: int = CONTRACT


_METHODS = {
    Capability.LOOKUP: "find",
    Capability.CHANGE: "change",
    Capability.CANCEL: "cancel",
    Capability.REFUND: "refund",
}


def spec_problems(adapter: "type[Adapter]") -> list[str]:
    """Where spec and methods disagree, in words; empty when the adapter may be loaded."""
    spec = adapter.spec
    problems = []
    if spec.contract != CONTRACT:
        problems.append(f"speaks contract {spec.contract}, this bridge speaks {CONTRACT}")
    if SlipKind.PLACE not in spec.slips:
        problems.append("its slips do not include place")
    if isinstance(spec.repeat, ReadBack) and Capability.LOOKUP not in spec.capabilities:
        problems.append("declares ReadBack but not the capability lookup")
    for capability, method in _METHODS.items():
        claimed, present = capability in spec.capabilities, hasattr(adapter, method)
        if claimed and not present:
            problems.append(f"claims {capability} but has no method {method}")
        if present and not claimed:
            problems.append(f"has the method {method} but does not claim {capability}")
    return problems
