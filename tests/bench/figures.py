"""Numbers of one round, and what several rounds say together."""

from collections import Counter
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True)
class Spread:
    """In milliseconds, nearest rank."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, kw_only=True)
class Accepting:
    """Orders accepted in a closed loop. `tickets` a second were brought to the kitchen meanwhile.

    `rate` is orders a second, `cpu_us` the CPU time of all its processes for each of them;
    `others` counts answers that were not 200.
    """

    round: int
    contender: str
    concurrency: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    tickets: float | None
    others: dict
    body_size: float


@dataclass(frozen=True, kw_only=True)
class Ticketing:
    """Times at an open rate: posted to answered, posted to ticket, accepted to ticket."""

    round: int
    contender: str
    orders: int
    answer: Spread
    shown: Spread
    brought: Spread
    others: dict


def spread(seconds):
    """Of at least one time."""
    ranked = sorted(seconds)
    p50, p99 = (ranked[ceil(len(ranked) * share) - 1] * 1000 for share in (0.5, 0.99))
    return Spread(p50, p99)


def summarize_accepting(figures, references):
    """One row for each contender and concurrency: medians, and medians of the ratios of rates.

    A ratio compares within one round: what slows the machine down slows both sides.
    """
    rows = []
    for name, concurrency in dict.fromkeys((one.contender, one.concurrency) for one in figures):
        mine = _by_round(figures, name, concurrency)
        rows.append(
            {
                "contender": name,
                "concurrency": concurrency,
                **_medians(mine.values(), ("rate", "p50_ms", "p99_ms", "cpu_us", "tickets")),
                "ratios": {
                    other: _ratio(mine, _by_round(figures, other, concurrency))
                    for other in references
                    if _by_round(figures, other, concurrency)
                },
                "others": _total(mine.values()),
            }
        )
    return rows


def summarize_ticketing(figures):
    """One row for each contender: medians over the rounds."""
    rows = []
    for name in dict.fromkeys(one.contender for one in figures):
        mine = [one for one in figures if one.contender == name]
        row = {"contender": name, "orders": sum(one.orders for one in mine)}
        for part in ("answer", "shown", "brought"):
            spreads = [getattr(one, part) for one in mine]
            row[part] = _medians(spreads, ("p50_ms", "p99_ms"))
        rows.append(row | {"others": _total(mine)})
    return rows


def _by_round(figures, name, concurrency):
    return {
        one.round: one
        for one in figures
        if one.contender == name and one.concurrency == concurrency
    }


def _medians(figures, names):
    figures = list(figures)
    found = {name: [getattr(one, name) for one in figures] for name in names}
    return {name: None if None in values else median(values) for name, values in found.items()}


def _ratio(mine, others):
    return median(one.rate / others[number].rate for number, one in mine.items())


def _total(figures):
    total = Counter()
    for one in figures:
        total.update(one.others)
    return dict(total)
