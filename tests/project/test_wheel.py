"""The wheel, built the way an installation builds it, holds what the program needs."""

import ast
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import bridge

ROOT = Path(__file__).parents[2]
DIST = f"pos_bridge-{bridge.__version__}"
SHARE = f"{DIST}.data/data/share/pos-bridge"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            f"--wheel-dir={target}",
            ".",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = target.iterdir()
    with zipfile.ZipFile(path) as opened:
        yield opened


def names_in(wheel):
    return set(wheel.namelist())


def shipped(folder, pattern):
    """Files of the project, as paths from its root."""
    return {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob(pattern)}


def test_the_wheel_is_named_after_the_distribution_and_its_version(wheel):
    assert Path(wheel.filename).name == f"{DIST}-py3-none-any.whl"


def test_the_top_level_names_are_the_two_packages(wheel):
    tops = {name.partition("/")[0] for name in names_in(wheel)}

    assert tops == {"adapters", "bridge", f"{DIST}.data", f"{DIST}.dist-info"}


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [
        ("bridge", "*.py"),
        ("adapters", "*.py"),
        ("bridge", "py.typed"),
        ("adapters", "py.typed"),
        ("bridge/console/templates", "*.html"),
        ("bridge/console/static", "*.*"),
        ("bridge/ledger", "*.sql"),
        ("bridge/sources/bbot/samples", "*.json"),
        ("bridge/schemas", "*.json"),
        ("adapters", "quality.toml"),
    ],
)
def test_everything_the_program_reads_is_inside(wheel, folder, pattern):
    needed = shipped(folder, pattern)

    assert needed
    assert needed <= names_in(wheel)


@pytest.mark.parametrize(("folder", "pattern"), [("systemd", "*.service"), ("config", "*.toml")])
def test_service_files_and_examples_come_along(wheel, folder, pattern):
    needed = {f"{SHARE}/{path}" for path in shipped(folder, pattern)}

    assert needed
    assert needed <= names_in(wheel)


def test_no_test_is_inside(wheel):
    assert [name for name in names_in(wheel) if "tests/" in name] == []


def test_every_entry_point_names_something_that_is_inside(wheel):
    entries = ConfigParser()
    entries.read_string(wheel.read(f"{DIST}.dist-info/entry_points.txt").decode())
    points = [*entries["console_scripts"].values(), *entries["pos_bridge.adapters"].values()]

    assert {"board", "file", "fake"} <= set(entries["pos_bridge.adapters"])
    for point in points:
        module, _, name = point.partition(":")
        assert name in names_of(wheel, module.replace(".", "/"))


def names_of(wheel, path):
    """What a module of the wheel defines or imports at its top."""
    file = f"{path}.py" if f"{path}.py" in names_in(wheel) else f"{path}/__init__.py"
    for node in ast.parse(wheel.read(file)).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
