"""What follows from an attempt. Pure: the error and the delivery in, a decision out.

accepted               done
PosUnreachable         ready again later; the lane stops until the POS is up
PosBusy                ready again, not before the POS asked
TicketRejected         refused
OperatorNeeded         ready again; the lane stops until the probe is good
AdapterMisconfigured   ready again; the lane is paused
anything else          unknown: what may be done then follows from the spec's `repeat`
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tenacity import RetryCallState, wait_exponential

from bridge.adapter import (
    AdapterError,
    AdapterMisconfigured,
    AdapterSpec,
    Blind,
    Capability,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    TicketRejected,
)
from bridge.ledger.deliveries import Verdict, Work
from bridge.model import DeliveryState, Operation, SlipKind

MAY_BE_THERE = "may already be in the POS: look there before it is sent again"
_BACK_OFF = wait_exponential(multiplier=0.5, max=15)
_LEAST = 0.05


class LaneEffect(Enum):
    """What the lane does besides."""

    GO_ON = "go_on"
    DOWN = "down"  # start nothing until the POS is up again
    PAUSE = "pause"  # start nothing until a person has acted


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    verdict: Verdict
    effect: LaneEffect = LaneEffect.GO_ON


class Resolution(Enum):
    """How an unknown outcome is cleared up."""

    RESEND = "resend"
    FIND = "find"
    WAIT = "wait"
    HOLD = "hold"


class Call(Enum):
    """Which method of the adapter brings an operation to the POS."""

    SUBMIT = "submit"
    CHANGE = "change"
    CANCEL = "cancel"
    REFUND = "refund"


_CALLS: dict[Operation, tuple[Call, Capability, SlipKind]] = {
    Operation.CHANGE: (Call.CHANGE, Capability.CHANGE, SlipKind.CHANGE),
    Operation.CANCEL: (Call.CANCEL, Capability.CANCEL, SlipKind.VOID),
    Operation.REFUND: (Call.REFUND, Capability.REFUND, SlipKind.REFUND),
}


def choose_call(spec: AdapterSpec, operation: Operation) -> Call | None:
    """The protocol if the adapter has it, else a slip, else None: a task for the operator."""
    if operation is Operation.PLACE:
        return Call.SUBMIT
    call, capability, slip = _CALLS[operation]
    if capability in spec.capabilities:
        return call
    return Call.SUBMIT if slip in spec.slips else None


def decide(
    error: BaseException, work: Work, spec: AdapterSpec, now: float, random: Callable[[], float]
) -> Decision:
    """Where the delivery goes after this error; `random` gives numbers in [0, 1)."""
    again_at = now + _delay(work.tries, random)
    match error:
        case TicketRejected():
            field = f" ({error.field})" if error.field else ""
            verdict = Verdict(
                state=DeliveryState.REFUSED, outcome="rejected", cause=f"{error}{field}"
            )
            return Decision(verdict=verdict)
        case PosUnreachable():
            verdict = _again(work, "unreachable", f"POS offline: {error}", again_at)
            return Decision(verdict=verdict, effect=LaneEffect.DOWN)
        case PosBusy():
            at = max(again_at, now + error.retry_after)
            return Decision(verdict=_again(work, "busy", f"POS busy: {error}", at))
        case OperatorNeeded():
            verdict = _again(work, "operator_needed", f"someone must act: {error}", again_at)
            return Decision(verdict=verdict, effect=LaneEffect.DOWN)
        case AdapterMisconfigured():
            verdict = _again(work, "misconfigured", f"settings: {error}", again_at)
            return Decision(verdict=verdict, effect=LaneEffect.PAUSE)
        case _:
            return Decision(verdict=_unknown(error, work, spec, again_at))


def resolve(spec: AdapterSpec, work: Work, now: float) -> Resolution:
    """What an unknown outcome asks for now."""
    if isinstance(spec.repeat, Blind):
        return Resolution.HOLD
    if isinstance(spec.repeat, ReadBack):
        settled_at = (work.last_try_at or 0.0) + spec.repeat.lag
        return Resolution.FIND if now >= settled_at else Resolution.WAIT
    since = work.first_try_at if work.first_try_at is not None else work.accepted_at
    if now < since + spec.repeat.window:
        return Resolution.RESEND
    return Resolution.FIND if Capability.LOOKUP in spec.capabilities else Resolution.HOLD


def still_unknown(work: Work, reason: str, now: float, random: Callable[[], float]) -> Verdict:
    """The look-up itself failed: ask again until the promise, then a person must."""
    at = now + _delay(work.tries, random)
    if at > work.promise_at:
        return Verdict(state=DeliveryState.HELD, outcome="unknown", cause=MAY_BE_THERE)
    return Verdict(state=DeliveryState.UNKNOWN, outcome="unknown", cause=reason, next_at=at)


def describe(error: BaseException) -> str:
    """The error in words for people; an adapter's bug names itself."""
    if isinstance(error, AdapterError):
        return str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"adapter bug: {type(error).__name__}: {error}"


def _again(work: Work, outcome: str, cause: str, at: float) -> Verdict:
    if at > work.promise_at:
        late = f"not sent in time ({cause}): print?"
        return Verdict(state=DeliveryState.HELD, outcome=outcome, cause=late)
    return Verdict(state=DeliveryState.READY, outcome=outcome, cause=cause, next_at=at)


def _unknown(error: BaseException, work: Work, spec: AdapterSpec, again_at: float) -> Verdict:
    outcome = "unknown" if isinstance(error, OutcomeUnknown | TimeoutError) else "adapter_bug"
    cause = describe(error)
    if isinstance(spec.repeat, Blind) or again_at > work.promise_at:
        held = f"{cause}; {MAY_BE_THERE}"
        return Verdict(state=DeliveryState.HELD, outcome=outcome, cause=held)
    # A look-up waits for its lag by itself (Resolution.WAIT), so the back-off is enough here.
    return Verdict(state=DeliveryState.UNKNOWN, outcome=outcome, cause=cause, next_at=again_at)


def _delay(tries: int, random: Callable[[], float]) -> float:
    """Full jitter under an exponential bound."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = tries + 1
    return max(_LEAST, random() * _BACK_OFF(state))
