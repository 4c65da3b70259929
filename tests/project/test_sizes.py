"""Small enough to be read in one sitting, and named after what is in it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = {".py", ".js", ".css", ".html", ".sql"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# Names that say nothing about what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def files(folder):
    return [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in CODE]


def functions(text):
    """Name and number of lines, decorators not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("folder", ["bridge", "adapters", "tests"])
def test_no_file_is_too_long(folder):
    lengths = {str(path): len(path.read_text("utf-8").splitlines()) for path in files(folder)}

    assert lengths
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


@pytest.mark.parametrize("folder", ["bridge", "adapters"])
def test_no_function_is_too_long(folder):
    lengths = {
        f"{path.relative_to(ROOT)}:{name}": length
        for path in files(folder)
        if path.suffix == ".py"
        for name, length in functions(path.read_text("utf-8"))
    }

    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_a_long_function_would_be_found():
    text = "class Some:\n    async def long(self):\n" + "        self.go()\n" * LONGEST_FUNCTION

    assert list(functions(text)) == [("long", LONGEST_FUNCTION + 1)]


@pytest.mark.parametrize("folder", ["bridge", "adapters", "tests"])
def test_no_module_has_an_empty_name(folder):
    names = {path: set(path.relative_to(ROOT).with_suffix("").parts) for path in files(folder)}

    assert [str(path) for path, parts in names.items() if parts & EMPTY_NAMES] == []
