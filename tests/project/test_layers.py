"""Who may import whom: one table, read with the parser, never by importing."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each part of the bridge with what it may import besides itself, lowest first.
LOW = {"model"}
MIDDLE = LOW | {"canonical", "adapter", "sources", "fault", "telemetry", "notify"}
LAYERS = {
    "__init__": set(),
    "model": set(),
    "fault": set(),
    "telemetry": {"fault"},
    "notify": set(),
    "canonical": LOW,
    "adapter": LOW,
    "sources": LOW,
    "testing": LOW | {"adapter"},
    "config": MIDDLE,
    "broker": MIDDLE,
    "ledger": MIDDLE,
    "registry": MIDDLE,
    "ingress": MIDDLE | {"config", "broker", "ledger", "registry"},
    "worker": MIDDLE | {"config", "broker", "ledger", "registry"},
    "console": MIDDLE | {"config", "broker", "ledger", "registry"},
}
LAYERS["daemon"] = MIDDLE | {"config", "broker", "ledger", "registry", *list(LAYERS)[-3:]}
LAYERS["schemas"] = MIDDLE | {"__init__", "config", "broker", "ingress"}
LAYERS["cli"] = LAYERS["daemon"] | {"__init__", "daemon", "testing"}
LAYERS["__main__"] = {"cli"}

# The only homes of what must not spread.
HOMES = {
    "aio_pika": "bridge/broker/",
    "aiormq": "bridge/broker/",
    "sqlite3": "bridge/ledger/",
    "tenacity": "bridge/worker/",
    "importlib.metadata": "bridge/registry.py",
}
FOR_VENDORS = {"bridge.adapter", "bridge.model"}


def sources():
    """Every module of the two packages: its path from the root, and its text."""
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for package in ("bridge", "adapters")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def imports(path, text):
    """Dotted names that a module imports, at its top or anywhere inside."""
    package = Path(path).parent.parts
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            # `from bridge import registry` names a part, `from bridge.model import Order` does not.
            yield from (f"{start}.{alias.name}" for alias in node.names)


def part_of(path):
    return Path(path).with_suffix("").parts[1]


def violations(modules):
    """Sentences, one for each import that the table does not allow."""
    parts = {part_of(path) for path in modules if path.startswith("bridge/")}
    for path, text in modules.items():
        for name in imports(path, text):
            complaint = (
                wrong_home(path, name)
                or (path.startswith("bridge/") and wrong_layer(path, name, parts))
                or (path.startswith("adapters/") and wrong_for_an_adapter(path, name))
            )
            if complaint:
                yield f"{path} imports {name}: {complaint}"


def wrong_home(path, name):
    for library, home in HOMES.items():
        if f"{name}.".startswith(f"{library}.") and not path.startswith(home):
            return f"{library} lives in {home}"
    return ""


def wrong_layer(path, name, parts):
    top, _, rest = name.partition(".")
    if top == "adapters":
        return "the bridge knows adapters by their entry points only"
    if top != "bridge":
        return ""
    found = rest.partition(".")[0]
    # What is no part of its own is a name of bridge/__init__.py, such as the version.
    other = found if found in parts else "__init__"
    own = part_of(path)
    if other == own or other in LAYERS.get(own, set()):
        return ""
    return f"{own} may import {', '.join(sorted(LAYERS.get(own, set()))) or 'nothing of ours'}"


def wrong_for_an_adapter(path, name):
    top, _, rest = name.partition(".")
    if top == "adapters":
        own = Path(path).parts[1]
        return "" if rest.partition(".")[0] == own else "adapters know nothing of each other"
    if top == "bridge" and ".".join(name.split(".")[:2]) not in FOR_VENDORS:
        return f"an adapter imports {', '.join(sorted(FOR_VENDORS))} only"
    return ""


def test_every_module_imports_only_what_lies_below_it():
    assert list(violations(sources())) == []


def test_every_part_of_the_bridge_has_its_place_in_the_table():
    assert {part_of(path) for path in sources() if path.startswith("bridge/")} == set(LAYERS)


def test_the_table_has_no_circle():
    order = list(LAYERS)

    for part, below in LAYERS.items():
        assert all(order.index(other) < order.index(part) for other in below), part


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bridge/ingress/app.py", "from bridge.worker.lane import Lane"),
        ("bridge/worker/lane.py", "from bridge.ingress import gate"),
        ("bridge/model/order.py", "from bridge import canonical"),
        ("bridge/model/order.py", "import bridge.telemetry"),
        ("bridge/model/order.py", "from .. import registry"),
        ("bridge/ledger/ledger.py", "from bridge.broker import Link"),
        ("bridge/config/reader.py", "from bridge.registry import find"),
        ("bridge/testing/fake_pos.py", "from bridge.ledger import Ledger"),
        ("bridge/daemon/daemon.py", "from bridge.cli import main"),
        ("bridge/registry.py", "from adapters.board import BoardAdapter"),
        ("bridge/cli/demo.py", "import aio_pika"),
        ("bridge/console/orders.py", "from sqlite3 import Row"),
        ("bridge/console/schemas.py", "from bridge.schemas import openapi"),
        ("bridge/ingress/app.py", "import tenacity.retry"),
        ("bridge/cli/main.py", "from importlib import metadata"),
        ("adapters/file/adapter.py", "from bridge.ledger import Ledger"),
        ("adapters/file/adapter.py", "import bridge.registry"),
        ("adapters/file/adapter.py", "from adapters.board import BoardAdapter"),
        ("adapters/file/adapter.py", "from bridge import registry"),
    ],
)
def test_a_planted_violation_is_found(path, line):
    modules = sources()
    modules[path] += f"\n\ndef late():\n    {line}\n"

    (found,) = violations(modules)

    assert found.startswith(f"{path} imports ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bridge/ingress/app.py", "from bridge.ledger import Ledger"),
        ("bridge/ingress/app.py", "from . import gate"),
        ("bridge/broker/link.py", "import aio_pika"),
        ("bridge/registry.py", "from importlib import metadata"),
        ("bridge/ingress/app.py", "from importlib import resources"),
        ("adapters/file/adapter.py", "from bridge.adapter import Adapter"),
        ("adapters/file/adapter.py", "import pydantic"),
    ],
)
def test_what_is_allowed_is_not_complained_about(path, line):
    modules = sources()
    modules[path] += f"\n{line}\n"

    assert list(violations(modules)) == []
