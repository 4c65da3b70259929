"""The description of an adapter as data: what it is, what it can do, what a repeat would do."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from bridge.model import SlipKind

if TYPE_CHECKING:
    from bridge.adapter.contract import Adapter

CONTRACT = 1

# Seconds. A stop waits for running attempts, and the service manager does not wait for ever.
LONGEST_SUBMIT = 35.0


class NoSettings(BaseModel):
    """For an adapter that has nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Capability(StrEnum):
    """What an adapter can do beyond printing; each but `contact` names a protocol."""

    LOOKUP = "lookup"
    CHANGE = "change"
    CANCEL = "cancel"
    REFUND = "refund"
    PROMOTIONS = "promotions"
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
    """`submit_timeout` in seconds, at most 35; `max_in_flight` submits at once per restaurant."""

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
    Capability.PROMOTIONS: "quote",
}


def spec_problems(adapter: "type[Adapter]") -> list[str]:
    """What is wrong in the spec or disagrees with the methods; empty when it may be loaded."""
    spec = adapter.spec
    if spec.contract != CONTRACT:
        # The fields of another contract may mean something else: judge none of them.
        return [f"speaks contract {spec.contract}, this bridge speaks {CONTRACT}"]
    return list(_wrong_fields(spec)) or _disagreements(adapter)


def _wrong_fields(spec: Any) -> Iterator[str]:
    """One sentence for each: a vendor's code need not have been type-checked."""
    for field in ("name", "title"):
        text = getattr(spec, field)
        if not (isinstance(text, str) and text):
            yield f"its {field} is {text!r}, not a text"
    yield from _wrong_repeat(spec.repeat)
    yield from _wrong_sets(spec)
    if not (inspect.isclass(spec.settings) and issubclass(spec.settings, BaseModel)):
        yield f"its settings are {_shown(spec.settings)}, not a class made from pydantic.BaseModel"
    if type(spec.max_in_flight) is not int or spec.max_in_flight < 1:
        yield f"its max_in_flight is {spec.max_in_flight!r}, not a whole number from 1"
    if not (_is_positive(spec.submit_timeout) and spec.submit_timeout <= LONGEST_SUBMIT):
        allowed = f"seconds above 0 and at most {LONGEST_SUBMIT:g}"
        yield f"its submit_timeout is {spec.submit_timeout!r}, not {allowed}"


def _wrong_repeat(repeat: object) -> Iterator[str]:
    if isinstance(repeat, Idempotent):
        if not _is_positive(repeat.window):
            yield f"its window is {repeat.window!r}, not seconds above 0"
    elif isinstance(repeat, ReadBack):
        # A POS may be right at once.
        if repeat.lag != 0 and not _is_positive(repeat.lag):
            yield f"its lag is {repeat.lag!r}, not seconds from 0"
    elif not isinstance(repeat, Blind):
        choices = "Idempotent(window=...), ReadBack(lag=...) or Blind(), with parentheses"
        yield f"its repeat is {_shown(repeat)}, not {choices}"


def _wrong_sets(spec: Any) -> Iterator[str]:
    kinds: tuple[tuple[str, type[StrEnum]], ...] = (
        ("capabilities", Capability),
        ("slips", SlipKind),
    )
    for field, kind in kinds:
        found = getattr(spec, field)
        if not isinstance(found, frozenset) or not all(isinstance(one, kind) for one in found):
            yield f"its {field} are {found!r}, not a frozenset of {kind.__name__}"


def _is_positive(seconds: Any) -> bool:
    # True is a number to Python, and nan is neither above nor below.
    return type(seconds) in {int, float} and 0 < seconds < inf


def _shown(value: object) -> str:
    return f"the class {value.__name__}" if inspect.isclass(value) else repr(value)


def _disagreements(adapter: "type[Adapter]") -> list[str]:
    spec = adapter.spec
    problems = []
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
