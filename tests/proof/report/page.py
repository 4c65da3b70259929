"""The report as one page that needs nothing else: no script, no picture, no network."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.proof.points.firing import DOES, SIDES
from tests.proof.report import charts, text

_HEADS: Final = tuple(f"{side} {do}" for side in SIDES for do in DOES)


def render(document: Mapping[str, Any], stories: Mapping[str, list[str]]) -> str:
    """The same figures as in the text, with charts, and each fail point and planted bug."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    parts, totals, waits = document["parts"], document["totals"], list(text.list_waits(document))
    return environment.get_template("page.html").render(
        run=text.describe_run(document),
        begun=document["begun"],
        wrong=document["wrong"],
        skipped=document["skipped"],
        versions=document["versions"],
        stories=stories,
        figures=text.list_figures(document),
        others=list(text.list_others(document)),
        answers={
            text.TITLES.get(name, name): charts.draw_answers(part["answers"])
            for name, part in parts.items()
            if part.get("answers")
        },
        waits=charts.draw_waits(waits) if waits else "",
        ends=charts.draw_ends(totals, text.TITLES) if totals else "",
        bugs=[bug for part in parts.values() for bug in part.get("bugs", ())],
        points=_sort_points(parts),
        heads=_HEADS,
    )


def _sort_points(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    points: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for part in parts.values():
        for cell in part.get("points", ()):
            points[cell["name"]][f"{cell['side']} {cell['do']}"] = cell["result"]
    return dict(points)
