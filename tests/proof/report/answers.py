"""How long the platform waited for its answers, and what was done to the bridge meanwhile."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tests.proof.cases import PLACING
from tests.proof.history import History, Record

PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)
# What is done to whoever answers; it is felt for so long after its end.
_HARM: Final = frozenset({"kill9", "stop", "shot", "disk"})
_AFTERMATH: Final = 1.0
_ANSWERED: Final = "all"


def describe(history: History) -> dict[str, Any]:
    """JSON-ready; times count from the first record.

    `seconds`: each second with answers. `waits`: percentiles in ms, of all and of the orders, also
    of those whose process was left alone meanwhile. `faults`: what was done when.
    """
    begun = history.span[0]
    faults = sorted(history.of("faults"), key=lambda fault: fault["t"])
    heard = list(_pair(history))
    placed = [(sent, answer) for sent, answer in heard if sent["hook"] == PLACING]
    harm = _Harm(faults)
    return {
        "seconds": list(_by_second(heard, begun)),
        "waits": {
            "all calls": measure(heard),
            "orders": measure(placed),
            "orders while whoever answers is left alone": measure(
                (sent, answer)
                for sent, answer in placed
                if not harm.was_done(sent["site"], sent["t"], answer["t"])
            ),
        },
        "faults": [_describe(fault, begun) for fault in faults],
    }


def measure(heard: Iterable[tuple[Record, Record]]) -> dict[str, Any]:
    """How many there are, their percentiles and the longest, in ms."""
    times = sorted(float(answer["ms"]) for _sent, answer in heard)
    found = {f"p{each:g}": percentile(times, each) for each in PERCENTILES}
    return {"number": len(times), **found, "longest": percentile(times, 100.0)}


def percentile(times: list[float], share: float) -> float:
    """The least that so many of a hundred do not exceed; `times` are sorted. 0 without any."""
    if not times:
        return 0.0
    place = min(len(times) - 1, max(0, -int(-len(times) * share // 100) - 1))
    return round(times[place], 2)


class _Harm:
    """Asked often, so that it remembers spans instead of faults."""

    def __init__(self, faults: list[Record]) -> None:
        self._spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for fault in faults:
            if fault["what"] in _HARM:
                self._add(fault["on"], fault["t"], fault["until"] + _AFTERMATH)

    def was_done(self, site: str, begun: float, ended: float) -> bool:
        """To the process of that site that answers, at any time between the two."""
        return any(self._has(place, begun, ended) for place in (site, f"{site}.ingress"))

    def _add(self, place: str, begun: float, until: float) -> None:
        spans = self._spans[place]
        if spans and begun <= spans[-1][1]:
            begun, before = spans.pop()
            until = max(until, before)
        spans.append((begun, until))

    def _has(self, place: str, begun: float, ended: float) -> bool:
        spans = self._spans.get(place, [])
        at = bisect_right(spans, ended, key=lambda span: span[0]) - 1
        return at >= 0 and spans[at][1] >= begun


def _pair(history: History) -> Iterator[tuple[Record, Record]]:
    """Calls with their answers, where all of one was heard."""
    sent = {}
    for record in history.of("bbot"):
        if record["what"] == "sent":
            sent[record["call"], record["copy"]] = record
        elif record["what"] == "answered" and record["heard"] == _ANSWERED:
            yield sent[record["call"], record["copy"]], record


def _by_second(heard: list[tuple[Record, Record]], begun: float) -> Iterator[dict[str, Any]]:
    seconds: defaultdict[int, list[Record]] = defaultdict(list)
    for sent, answer in heard:
        seconds[int(sent["t"] - begun)].append(answer)
    for at, answers in sorted(seconds.items()):
        times = sorted(float(answer["ms"]) for answer in answers)
        yield {
            "at": at,
            "number": len(times),
            "p50": percentile(times, 50.0),
            "p99": percentile(times, 99.0),
            "refused": sum(answer["status"] >= 500 for answer in answers),
        }


def _describe(fault: Record, begun: float) -> dict[str, Any]:
    return {
        "what": fault["what"],
        "at": round(fault["t"] - begun, 2),
        "seconds": round(max(0.0, fault["until"] - fault["t"]), 2),
    }
