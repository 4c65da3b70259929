"""Find, load and describe adapters: bundled ones and vendors' come in by the same door.

find      what is installed, without importing any of it
load      import one, and only that one, after checking that it keeps the contract
describe  the same as data, for people and programs
"""

import inspect
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bridge.adapter import Adapter, AdapterSpec, Repeat, spec_problems

GROUP = "pos_bridge.adapters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An installed adapter, not yet imported; `value` is its `module:Class`."""

    name: str
    value: str
    distribution: str
    version: str


class RegistryError(Exception):
    """Base of what can be wrong with an adapter's name or package."""


class AdapterNotFound(RegistryError):
    """No installed package brings an adapter of that name; `nearest` may be what was meant."""

    def __init__(self, name: str, nearest: str | None, installed: Iterable[str] = ()) -> None:
        hint = f'; did you mean "{nearest}"?' if nearest else ";"
        known = ", ".join(installed) or "none"
        super().__init__(f'no adapter is called "{name}"{hint} installed: {known}')
        self.name = name
        self.nearest = nearest


class AdapterUnusable(RegistryError):
    """A package brings the adapter, but it cannot be used; `reason` is one sentence."""

    def __init__(self, name: str, distribution: str, reason: str) -> None:
        super().__init__(f'the adapter "{name}" of {distribution} cannot be used: {reason}')
        self.name = name
        self.distribution = distribution
        self.reason = reason


def find() -> list[Found]:
    """Every installed adapter by name; nothing is imported."""
    found = [_found(entry) for entry in entry_points(group=GROUP)]
    return sorted(found, key=lambda one: (one.name, one.distribution))


def load(name: str) -> type[Adapter]:
    """Import that adapter alone and check it; raises AdapterNotFound or AdapterUnusable."""
    return _load(_choose(name))


def describe(name: str) -> dict[str, Any]:
    """The adapter as JSON-ready data; raises as `load` does."""
    entry = _choose(name)
    found, spec = _found(entry), _load(entry).spec
    return {
        "name": spec.name,
        "title": spec.title,
        "distribution": found.distribution,
        "version": found.version,
        "contract": spec.contract,
        "capabilities": sorted(spec.capabilities),
        "slips": sorted(spec.slips),
        "repeat": _repeat(spec.repeat),
        "max_in_flight": spec.max_in_flight,
        "submit_timeout": spec.submit_timeout,
        "settings": spec.settings.model_json_schema(),
    }


def _found(entry: EntryPoint) -> Found:
    distribution = entry.dist
    return Found(
        name=entry.name,
        value=entry.value,
        distribution=distribution.name if distribution else "unknown",
        version=distribution.version if distribution else "",
    )


def _repeat(repeat: Repeat) -> dict[str, Any]:
    """`{"kind": "idempotent", "window": 60.0}`, and so on."""
    return {"kind": type(repeat).__name__.lower(), **asdict(repeat)}


def _choose(name: str) -> EntryPoint:
    entries = list(entry_points(group=GROUP))
    chosen = [entry for entry in entries if entry.name == name]
    if not chosen:
        names = sorted({entry.name for entry in entries})
        near = get_close_matches(name, names, n=1)
        raise AdapterNotFound(name, near[0] if near else None, names)
    if len(chosen) > 1:
        owners = " and ".join(sorted(_found(entry).distribution for entry in chosen))
        raise AdapterUnusable(name, owners, "two adapters have this name; uninstall one of them")
    return chosen[0]


def _load(entry: EntryPoint) -> type[Adapter]:
    owner = _found(entry).distribution
    if not entry.pattern.match(entry.value):
        reason = f"its entry point {entry.value} is not of the form module:Class"
        raise AdapterUnusable(entry.name, owner, reason)
    try:
        loaded = entry.load()
    # A vendor's module may raise anything while it is imported, even leave the interpreter.
    except (Exception, SystemExit) as error:
        reason = f"importing {entry.value} failed with {type(error).__name__}: {error}"
        raise AdapterUnusable(entry.name, owner, reason) from error
    problems = _problems(loaded, entry)
    if problems:
        raise AdapterUnusable(entry.name, owner, "; ".join(problems))
    adapter: type[Adapter] = loaded
    return adapter


def _problems(loaded: Any, entry: EntryPoint) -> list[str]:
    if not (inspect.isclass(loaded) and issubclass(loaded, Adapter)):
        return [f"{entry.value} is not a subclass of bridge.adapter.Adapter"]
    if not isinstance(getattr(loaded, "spec", None), AdapterSpec):
        return [f"{entry.value} has no `spec` of type AdapterSpec"]
    problems = spec_problems(loaded)
    if inspect.isabstract(loaded):
        missing = ", ".join(sorted(loaded.__abstractmethods__))
        problems.append(f"lacks the required methods {missing}")
    if loaded.spec.name != entry.name:
        problems.append(f'its spec is named "{loaded.spec.name}", its entry point "{entry.name}"')
    return problems
