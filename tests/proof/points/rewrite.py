"""Puts the fail points into modules while they are imported.

`await X` becomes `await __point__(NAME, X)`, a write `f(a)` becomes `__write__(NAME, f, a)`. X is
made before, and begins in there, so what it does, and in which order, stays the same. Names are
`module.Class.function:callee`, with `#2` for the second of a kind in one function.
"""

import ast
import importlib.abc
import importlib.machinery
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any, Final

from tests.proof.points import firing
from tests.proof.points.kinds import LEFT_OUT, is_write

LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class Point:
    """`kind`: await | write."""

    name: str
    module: str
    line: int
    kind: str


CATALOGUE: Final[dict[str, Point]] = {}


def install(modules: Iterable[str]) -> None:
    """From now on these are imported with points. Raises RuntimeError for one that is there."""
    names = frozenset(modules)
    late = sorted(names & sys.modules.keys())
    if late:
        raise RuntimeError(f"imported already, so without points: {', '.join(late)}")
    sys.meta_path.insert(0, _Finder(names))


def rewrite(module: str, source: str | bytes, path: str = "") -> tuple[CodeType, list[Point]]:
    """The code with its points, and which these are."""
    weaver = _Weaver(module)
    tree = ast.fix_missing_locations(weaver.visit(ast.parse(source, path)))
    return compile(tree, path or module, "exec", dont_inherit=True), weaver.points


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        """Never from a cache: what is kept there has no points."""
        code, points = rewrite(fullname, self.get_data(self.path), self.path)
        CATALOGUE.update({point.name: point for point in points})
        return code

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(__point__=firing.point, __write__=firing.write)
        super().exec_module(module)


class _Weaver(ast.NodeTransformer):
    def __init__(self, module: str) -> None:
        self._module = module
        self._scope: list[str] = []
        self._count: Counter[str] = Counter()
        self.points: list[Point] = []

    def _enter(self, node: Any) -> ast.AST:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()
        return node

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _enter  # noqa: N815

    def visit_Await(self, node: ast.Await) -> ast.AST:
        callee = _callee(node.value)
        self.generic_visit(node)
        if callee in LEFT_OUT:
            return node
        args = [self._name(callee, node, "await"), node.value]
        call = ast.Call(ast.Name("__point__", ast.Load()), args, [])
        return ast.copy_location(ast.Await(ast.copy_location(call, node.value)), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        callee = _callee(node)
        self.generic_visit(node)
        if not is_write(self._module, callee):
            return node
        args = [self._name(callee, node, "write"), node.func, *node.args]
        call = ast.Call(ast.Name("__write__", ast.Load()), args, node.keywords)
        return ast.copy_location(call, node)

    def _name(self, callee: str, node: ast.expr, kind: str) -> ast.expr:
        place = ".".join([self._module.removeprefix("bridge."), *self._scope])
        plain = f"{place}:{callee[:LONGEST]}"
        self._count[plain] += 1
        name = f"{plain}#{self._count[plain]}" if self._count[plain] > 1 else plain
        self.points.append(Point(name, self._module, node.lineno, kind))
        return ast.copy_location(ast.Constant(name), node)


def _callee(value: ast.expr) -> str:
    return ast.unparse(value.func if isinstance(value, ast.Call) else value)
