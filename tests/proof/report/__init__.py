"""What the proof found, written down: report.json, report.txt and report.html."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.proof.report import page, text


def write(document: Mapping[str, Any], directory: Path) -> list[str]:
    """Into that directory, where each part has its own; returns the lines of the text."""
    stories = find_stories(document, directory)
    lines = text.tell(document, stories)
    (directory / "report.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    (directory / "report.txt").write_text("\n".join([*lines, ""]))
    (directory / "report.html").write_text(page.render(document, stories))
    return lines


def find_stories(document: Mapping[str, Any], directory: Path) -> dict[str, list[str]]:
    """By part: the shortest story that it left, in its figures or in its files."""
    found = {}
    for name, part in document["parts"].items():
        stories = [story for story in [part.get("first_finding")] if story]
        file = directory / name / "stories.json"
        if file.exists():
            left = orjson.loads(file.read_bytes())
            stories += [[how, *story] for how, story in left.items()]
        if stories:
            found[name] = min(stories, key=len)
    return found
