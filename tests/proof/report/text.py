"""The report for a terminal: a table, what was wrong, and the shortest story of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.proof.checker import COUNTERS

TITLES: Final = {"sim": "simulated", "storm": "real processes"}
_SUMS: Final = {
    "orders": "orders",
    "tickets and slips printed": "papers",
    "faults injected": "injected",
    "of these kill -9": "kills",
}


def tell(document: Mapping[str, Any], stories: Mapping[str, list[str]]) -> list[str]:
    """All of it in lines. `stories`: by part, how the first case of its gravest kind came about."""
    lines = [describe_run(document), ""]
    if document["totals"]:
        lines += [*align(list_figures(document)), ""]
    lines += [f"{name}: {told}" for name, told in list_others(document)]
    lines += [f"not shown here: {each}" for each in document["skipped"]]
    lines += ["", *(document["wrong"] or ["nothing is wrong"])]
    for name, story in stories.items():
        lines += ["", f"the first case of {name}:", *story]
    return lines


def describe_run(document: Mapping[str, Any]) -> str:
    """On what, with what, for how long."""
    machine, versions = document["machine"], document["versions"]
    return (
        f"{document['form']}, seed {document['seed']}, {document['seconds']:.0f} s, "
        f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {versions['python']}, SQLite {versions['sqlite']}"
    )


def list_figures(document: Mapping[str, Any]) -> list[list[str]]:
    """Rows of cells, a column for each part that counts orders; the first row is the head."""
    totals = document["totals"]
    columns = list(totals.values())
    apart = dict.fromkeys(name for each in columns for name in each["apart"])
    return [
        ["", *(TITLES.get(name, name) for name in totals)],
        *([name, *(f"{each[key]:,}" for each in columns)] for name, key in _SUMS.items()),
        *([name, *(f"{each['counts'][name]:,}" for each in columns)] for name in COUNTERS),
        *(
            [f"{name} *", *(f"{each['apart'].get(name, 0):,}" for each in columns)]
            for name in apart
        ),
    ]


def list_others(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is no matter of counting orders, and what the stars mean."""
    points, bugs = document["points"], document["bugs"]
    if any(each["apart"] for each in document["totals"].values()):
        yield "*", "counted apart: allowed where a process was killed inside an answer"
    for part, each in document["totals"].items():
        told = ", ".join(f"{number:,} {kind}" for kind, number in each["injections"].items())
        yield f"faults, {TITLES.get(part, part)}", told or "none"
    if points:
        told = ", ".join(f"{number:,} {result}" for result, number in sorted(points.items()))
        yield "fail points x before and after x crash, error and hang", told
    if bugs:
        yield "planted bugs caught", f"{bugs['caught']} of {bugs['planted']}"
    for name, waits in list_waits(document):
        told = " / ".join(f"{waits[each]:g}" for each in ("p50", "p99", "longest"))
        yield f"answers in ms, p50 / p99 / longest, {name}", f"{told} of {waits['number']:,}"


def list_waits(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of all parts that measured how long answers took."""
    for part in document["parts"].values():
        yield from part.get("answers", {}).get("waits", {}).items()


def align(rows: list[list[str]]) -> list[str]:
    """Words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:>{width}}" if at else f"{cell:<{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
