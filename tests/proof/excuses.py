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
            is_meant = wanted is None or fault["what"] in wanted
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


def excuse_refusal(call: Call, faults: Faults) -> Excuse | None:
    """Why a checkout may be refused now, None if nothing explains it."""
    site, answer = call.sent["site"], call.answer
    if answer is None or answer["heard"] != "all":
        # A fault lasts until the process is there again: after that somebody answers.
        return faults.excuse(call.t, call.ended, site, ("kill9", "shot", "stop"), aftermath=0.0)
    kinds = _OF_CODE.get(answer["code"], frozenset())
    for fault in faults.during(call.t, call.ended, site, kinds):
        if touches(fault, call.sent["restaurant"]):
            return Excuse(f"{answer['code']}: {fault['what']}", fault["id"])
    return None


def excuse_lateness(call: Call, faults: Faults) -> Excuse | None:
    """Why an answer may be past its budget."""
    return faults.excuse(call.t, call.ended, call.sent["site"], ("stop", "shot", "disk"))


def excuse_question(case: Case, faults: Faults, ended: float) -> Excuse | None:
    """Why a person may be asked about an order, or the POS have refused it.

    What was done after the alert has not caused it.
    """
    told = min((alert["t"] for alert in case.alerts), default=ended)
    for fault in faults.during(case.begun, told, case.site):
        if fault["what"] != "broker" and touches(fault, case.restaurant):
            return Excuse(f"asked: {fault['what']}", fault["id"])
    withheld = [paper for paper in case.papers if paper["reply"] == "withheld"]
    if withheld:
        return Excuse("asked: the POS withheld its reply", withheld[0]["key"])
    return None


def touches(fault: Record, restaurant: str) -> bool:
    """A POS's fault is that of its restaurant only."""
    return fault["what"] != "pos" or fault["on"].endswith(f".{restaurant}")
