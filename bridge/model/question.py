"""Why a delivery waits for a person: the kind of reason, whose side it is on, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bridge.model.delivery import DeliveryState


class Side(StrEnum):
    """Who can mend it."""

    PLATFORM = "platform"
    MAPPING = "mapping"  # between the platform's menu and the POS's
    NETWORK = "network"
    POS = "pos"
    PRINTER = "printer"
    BRIDGE = "bridge"
    STAFF = "staff"


class Reason(StrEnum):
    """The kind of a question; its `cause` says the rest in words."""

    LATE = "late"
    NO_SIGN = "no_sign"
    MAY_BE_THERE = "may_be_there"
    TASK = "task"
    REJECTED = "rejected"
    MISCONFIGURED = "misconfigured"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    OPERATOR_NEEDED = "operator_needed"
    ADAPTER_BUG = "adapter_bug"
    UNBOOKED = "unbooked"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`side` unless the delivery names another one; `next_step` is a sentence for staff."""

    side: Side
    next_step: str


QUESTIONS: Final[Mapping[Reason, Question]] = MappingProxyType(
    {
        Reason.LATE: Question(
            side=Side.STAFF,
            next_step="ask whether the guest still waits: replay to print it, void if not",
        ),
        Reason.NO_SIGN: Question(
            side=Side.PLATFORM,
            next_step="look at the platform whether it was paid: replay to print it, void if not",
        ),
        Reason.MAY_BE_THERE: Question(
            side=Side.POS,
            next_step="look into the POS: resolve if it is there, replay --reprint if it is not",
        ),
        Reason.TASK: Question(
            side=Side.STAFF,
            next_step="do it in the POS by hand, then resolve",
        ),
        Reason.REJECTED: Question(
            side=Side.POS,
            next_step="mend what the POS names, then replay; or enter it by hand and resolve",
        ),
        Reason.MISCONFIGURED: Question(
            side=Side.BRIDGE,
            next_step="correct the restaurant's settings, resume it, then replay",
        ),
        Reason.UNREACHABLE: Question(
            side=Side.NETWORK,
            next_step="see that the POS is on and reached from here, then replay",
        ),
        Reason.BUSY: Question(
            side=Side.POS,
            next_step="the POS took no more in time: replay once it is quiet",
        ),
        Reason.OPERATOR_NEEDED: Question(
            side=Side.PRINTER,
            next_step="do at the POS or printer what it asks for, then replay",
        ),
        Reason.ADAPTER_BUG: Question(
            side=Side.BRIDGE,
            next_step="tell the adapter's maker what the log says; enter it by hand and resolve",
        ),
        Reason.UNBOOKED: Question(
            side=Side.BRIDGE,
            next_step="enter it by hand and resolve; report the log to the bridge's makers",
        ),
        Reason.UNREADABLE: Question(
            side=Side.BRIDGE,
            next_step="enter it by hand from what `show --raw` tells, then resolve",
        ),
        Reason.DAMAGED: Question(
            side=Side.BRIDGE,
            next_step="look at the disk and the side file; enter it by hand and resolve",
        ),
        Reason.QUARANTINED: Question(
            side=Side.BRIDGE,
            next_step="enter it by hand and resolve, or replay it after an update that mends it",
        ),
    }
)


# What the last try of a delivery says, when that is why it waits for a person.
_OF_OUTCOME: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "unreachable": Reason.UNREACHABLE,
        "busy": Reason.BUSY,
        "operator_needed": Reason.OPERATOR_NEEDED,
        "misconfigured": Reason.MISCONFIGURED,
        "rejected": Reason.REJECTED,
        "adapter_bug": Reason.ADAPTER_BUG,
        "operator_task": Reason.TASK,
        "absent": Reason.LATE,
        "unknown": Reason.MAY_BE_THERE,
    }
)
_ASKED: Final = frozenset({DeliveryState.HELD, DeliveryState.REFUSED})


def reason_of(state: DeliveryState, outcome: str) -> str:
    """Why a delivery that came to this state by that outcome asks a person; "" if it does not."""
    return _OF_OUTCOME.get(outcome, Reason.MAY_BE_THERE) if state in _ASKED else ""


def question_of(reason: str, side: str = "") -> tuple[str, str]:
    """(side, next step); empty for a delivery that asks nothing."""
    try:
        question = QUESTIONS[Reason(reason)]
    except ValueError:
        return side, ""
    return side or question.side, question.next_step
