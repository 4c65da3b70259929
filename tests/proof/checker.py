"""Counts what must not be: lost, doubled, out of order, made up, blocked needlessly, unseen, late.

The bridge's own word never clears it: `done` counts only with paper, and `held`, `refused` or
`voided` only where a person can read why, and something that was done explains it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tests.proof.cases import PLACING, SIGNS, Case, Finding, sort_cases, sort_checkouts
from tests.proof.excuses import (
    AFTERMATH,
    Excuse,
    Faults,
    excuse_ghost,
    excuse_lateness,
    excuse_question,
    excuse_refusal,
)
from tests.proof.history import History

BUDGETS: Final = {"promo": 1000.0}
BUDGET: Final = 2500.0
# What the wire and a busy machine may add to what the bridge promises.
SLACK: Final = 500.0

LOST = "lost"
DOUBLED = "doubled unmarked"
DISORDER = "out of order"
GHOST = "ghost"
BLOCKED = "blocked without need"
UNSEEN = "unknown without alert"
LATE = "over deadline"
COUNTERS: Final = (LOST, DOUBLED, DISORDER, GHOST, BLOCKED, UNSEEN, LATE)

# The code of an answer to a checkout start that says "no" with a 2XX.
NOT_ALLOWED: Final = "not allowed"
_SEEN: Final = frozenset({"held", "refused", "voided"})


@dataclass(slots=True)
class Verdict:
    """All counters of `COUNTERS` are 0 if it is good.

    `apart`: tickets of answers that nobody heard, and calls while nobody was there to answer.
    """

    orders: int = 0
    accepted: int = 0
    papers: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: dict[str, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    apart: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        return not any(self.counts.values())

    def blame(self, counter: str, case: Case, sentence: str) -> None:
        self.counts[counter] += 1
        self.findings[counter].append(Finding(case, sentence))

    def excuse(self, excuse: Excuse | None) -> bool:
        """Count an excuse; False if there is none."""
        if excuse:
            self.excused[excuse.why] += 1
        return excuse is not None

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "orders": self.orders,
            "accepted": self.accepted,
            "papers": self.papers,
            "counts": {name: self.counts[name] for name in COUNTERS},
            "apart": dict(self.apart),
            "excused": dict(self.excused),
            "end_states": dict(self.states),
        }


def check(history: History) -> Verdict:
    """Look at every order."""
    verdict, faults = Verdict(), Faults(history)
    cases = sort_cases(history)
    ended = history.span[1]
    for case in cases:
        verdict.orders += 1
        verdict.accepted += case.is_promised
        verdict.papers += len(case.papers)
        verdict.states[_state(case)] += 1
        for rule in _RULES:
            rule(case, verdict, faults, ended)
    for case in [*cases, *sort_checkouts(history)]:
        _check_blocked(case, verdict, faults)
        _check_late(case, verdict, faults)
    _check_checkouts(cases, verdict, faults)
    return verdict


def _state(case: Case) -> str:
    """Where the worker says that it stands; what only the ingress knows otherwise."""
    by_place = {record["at"]: record["state"] for record in case.standings}
    return str(by_place.get("worker") or by_place.get("ingress") or "nowhere")


def _check_lost(case: Case, verdict: Verdict, faults: Faults, ended: float) -> None:
    due = case.due
    if not case.is_promised or not due or not due["wanted"] or due["unclear"]:
        return
    if due["on_commit"] and not due["signed"]:
        return
    is_printed = any(paper["kind"] == "place" for paper in case.papers)
    if is_printed and case.papers[-1]["kind"] != "void":
        return
    seen = [each for each in case.standings if each["state"] in _SEEN and each["cause"]]
    if not seen:
        was = "taken back, though it is wanted" if is_printed else "accepted, never printed"
        verdict.blame(LOST, case, f"{was}, and it stands {_state(case)}")
    elif not verdict.excuse(excuse_question(case, faults, ended)):
        state, cause = seen[-1]["state"], seen[-1]["cause"]
        verdict.blame(LOST, case, f"{state} ({cause}) though nothing was done that explains it")


def _check_doubled(case: Case, verdict: Verdict, _faults: Faults, _ended: float) -> None:
    tickets = case.tickets
    if len(tickets) > 1:
        verdict.blame(DOUBLED, case, f"{len(tickets)} unmarked tickets")
        return
    plain = [(one["kind"], one["version"]) for one in case.papers if not one["marked"]]
    twice = [kind for kind, count in Counter(plain).items() if count > 1]
    if twice:
        verdict.blame(DOUBLED, case, f"{twice[0][0]} {twice[0][1]} came out twice")


def _check_versions(case: Case, verdict: Verdict, _faults: Faults, _ended: float) -> None:
    papers = [one for one in case.papers if one["kind"] != "refund"]
    if papers and papers[0]["kind"] != "place":
        verdict.blame(DISORDER, case, f"{papers[0]['kind']} came before the ticket")
    versions = [one["version"] for one in papers]
    if versions != sorted(versions):
        verdict.blame(DISORDER, case, f"versions came as {versions}")


def _check_dishes(case: Case, verdict: Verdict, _faults: Faults, _ended: float) -> None:
    """The last paper is what the kitchen cooks from."""
    due, whole = case.due, [one for one in case.papers if one["dishes"] is not None]
    if not due or due["unclear"] or not due["wanted"] or not whole:
        return
    if _state(case) != "done" or whole[-1]["kind"] == "void":
        return
    found, must = Counter(whole[-1]["dishes"]), Counter(due["must"])
    names = frozenset(name for names in due["may"] for name in names)
    more = found - must
    if must - found or more.total() > len(due["may"]) or not more.keys() <= names:
        verdict.blame(DISORDER, case, "the last ticket is not what the guest wants")


def _check_ghost(case: Case, verdict: Verdict, faults: Faults, _ended: float) -> None:
    tickets = [paper for paper in case.papers if paper["kind"] == "place"]
    if not tickets or case.is_paid:
        return
    due = case.due
    if due and due["on_commit"]:
        verdict.blame(GHOST, case, "printed without a sign that the guest has paid")
        return
    placed = [call for call in case.calls if call.hook == PLACING]
    if any(call.is_yes for call in placed):
        return
    if any(call.is_left or excuse_ghost(call, faults) for call in placed):
        verdict.apart["tickets of an answer that nobody heard"] += 1
        return
    verdict.blame(GHOST, case, "printed, though nobody was told yes")


def _check_blocked(case: Case, verdict: Verdict, faults: Faults) -> None:
    for call in case.own:
        answer = call.answer
        is_no = not call.is_yes or bool(answer and answer["code"] == NOT_ALLOWED)
        if not call.sent["at_stake"] or not is_no:
            continue
        if not verdict.excuse(excuse_refusal(call, faults)):
            told = f"{answer['status']} {answer['code']}" if answer else "no answer"
            verdict.blame(BLOCKED, case, f"{call.hook} got {told}")
        elif answer is None or answer["heard"] != "all":
            verdict.apart["calls while nobody was there to answer"] += 1


def _check_unseen(case: Case, verdict: Verdict, _faults: Faults, ended: float) -> None:
    state = _state(case)
    if state in {"unknown", "sending"}:
        verdict.blame(UNSEEN, case, f"still {state} in the end")
    elif state == "held" and not case.alerts:
        verdict.blame(UNSEEN, case, "held, and nobody was told")


def _check_late(case: Case, verdict: Verdict, faults: Faults) -> None:
    for call in case.own:
        answer, budget = call.answer, BUDGETS.get(call.hook, BUDGET) + SLACK
        if not answer or answer["heard"] != "all" or answer["ms"] <= budget:
            continue
        if not verdict.excuse(excuse_lateness(call, faults)):
            verdict.blame(LATE, case, f"{call.hook} took {answer['ms']:.0f} ms")


def _check_checkouts(cases: list[Case], verdict: Verdict, faults: Faults) -> None:
    """Of two orders in one checkout the one that was accepted first is printed first."""
    checkouts = defaultdict(list)
    for case in cases:
        if case.checkout and case.tickets:
            checkouts[case.site, case.restaurant, case.checkout].append(case)
    for group in checkouts.values():
        for first, second in _neighbours(group):
            if first.tickets[0]["t"] <= second.tickets[0]["t"]:
                continue
            begun, ended = first.begun, first.tickets[0]["t"] + AFTERMATH
            if not verdict.excuse(
                faults.excuse(begun, ended, first.site, ("pos", "kill9", "shot"))
            ):
                verdict.blame(DISORDER, first, f"printed after {second.order} of the same checkout")


def _neighbours(group: list[Case]) -> Iterator[tuple[Case, Case]]:
    """Pairs where the first was answered before the second was sent, and both are to be made."""
    for first, second in pairwise(group):
        heard = [call.ended for call in first.calls if call.hook == PLACING and call.is_yes]
        is_free = not any(call.hook in SIGNS for call in [*first.calls, *second.calls])
        sent = min((call.t for call in second.calls if call.hook == PLACING), default=0.0)
        if is_free and heard and min(heard) < sent:
            yield first, second


_RULES: Final[tuple[Callable[[Case, Verdict, Faults, float], None], ...]] = (
    _check_lost,
    _check_doubled,
    _check_versions,
    _check_dishes,
    _check_ghost,
    _check_unseen,
)
