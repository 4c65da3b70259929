"""The README's table names a test for each variant, and every test that it names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.doorway import PAYLOADS

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+?) \|$", (HERE / "README.md").read_text("utf-8"), re.MULTILINE
)
VARIANTS = range(1, 60)


@cache
def find_tests(name):
    """The tests of a file that the table names."""
    path = ROOT / name if "/" in name else HERE / name
    tree = ast.parse(path.read_text("utf-8"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return {one.name for one in ast.walk(tree) if isinstance(one, functions)}


def named(shown):
    """(file, test) in the order of the table."""
    file = ""
    for word in re.findall(r"`(.+?)`", shown):
        if word.endswith(".py"):
            file = word
        else:
            yield file, word


def test_each_variant_has_a_row_of_its_own():
    assert [int(number) for number, _, _ in ROWS] == list(VARIANTS)


@pytest.mark.parametrize(("number", "_variant", "shown"), ROWS)
def test_a_row_names_tests_that_are_there(number, _variant, shown):
    found = list(named(shown))

    assert found, number
    assert [test for file, test in found if test not in find_tests(file)] == []


def test_every_test_of_a_number_is_named_in_its_row():
    rows = {number: shown for number, _, shown in ROWS}
    tests = {test for path in HERE.glob("test_*.py") for test in find_tests(path.name)}
    numbered = {test for test in tests if re.match(r"test_\d", test)}

    assert {test for test in numbered if f"`{test}`" not in rows[test.split("_")[1]]} == set()


def test_every_file_of_the_collection_belongs_to_a_variant():
    names = [path.name for path in PAYLOADS.iterdir() if path.name != "README.md"]

    assert {name for name in names if int(name[:2]) not in VARIANTS} == set()
