"""Every file can be read by a stranger: nothing in it belongs to one machine or one maker."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# In two pieces each, so that this file may be looked through as well.
FORBIDDEN = {
    "a path of one machine": ["/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/", r"/home/\w+/"],
    "a folder outside the project": [r"\.\./sha" + "red"],
    "the address of a package index": [
        "py" + r"pi\.org",
        "python" + r"hosted\.org",
        "npm" + r"js\.org",
        "deb" + r"\.debian\.org",
        r"--(extra-)?index" + "-url",
    ],
    "who or what made it": [
        r"\bclau" + r"de\b",
        r"\banthro" + r"pic\b",
        r"\bchat" + r"gpt\b",
        r"\bopen" + r"ai\b",
        r"\bcopi" + r"lot\b",
        r"\blanguage mo" + r"dels?\b",
        r"\bll" + r"ms?\b",
        "co-auth" + "ored-by",
        r"\b(generated|written|made) (by|with) (an? )?a" + r"i\b",
    ],
    "a list of tasks that a reader cannot see": [r"\bissues? #?\d+\b"],
}
PATTERNS = {why: re.compile("|".join(parts), re.IGNORECASE) for why, parts in FORBIDDEN.items()}


def project_files():
    """What is kept under version control, or soon will be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def complaints(text):
    for why, pattern in PATTERNS.items():
        found = pattern.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            yield f"line {line}: {why}: {found[0]}"


def test_no_file_speaks_of_anything_but_the_project():
    found = {}
    for path in project_files():
        text = path.read_text("utf-8", errors="replace")
        found |= {f"{path.relative_to(ROOT)} {each}": each for each in complaints(text)}

    assert list(found) == []


def test_the_whole_project_is_looked_through():
    names = {str(path.relative_to(ROOT)) for path in project_files()}

    assert {"README.md", "pyproject.toml", "bridge/__init__.py", "tests/run"} <= names


@pytest.mark.parametrize(
    "text",
    [
        "see /wo" + "rk/main/x",
        "as ../sha" + "red/design.md says",
        "pip install --index" + "-url https://py" + "pi.org/simple",
        "Co-Auth" + "ored-By: somebody",
        "as iss" + "ue 2 asks",
    ],
)
def test_a_planted_word_is_found(text):
    assert list(complaints(f"good\n{text}\n"))


@pytest.mark.parametrize("text", ["a network/path", "/home/ is closed", "an issue with two keys"])
def test_a_harmless_word_is_left_alone(text):
    assert list(complaints(text)) == []
