"""What a fault may explain, and what not: nothing that a broker does excuses a blocked checkout.

An excuse names its fault, and the report counts them, so that one which is too generous is seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.proof.cases import Call, Case
from tests.proof.history import History, Record

# Which faults explain which code of a refusal.
_OF_CODE: Final = {
    "not_durable": frozenset({"disk", "shot", "stop"}),
    "too_late": frozenset({"stop", "shot", "disk"}),
    # A shot may stand for a bug of the bridge's own.
    "bridge_error": frozenset({"shot"}),
    "stopping": frozenset({"kill9", "shot", "stop"}),
    "restaurant_down": frozenset({"pos", "shot", "stop"}),
    "pos_down": frozenset({"pos", "shot", "stop"}),
    "not allowed": frozenset({"pos", "shot", "stop"}),
    "closed": frozenset({"pos"}),
    "sold_out": frozenset({"pos"}),
}
# Past its end a fault is still felt: the process restarts, the disk catches up.
AFTERMATH: Final = 5.0
# An ingress that stands apart believes for so long what it last heard of a POS.
HEARSAY: Final = 15.0
# An answer for which the machine let nobody work for so long says little about the bridge.
_STARVED: Final = 0.5
_OF_TIME: Final = frozenset({"not_durable", "too_late"})
# Nobody waits any more for a write that comes too late; it is struck out by another one.
_STRIKING_OUT: Final = 2.0
_ENDS: Final = ("kill9", "shot")
_BETWEEN: Final = ("worker", "broker", "wire.ingress", "wire.worker")


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why it may be so, and the fault's id."""

    why: str
    fault: str


class Faults:
    """All that was done, to be asked by time and place."""

    def __init__(self, history: History) -> None:
        self._faults = sorted(history.of("faults"), key=lambda fault: fault["t"])

    def during(
        self,
        begun: float,
        ended: float,
        site: str,
        whats: Iterable[str] | None = None,
        *,
        aftermath: float = AFTERMATH,
    ) -> Iterator[Record]:
        """Those of a site that overlap a time; only of these kinds if they are named."""
        wanted = None if whats is None else frozenset(whats)
        for fault in self._faults:
            if fault["t"] > ended:
                return
            is_there = fault["on"] == site or fault["on"].startswith(f"{site}.")
            is_meant = wanted is None or kind_of(fault) in wanted
            if is_there and is_meant and fault["until"] + aftermath >= begun:
                yield fault

    def excuse(
        self,
        begun: float,
        ended: float,
        site: str,
        whats: Iterable[str],
        *,
        aftermath: float = AFTERMATH,
    ) -> Excuse | None:
        """The first that explains it."""
        for fault in self.during(begun, ended, site, whats, aftermath=aftermath):
            return Excuse(fault["what"], fault["id"])
        return None

    def was_between(self, begun: float, ended: float, site: str) -> bool:
        """Whether anything was done then to what lies between a POS and an ingress apart."""
        places = {f"{site}.{place}" for place in _BETWEEN}
        return any(fault["on"] in places for fault in self.during(begun, ended, site))

    def excuse_at_door(
        self, call: Call, whats: Iterable[str], *, aftermath: float = AFTERMATH
    ) -> Excuse | None:
        """The first that was done to whoever answers the platform."""
        site = call.sent["site"]
        for fault in self.during(call.t, call.ended, site, whats, aftermath=aftermath):
            if reaches_door(fault):
                return Excuse(fault["what"], fault["id"])
        return None


def excuse_refusal(call: Call, faults: Faults) -> Excuse | None:
    """Why a checkout may be refused now, None if nothing explains it."""
    answer = call.answer
    if answer is None or answer["heard"] != "all":
        # A fault lasts until the process is there again: after that somebody answers.
        return faults.excuse_at_door(call, ("kill9", "shot", "stop"), aftermath=0.0)
    code, kinds = answer["code"], _OF_CODE.get(answer["code"], frozenset())
    if found := faults.excuse_at_door(call, kinds):
        return Excuse(f"{code}: {found.why}", found.fault)
    if "pos" in kinds:
        return _excuse_by_pos(call, code, faults)
    return _excuse_by_machine(call) if code in _OF_TIME else None


def excuse_lateness(call: Call, faults: Faults) -> Excuse | None:
    """Why an answer may be past its budget."""
    found = faults.excuse_at_door(call, ("stop", "shot", "disk"))
    return found or _excuse_by_machine(call)


def _excuse_by_machine(call: Call) -> Excuse | None:
    """The time of an answer is told without that in which nobody could work."""
    answer = call.answer
    if answer is None or call.ended - call.t - answer["ms"] / 1000 < _STARVED:
        return None
    return Excuse("the machine had no processor to spare", answer["code"])


def _excuse_by_pos(call: Call, code: str, faults: Faults) -> Excuse | None:
    """It is so, or it was, and the news that it is over may have been held up."""
    site = call.sent["site"]
    for fault in faults.during(call.t, call.ended, site, ("pos",), aftermath=HEARSAY):
        if not touches(fault, call.sent["restaurant"]):
            continue
        if fault["until"] + AFTERMATH >= call.t:
            return Excuse(f"{code}: {fault['what']}", fault["id"])
        if faults.was_between(fault["until"], call.t, site):
            return Excuse(f"{code}: {fault['what']}, by hearsay", fault["id"])
    return None


def excuse_ghost(call: Call, faults: Faults) -> Excuse | None:
    """Why a ticket may come of an order that got no yes: who was to say so, or to take it back."""
    answer = call.answer
    if call.is_half_heard:
        return faults.excuse_at_door(call, ("kill9", "shot", "stop"))
    if answer is None or answer["code"] not in _OF_TIME:
        return None
    # The write came true after all, and the process ended before it could strike that out.
    for fault in faults.during(call.ended, call.ended + _STRIKING_OUT, call.sent["site"], _ENDS):
        if fault["t"] >= call.ended and reaches_door(fault):
            return Excuse(f"{answer['code']}: {fault['what']}", fault["id"])
    return None


def excuse_question(case: Case, faults: Faults, ended: float) -> Excuse | None:
    """Why a person may be asked about an order, or the POS have refused it.

    What was done after the alert has not caused it.
    """
    told = min((alert["t"] for alert in case.alerts), default=ended)
    for fault in faults.during(case.begun, told, case.site):
        if kind_of(fault) not in {"broker", "proxy"} and touches(fault, case.restaurant):
            return Excuse(f"asked: {fault['what']}", fault["id"])
    withheld = [paper for paper in case.papers if paper["reply"] == "withheld"]
    if withheld:
        return Excuse("asked: the POS withheld its reply", withheld[0]["key"])
    return None


def reaches_door(fault: Record) -> bool:
    """Whether it was done to whoever answers the platform: a box, or an ingress apart."""
    return fault["on"].partition(".")[2] in {"", "ingress"}


def touches(fault: Record, restaurant: str) -> bool:
    """A POS's fault is that of its restaurant only."""
    return kind_of(fault) != "pos" or fault["on"].endswith(f".{restaurant}")


def kind_of(fault: Record) -> str:
    """A POS that nobody reaches is one that fails."""
    return "pos" if ".pos." in fault["on"] else str(fault["what"])
