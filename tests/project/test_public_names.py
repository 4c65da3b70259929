"""What vendors may import is exactly what the packages say."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

PUBLIC = ["bridge.adapter", "bridge.model"]

each_package = pytest.mark.parametrize("package", PUBLIC)


def imported_names(module):
    """What the package's own file takes from its modules."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


@each_package
def test_the_public_names_are_those_imported(package):
    module = importlib.import_module(package)

    assert sorted(module.__all__) == sorted(imported_names(module))


@each_package
def test_every_public_name_resolves(package):
    module = importlib.import_module(package)

    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@each_package
def test_no_public_name_is_listed_twice(package):
    module = importlib.import_module(package)

    assert len(module.__all__) == len(set(module.__all__))


@each_package
def test_every_public_class_is_of_the_public_packages(package):
    """So that a vendor's type checker never meets a name from elsewhere in the bridge."""
    module = importlib.import_module(package)
    classes = [getattr(module, name) for name in module.__all__]

    homes = {each.__module__ for each in classes if inspect.isclass(each)}

    assert {".".join(home.split(".")[:2]) for home in homes} <= set(PUBLIC)
