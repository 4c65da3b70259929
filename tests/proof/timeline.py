"""The life of one order in lines for people, with what was done to the bridge meanwhile."""

from collections.abc import Iterator

from tests.proof.cases import Case, Finding
from tests.proof.checker import COUNTERS, Verdict
from tests.proof.excuses import Faults, touches
from tests.proof.history import History, Record

_BESIDE = {"t", "what", "witness", "site", "restaurant", "order", "must", "may", "dishes"}


def tell_first(verdict: Verdict, history: History) -> list[str]:
    """The shortest story of the gravest kind that was found; nothing if all is good."""
    for counter in COUNTERS:
        if verdict.findings[counter]:
            stories = [tell(each, history) for each in verdict.findings[counter]]
            return [f"{counter}:", *min(stories, key=len)]
    return []


def tell(finding: Finding, history: History) -> list[str]:
    """Times count from the first call."""
    case = finding.case
    records = sorted(_records(case, history), key=lambda record: record["t"])
    start = case.begun
    head = f"order {case.order} at {case.site}/{case.restaurant}: {finding.sentence}"
    return [head, *(_line(record, start) for record in records)]


def _records(case: Case, history: History) -> Iterator[Record]:
    for call in case.calls:
        yield call.sent
        if call.answer:
            yield call.answer
    yield from case.papers
    yield from case.standings
    yield from case.alerts
    last = max((paper["t"] for paper in case.papers), default=case.begun)
    ended = max([last, *(call.ended for call in case.calls)])
    for fault in Faults(history).during(case.begun, ended, case.site):
        if touches(fault, case.restaurant):
            yield fault


def _line(record: Record, start: float) -> str:
    rest = " ".join(f"{name}={value}" for name, value in record.items() if name not in _BESIDE)
    return f"{record['t'] - start:+9.3f}  {record['witness']:<7}{record['what']:<9}{rest}"
