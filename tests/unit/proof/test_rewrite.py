"""Points are everywhere, and change nothing."""

import ast
import importlib.util
import inspect
import traceback
from pathlib import Path

import pytest

from tests.proof.points import firing, rewrite
from tests.proof.points.firing import Firing
from tests.proof.points.kinds import LEFT_OUT, MODULES, is_write

SOURCE = """
import asyncio


class Cook:
    def __init__(self):
        self.done = []

    async def stir(self, what):
        await asyncio.sleep(0)
        self.done.append(what)
        return what

    async def serve(self, *names):
        return [await self.stir(name) for name in names]

    async def twice(self, name):
        first = await self.stir(name)
        return first + (await self.stir(
            await self.stir(name)
        ))

    def _settle(self, number, *, extra=0):
        self.done.append(number + extra)

    def close(self):
        self._settle(1, extra=2)

    async def burn(self):
        await self.stir(
            1 / 0
        )
"""


class NoHand:
    """No shot is armed here."""


def load(source=SOURCE, *, rewritten=True):
    """The Cook of that source, with points or without."""
    code = compile(source, "kitchen", "exec")
    if rewritten:
        code, _points = rewrite.rewrite("bridge.kitchen", source)
    names = {"__point__": firing.point, "__write__": firing.write, "__name__": "kitchen"}
    exec(code, names)  # noqa: S102  it is the test's own
    return names["Cook"]()


@pytest.fixture
def counting(monkeypatch):
    found = Firing(NoHand())
    monkeypatch.setattr(firing, "find", lambda: found)
    return found


async def tell(cook):
    served = await cook.serve("a", "b")
    twice = await cook.twice("c")
    cook.close()
    return served, twice, cook.done


async def test_rewritten_code_does_the_same():
    assert await tell(load()) == await tell(load(rewritten=False))


async def test_every_await_but_a_pause_and_every_listed_write_is_a_point():
    _code, points = rewrite.rewrite("bridge.kitchen", SOURCE)

    assert [(point.name, point.kind) for point in points] == [
        ("kitchen.Cook.serve:self.stir", "await"),
        ("kitchen.Cook.twice:self.stir", "await"),
        ("kitchen.Cook.twice:self.stir#2", "await"),
        ("kitchen.Cook.twice:self.stir#3", "await"),
        ("kitchen.Cook.close:self._settle", "write"),
        ("kitchen.Cook.burn:self.stir", "await"),
    ]


async def test_points_count_who_comes_by(counting):
    await tell(load())

    assert counting.hits["kitchen.Cook.serve:self.stir", "before"] == 2
    assert counting.hits["kitchen.Cook.serve:self.stir", "after"] == 2
    assert counting.hits["kitchen.Cook.close:self._settle", "after"] == 1


async def test_an_error_is_told_on_its_own_line():
    lines = []
    for rewritten in (True, False):
        with pytest.raises(ZeroDivisionError) as caught:
            await load(rewritten=rewritten).burn()
        lines.append([frame.lineno for frame in traceback.extract_tb(caught.value.__traceback__)])

    assert lines[0] == lines[1]


def sources():
    for module in MODULES:
        spec = importlib.util.find_spec(module)
        yield module, Path(spec.origin).read_text(encoding="utf-8")


@pytest.mark.parametrize(("module", "source"), list(sources()), ids=list(MODULES))
def test_the_catalogue_of_each_module_is_complete(module, source):
    code, points = rewrite.rewrite(module, source)
    nodes = list(ast.walk(ast.parse(source)))
    awaits = [ast.unparse(_called(node.value)) for node in nodes if isinstance(node, ast.Await)]
    writes = [node for node in nodes if isinstance(node, ast.Call) and _is_write(module, node)]

    kinds = [point.kind for point in points]
    assert kinds.count("await") == sum(callee not in LEFT_OUT for callee in awaits)
    assert kinds.count("write") == len(writes)
    assert len({point.name for point in points}) == len(points)
    assert inspect.iscode(code)


def _called(value):
    return value.func if isinstance(value, ast.Call) else value


def _is_write(module, node):
    return is_write(module, ast.unparse(node.func))


def test_what_is_left_out_has_a_reason():
    assert all(LEFT_OUT.values())


def test_a_module_that_is_there_already_cannot_get_points():
    with pytest.raises(RuntimeError, match=r"bridge\.model"):
        rewrite.install(["bridge.model"])
