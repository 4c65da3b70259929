"""What the proof found, as one document: the parts' own figures, and what they come to."""

import os
import platform
import sqlite3
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from tests.proof.checker import COUNTERS
from tests.proof.part import Result

VERSION: Final = 2
KILL: Final = "kill9"
_PACKAGES: Final = ("pos-bridge", "aiohttp", "aio-pika", "aiormq")


def build(
    results: Mapping[str, Result], *, seed: int, form: str, begun: str, seconds: float
) -> dict[str, Any]:
    """JSON-ready."""
    parts = {name: result.figures for name, result in results.items()}
    return {
        "version": VERSION,
        "seed": seed,
        "form": form,
        "begun": begun,
        "seconds": round(seconds, 1),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "totals": {name: total(part) for name, part in parts.items() if "counts" in part},
        "points": count_points(parts),
        "bugs": count_bugs(parts),
        "parts": parts,
        "skipped": [each for result in results.values() for each in result.skipped],
        "wrong": [f"{name}: {each}" for name, result in results.items() for each in result.wrong],
    }


def total(part: Mapping[str, Any]) -> dict[str, Any]:
    """What a part that counts orders has to say, in the same words for each."""
    sums = {**part.get("sums", {}), **part}
    injections = Counter(part.get("injections", {}))
    return {
        "orders": sums.get("orders", 0),
        "papers": sums.get("papers", 0),
        "injections": dict(injections),
        "injected": injections.total(),
        "kills": injections[KILL],
        "counts": {name: part["counts"].get(name, 0) for name in COUNTERS},
        "apart": dict(part.get("apart", {})),
        "excused": dict(part.get("excused", {})),
        "end_states": dict(part.get("end_states", {})),
    }


def count_points(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Fail points times side times what is done there, by what came of it."""
    cells = [cell for part in parts.values() for cell in part.get("points", ())]
    return dict(Counter(cell["result"] for cell in cells))


def count_bugs(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How many were planted, and how many were caught; empty if none was."""
    for part in parts.values():
        if "planted" in part:
            return {name: part[name] for name in ("planted", "caught")}
    return {}


def describe_machine() -> dict[str, Any]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages * size / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
    }


def describe_versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
