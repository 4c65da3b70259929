"""What follows from an attempt. Pure: the error and the delivery in, a decision out.

accepted               done
PosUnreachable         ready again; the lane stops until the POS is up
PosBusy                ready again, not before the POS asked
TicketRejected         refused
OperatorNeeded         ready again; the lane stops until the probe is good
AdapterMisconfigured   ready again; the lane is paused
anything else          unknown: what may be done then follows from the spec's `repeat`
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
from bridge.ledger.deliveries import MAY_BE_THERE, Verdict, Work
from bridge.model import DeliveryState, Operation, Slip, SlipKind
from bridge.model.question import Side

# An adapter may ask for a longer pause; then it says so again.
LONGEST_PAUSE = 600.0
LONGEST_TEXT = 500
# A look-up beyond the window of an idempotent POS that states no lag.
QUIET = 10.0
_LONGEST_BACK_OFF = 15.0
_BACK_OFF = wait_exponential(multiplier=0.5, max=_LONGEST_BACK_OFF)
_LEAST = 0.05
# What stops the lane need not stop the delivery too: later orders would pass it when the lane goes
# on. But one that stops its lane again and again must let the others by.
_PLACE_KEPT = 3
# What was under way at so many unclean ends of the process in a row is taken for their cause.
POISON = 3


class LaneEffect(Enum):
    """What the lane does besides."""

    GO_ON = "go_on"
    DOWN = "down"  # start nothing until the POS is up again
    PAUSE = "pause"  # start nothing until a person has acted
    REST = "rest"  # start nothing for as long as the POS asks for
    DOUBT = "doubt"  # too many of these, and it starts nothing for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    verdict: Verdict
    effect: LaneEffect = LaneEffect.GO_ON
    rests_until: float = 0.0


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


_CALLS: dict[Operation, tuple[Call, Capability]] = {
    Operation.CHANGE: (Call.CHANGE, Capability.CHANGE),
    Operation.CANCEL: (Call.CANCEL, Capability.CANCEL),
    Operation.REFUND: (Call.REFUND, Capability.REFUND),
}
# A kitchen must hear what it need not make, by whatever paper there is: a void last, for a cook
# may drop the whole order for it while dishes remain.
_SLIPS_OF_REFUND = (SlipKind.REFUND, SlipKind.CHANGE, SlipKind.VOID)


def puts_refunds_on_paper(spec: AdapterSpec) -> bool:
    """True if a refund is a slip for the kitchen, whose money the POS does not hear of."""
    books = Capability.REFUND in spec.capabilities
    return not books and not spec.slips.isdisjoint(_SLIPS_OF_REFUND)


def choose_call(spec: AdapterSpec, operation: Operation, slip: Slip) -> tuple[Call, Slip] | None:
    """The protocol if the adapter has it, else a slip, else None: a task for the operator.

    A refund is put on paper only if the kitchen has something not to make; what of it nobody was
    told is looked up by a person.
    """
    if operation is Operation.PLACE:
        return Call.SUBMIT, slip
    if slip.refund is not None and slip.refund.is_doubtful:
        return None
    call, capability = _CALLS[operation]
    if capability in spec.capabilities:
        return call, slip
    kinds: tuple[SlipKind, ...] = (slip.kind,)
    if operation is Operation.REFUND:
        kinds = _SLIPS_OF_REFUND if slip.differences else ()
    for kind in kinds:
        if kind in spec.slips:
            return Call.SUBMIT, replace(slip, kind=kind)
    return None


def decide(
    error: BaseException, work: Work, spec: AdapterSpec, now: float, random: Callable[[], float]
) -> Decision:
    """Where the delivery goes after this error; `random` gives numbers in [0, 1)."""
    again_at = now + _delay(work.tries, random)
    first_at = now if work.tries < _PLACE_KEPT else again_at
    match error:
        case TicketRejected():
            return Decision(verdict=_refused(error))
        case PosUnreachable():
            verdict = _again(work, spec, "unreachable", f"POS offline: {describe(error)}", first_at)
            return Decision(verdict=verdict, effect=LaneEffect.DOWN)
        case PosBusy():
            rests_until = now + _pause(error.retry_after)
            busy = f"POS busy: {describe(error)}"
            verdict = _again(work, spec, "busy", busy, max(again_at, rests_until))
            return Decision(verdict=verdict, effect=LaneEffect.REST, rests_until=rests_until)
        case OperatorNeeded():
            verdict = _again(
                work, spec, "operator_needed", f"someone must act: {describe(error)}", first_at
            )
            return Decision(verdict=verdict, effect=LaneEffect.DOWN)
        case AdapterMisconfigured():
            verdict = _again(work, spec, "misconfigured", f"settings: {describe(error)}", first_at)
            return Decision(verdict=verdict, effect=LaneEffect.PAUSE)
        case _:
            return Decision(verdict=_unknown(error, spec, again_at), effect=LaneEffect.DOUBT)


def resolve(spec: AdapterSpec, work: Work, now: float) -> Resolution:
    """What an unknown outcome asks for now. Past its promise nothing is sent by itself."""
    if isinstance(spec.repeat, Blind):
        return Resolution.HOLD
    if isinstance(spec.repeat, ReadBack):
        return Resolution.FIND if now >= settled_at(spec, work) else Resolution.WAIT
    since = work.first_try_at if work.first_try_at is not None else work.accepted_at
    if now < min(since + spec.repeat.window, work.promise_at):
        return Resolution.RESEND
    if Capability.LOOKUP not in spec.capabilities:
        return Resolution.HOLD
    return Resolution.FIND if now >= settled_at(spec, work) else Resolution.WAIT


def quarantine(unclean_ends: int, *, may_be_there: bool) -> str | None:
    """Why a delivery that was being handled whenever the process died is held; None: go on."""
    if unclean_ends < POISON:
        return None
    doubt = f"; {MAY_BE_THERE}" if may_be_there else ""
    return f"the bridge died {unclean_ends} times in a row while it handled this{doubt}"


def settled_at(spec: AdapterSpec, work: Work) -> float:
    """From when on a look-up is to be believed."""
    lag = spec.repeat.lag if isinstance(spec.repeat, ReadBack) else QUIET
    return (work.last_try_at or 0.0) + lag


def absent(now: float) -> Verdict:
    """The POS does not have it: it may be sent again, unless the clock holds it."""
    cause = "not in the POS"
    return Verdict(state=DeliveryState.READY, outcome="absent", cause=cause, next_at=now)


def still_unknown(work: Work, reason: str, now: float, random: Callable[[], float]) -> Verdict:
    """The look-up itself failed: ask again until the promise, then a person must."""
    # Look-ups leave no attempt to count: the time since the last one stands for their number.
    waited = max(0.0, now - (work.last_try_at or work.accepted_at))
    at = now + max(_LEAST, random() * min(_LONGEST_BACK_OFF, max(1.0, waited)))
    if at > work.promise_at:
        return Verdict(state=DeliveryState.HELD, outcome="unknown", cause=MAY_BE_THERE)
    return Verdict(state=DeliveryState.UNKNOWN, outcome="unknown", cause=reason, next_at=at)


def describe(error: BaseException) -> str:
    """The error in words for people; an adapter's bug names itself."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  a vendor's class may do anything
        text = "its text cannot be shown"
    if isinstance(error, AdapterError):
        return _plain(text or name)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return _plain(f"adapter bug: {name}: {text}")


