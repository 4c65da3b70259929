"""Charts as inline SVG: nothing is fetched, and the colours are the page's."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

WIDTH: Final = 960
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 12, 28
_SVG: Final = Markup(
    '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{inside}</svg>'
)
_TEXT: Final = Markup('<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>')
_RECT: Final = Markup(
    '<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
    "<title>{title}</title></rect>"
)
_LINE: Final = Markup(
    '<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
)
_PATH: Final = Markup('<polyline class="{kind}" points="{points}"/>')
_DOT: Final = Markup(
    '<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{title}</title></circle>'
)
# Milliseconds at which there is a line.
_MARKS: Final = (1, 10, 100, 1_000, 10_000)


def draw_answers(answers: Mapping[str, Any]) -> Markup:
    """Each second's p50 and p99 on a scale of tens, over what was done at that time."""
    seconds, faults = answers["seconds"], answers["faults"]
    end = max([1.0, *(one["at"] + 1.0 for one in seconds)])
    height, foot = 320, 320 - _BOTTOM

    def across(at: float) -> float:
        return _LEFT + min(at, end) / end * (WIDTH - _LEFT - _RIGHT)

    def up(ms: float) -> float:
        return foot - math.log10(max(1.0, min(ms, _MARKS[-1]))) / 4 * (foot - _TOP)

    inside = [_draw_fault(one, across, foot) for one in faults]
    inside += [_draw_mark(mark, up(mark)) for mark in _MARKS]
    inside += [
        _TEXT.format(
            x=across(end * share), y=height - 8, anchor="middle", text=f"{end * share:.0f} s"
        )
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    for kind in ("p99", "p50"):
        points = " ".join(f"{across(one['at']):.1f},{up(one[kind]):.1f}" for one in seconds)
        inside.append(_PATH.format(kind=kind, points=points))
    inside += [
        _DOT.format(
            kind="refused", x=across(one["at"]), y=_TOP + 4, title=f"{one['refused']} refused"
        )
        for one in seconds
        if one["refused"]
    ]
    return _frame(height, "answers over time, with what was done to the bridge", inside)


def draw_waits(waits: Sequence[tuple[str, Mapping[str, Any]]]) -> Markup:
    """Percentiles beside each other, on a scale of tens."""
    names = ("p50", "p90", "p99", "p99.9", "longest")
    inside, step = [], 22
    longest = math.log10(_MARKS[-1])
    place = _TOP
    for title, measured in waits:
        inside.append(_TEXT.format(x=0, y=place + 14, anchor="start", text=title))
        place += step
        for name in names:
            ms = measured[name]
            wide = math.log10(max(1.0, min(ms, _MARKS[-1]))) / longest * (WIDTH - 300)
            inside.append(_TEXT.format(x=80, y=place + 14, anchor="end", text=name))
            inside.append(_bar("bar", 92, place, wide, f"{title}, {name}: {ms:g} ms"))
            inside.append(
                _TEXT.format(x=100 + wide, y=place + 14, anchor="start", text=f"{ms:g} ms")
            )
            place += step
    return _frame(place + _TOP, "how long answers took", inside)


def draw_ends(totals: Mapping[str, Mapping[str, Any]], titles: Mapping[str, str]) -> Markup:
    """Where orders stand at last, as shares of all."""
    inside, step, place = [], 22, _TOP
    for part, total in totals.items():
        ends = sorted(total["end_states"].items(), key=lambda one: -one[1])
        whole = sum(total["end_states"].values()) or 1
        inside.append(_TEXT.format(x=0, y=place + 14, anchor="start", text=titles.get(part, part)))
        place += step
        for state, number in ends:
            wide = number / whole * (WIDTH - 300)
            inside.append(_TEXT.format(x=80, y=place + 14, anchor="end", text=state))
            inside.append(_bar(f"bar {state}", 92, place, wide, f"{state}: {number}"))
            told = f"{number:,} ({number / whole:.1%})"
            inside.append(_TEXT.format(x=100 + wide, y=place + 14, anchor="start", text=told))
            place += step
    return _frame(place + _TOP, "where orders stand at last", inside)


def _frame(height: float, label: str, inside: Sequence[Markup]) -> Markup:
    return _SVG.format(width=WIDTH, height=height, label=label, inside=Markup("\n").join(inside))


def _bar(kind: str, x: float, y: float, width: float, title: str) -> Markup:
    return _RECT.format(kind=kind, x=x, y=y, width=max(width, 1.0), height=16, title=title)


def _draw_fault(fault: Mapping[str, Any], across: Any, foot: float) -> Markup:
    x = across(fault["at"])
    width = max(across(fault["at"] + fault["seconds"]) - x, 1.0)
    title = f"{fault['what']} at {fault['at']:g} s for {fault['seconds']:g} s"
    kind = f"fault {fault['what']}"
    return _RECT.format(kind=kind, x=x, y=_TOP, width=width, height=foot - _TOP, title=title)


def _draw_mark(mark: int, y: float) -> Markup:
    line = _LINE.format(x1=_LEFT, y1=y, x2=WIDTH - _RIGHT, y2=y)
    return line + _TEXT.format(x=_LEFT - 8, y=y + 4, anchor="end", text=f"{mark:,} ms")
