"""What may follow when a person decides about a delivery: replay, resolve, void. Pure.

Twice is worse than late: what may lie in the POS is sent again only where the POS itself, or the
person's own word (`reprint`), makes sure that the kitchen can tell.
"""

from dataclasses import dataclass

from bridge.adapter import AdapterSpec, Blind, Capability, Idempotent
from bridge.ledger.decisions import Subject
from bridge.ledger.deliveries import TASK
from bridge.model import Acceptance, DeliveryState, Operation, SlipKind

_UNDER_WAY = frozenset(
    {
        DeliveryState.WAITING,
        DeliveryState.READY,
        DeliveryState.SENDING,
        DeliveryState.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing is done; `words` say why, and what to do instead."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Where the delivery goes. With `reprint` a marked copy of it is opened beside that."""

    state: DeliveryState
    cause: str
    reprint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look-up in the POS said; `reason` if it could not be asked."""

    acceptance: Acceptance | None = None
    reason: str = ""


def asks_pos(subject: Subject, spec: AdapterSpec) -> bool:
    """True if a replay must look into the POS before."""
    can_look = Capability.LOOKUP in spec.capabilities
    return can_look and subject.may_be_there and _refuse_replay(subject) is None


def decide_replay(
    subject: Subject, spec: AdapterSpec, now: float, *, reprint: bool, look: Look | None = None
) -> Ruling | Refusal:
    """Send it again, if that cannot make two of it."""
    refusal = _refuse_replay(subject)
    if refusal is not None:
        return refusal
    if not subject.may_be_there:
        return Ruling(state=DeliveryState.READY, cause="replayed")
    if look is not None and (look.reason or look.acceptance is not None):
        return _refuse_after(look)
    if look is not None and not isinstance(spec.repeat, Blind):
        # Unknown, not ready: right before it is sent the lane looks once more.
        return Ruling(state=DeliveryState.UNKNOWN, cause="replayed: not in the POS")
    # That a blind one does not find it proves nothing.
    return _replay_in_doubt(subject, spec, now, reprint=reprint)


def decide_resolve(subject: Subject, note: str) -> Ruling | Refusal:
    """A person has seen to it."""
    if subject.state is DeliveryState.SENDING:
        return _being_sent()
    if subject.state in {DeliveryState.DONE, DeliveryState.VOIDED}:
        return Refusal(code="over", words=f"it is {subject.state} already")
    return Ruling(state=DeliveryState.DONE, cause=f"settled by hand: {note}")


def decide_void(subject: Subject, note: str) -> Ruling | Refusal:
    """Nobody wants it any more. What is in the POS stays there."""
    if subject.state is DeliveryState.SENDING:
        return _being_sent()
    if subject.state is DeliveryState.DONE:
        return Refusal(code="over", words="it is in the POS: cancel it there, or at the platform")
    if subject.state is DeliveryState.VOIDED:
        return Refusal(code="over", words="it is voided already")
    look = "; it may be in the POS: look there" if subject.may_be_there else ""
    return Ruling(state=DeliveryState.VOIDED, cause=f"voided by hand: {note}{look}")


def _refuse_replay(subject: Subject) -> Refusal | None:
    if subject.state in _UNDER_WAY:
        return Refusal(code="under_way", words=f"it is {subject.state}: nothing is to be decided")
    if subject.state is DeliveryState.DONE:
        ref = f" as {subject.pos_ref}" if subject.pos_ref else ""
        words = f"the POS has it already{ref}: for another paper print it again there"
        return Refusal(code="already_done", words=words)
    if subject.is_superseded:
        words = "something later stands for it: decide about that"
        return Refusal(code="superseded", words=words)
    if subject.timer == TASK:
        words = "the POS cannot be told this: do it by hand, then resolve"
        return Refusal(code="by_hand", words=words)
    is_unwanted = subject.is_cancelled and subject.operation is Operation.PLACE
    is_void = subject.state is DeliveryState.VOIDED and not subject.by_hand
    if is_void or is_unwanted:
        words = "nobody wants it: it was voided, or its checkout was cancelled"
        return Refusal(code="unwanted", words=words)
    return None


def _replay_in_doubt(
    subject: Subject, spec: AdapterSpec, now: float, *, reprint: bool
) -> Ruling | Refusal:
    if isinstance(spec.repeat, Idempotent) and now < _first_try(subject) + spec.repeat.window:
        return Ruling(state=DeliveryState.UNKNOWN, cause="replayed: the POS knows its key")
    if reprint:
        return _reprint(subject, spec)
    return Refusal(
        code="may_be_there",
        words="it may be in the POS already: look there; resolve it if it is, "
        "or replay it as a marked reprint",
    )


def _refuse_after(look: Look) -> Refusal:
    if look.acceptance is not None:
        words = f"the POS has it already as {look.acceptance.pos_ref}: resolve it"
        return Refusal(code="already_in_pos", words=words)
    words = f"it may be in the POS, which cannot be asked now: {look.reason}"
    return Refusal(code="cannot_tell", words=words)


def _reprint(subject: Subject, spec: AdapterSpec) -> Ruling | Refusal:
    if subject.operation is not Operation.PLACE:
        return Refusal(code="no_reprint", words="only the ticket itself can be printed again")
    if SlipKind.REPRINT not in spec.slips:
        words = f"{spec.name} cannot mark a reprint: print it at the POS itself"
        return Refusal(code="no_reprint", words=words)
    return Ruling(state=DeliveryState.VOIDED, cause="printed again, marked", reprint=True)


def _being_sent() -> Refusal:
    return Refusal(code="under_way", words="it is being sent this moment: wait for its outcome")


def _first_try(subject: Subject) -> float:
    tried_at = subject.first_try_at
    return subject.accepted_at if tried_at is None else tried_at