def _plain(text: str) -> str:
    """Short, and fit to be stored."""
    return text[:LONGEST_TEXT].encode("utf-8", "backslashreplace").decode()


def _pause(seconds: object) -> float:
    """What the adapter asked for, if it is a time."""
    if isinstance(seconds, int | float) and seconds >= 0:
        return min(float(seconds), LONGEST_PAUSE)
    return 0.0


def _refused(error: TicketRejected) -> Verdict:
    field = _plain(f" ({error.field})") if error.field else ""
    cause = f"{describe(error)}{field}"
    # What it names is something on the order, and the POS has it under another name or not at all.
    side = Side.MAPPING if error.field else ""
    return Verdict(state=DeliveryState.REFUSED, outcome="rejected", cause=cause, side=side)


def _again(work: Work, spec: AdapterSpec, outcome: str, cause: str, at: float) -> Verdict:
    """Nothing was sent this time. What was unknown before stays so, unless it was looked up."""
    in_doubt = work.state is DeliveryState.UNKNOWN and not isinstance(spec.repeat, ReadBack)
    if at >= work.promise_at:
        question = MAY_BE_THERE if in_doubt else "print?"
        late = f"not sent in time ({cause}): {question}"
        return Verdict(state=DeliveryState.HELD, outcome=outcome, cause=late)
    state = DeliveryState.UNKNOWN if in_doubt else DeliveryState.READY
    return Verdict(state=state, outcome=outcome, cause=cause, next_at=at)


def _unknown(error: BaseException, spec: AdapterSpec, again_at: float) -> Verdict:
    outcome = "unknown" if isinstance(error, OutcomeUnknown | TimeoutError) else "adapter_bug"
    cause = describe(error)
    if isinstance(spec.repeat, Blind):
        held = f"{cause}; {MAY_BE_THERE}"
        return Verdict(state=DeliveryState.HELD, outcome=outcome, cause=held)
    # A look-up waits for its lag, and the promise is looked at, when it is resolved.
    return Verdict(state=DeliveryState.UNKNOWN, outcome=outcome, cause=cause, next_at=again_at)


def _delay(tries: int, random: Callable[[], float]) -> float:
    """Full jitter under an exponential bound."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = tries + 1
    return max(_LEAST, random() * _BACK_OFF(state))
