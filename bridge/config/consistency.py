"""What only shows when all files are seen together.

Works on the values as written, so that these problems are found beside all others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.config.kinds import Address, parse_address
from bridge.config.problem import Problem, Severity, suggestion
from bridge.config.role import Role, lacks
from bridge.config.secret import REFERENCE
from bridge.config.settings import CONSOLE, PLACEHOLDER, Ingress

Table = Mapping[str, Any]

_BOARD = "board"
_WIDE = {"0.0.0.0", "::"}  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The tables of all files; `unread` has the stems of restaurant files that are not TOML.

    Without `is_main_read` the main file is not TOML, and `main` has what the environment sets;
    without `has_folder` the restaurants' folder is missing. `role`: what process this is for.
    """

    main_file: str
    main: Table
    restaurants: Mapping[str, Table]
    unread: frozenset[str] = frozenset()
    is_main_read: bool = True
    has_folder: bool = True
    role: Role | None = None
    endpoints: tuple[Table, ...] = field(init=False)

    def __post_init__(self) -> None:
        entries = self.main.get("endpoints")
        tables = entries if isinstance(entries, list) else []
        good = tuple(table if isinstance(table, dict) else {} for table in tables)
        object.__setattr__(self, "endpoints", good)


def contradictions(written: Written) -> Iterator[Problem]:
    """Every disagreement between files, sections and entries."""
    yield from _placeholder_id(written)
    yield from _missing(written)
    yield from _same_endpoint(written)
    yield from _same_restaurant(written)
    yield from _unknown_restaurants(written)
    yield from _unreachable(written)
    yield from _same_listener(written)
    yield from _closed_console(written)
    yield from _unused_authority(written)


def _placeholder_id(written: Written) -> Iterator[Problem]:
    for index, entry in enumerate(written.endpoints):
        name = entry.get("id")
        if isinstance(name, str) and name.upper().startswith(PLACEHOLDER):
            yield Problem(
                file=written.main_file,
                key=f"endpoints.{index}.id",
                found=f'"{name}", the id of the example, which everybody knows',
                allowed="an id of your own that is impossible to guess",
                hint="write the output of `openssl rand -hex 16`",
            )


def _missing(written: Written) -> Iterator[Problem]:
    """What is missing from a file that cannot be read is not known."""
    if written.role is None:
        return
    yield from lacks(
        written.role,
        has_broker="broker" in written.main or not written.is_main_read,
        has_endpoint=bool(written.main.get("endpoints")) or not written.is_main_read,
        has_restaurant=bool(written.restaurants) or not written.has_folder,
        file=written.main_file,
    )


def _same_endpoint(written: Written) -> Iterator[Problem]:
    ids = [(f"endpoints.{i}.id", entry.get("id")) for i, entry in enumerate(written.endpoints)]
    for key, first in _repeated(ids):
        yield Problem(
            file=written.main_file,
            key=key,
            found=f"the same id as {first}",
            allowed="an id of its own for each endpoint",
        )


def _same_restaurant(written: Written) -> Iterator[Problem]:
    files = written.restaurants.items()
    ids = [(file, table.get("id")) for file, table in files]
    twice = set()
    for file, first in _repeated(ids):
        twice.add(file)
        allowed = "an id of its own for each restaurant"
        yield Problem(file=file, key="id", found=f"the same id as in {first}", allowed=allowed)
    own = [(file, table.get("bbot_id", table.get("id"))) for file, table in files]
    for file, first in _repeated(own):
        if file not in twice:
            found = f"the same id at Bbot as in {first}"
            allowed = "one restaurant for each id at Bbot"
            yield Problem(file=file, key="bbot_id", found=found, allowed=allowed)


def _unknown_restaurants(written: Written) -> Iterator[Problem]:
    known = {*_texts(table.get("id") for table in written.restaurants.values()), *written.unread}
    for index, entry in enumerate(written.endpoints):
        for place, name in enumerate(_texts(_entries(entry, "restaurants"))):
            if name not in known:
                yield Problem(
                    file=written.main_file,
                    key=f"endpoints.{index}.restaurants.{place}",
                    found=f'"{name}", which no restaurant file has as its id',
                    allowed=", ".join(sorted(known)) or "the id of a restaurant file",
                    hint=suggestion(name, known),
                )


def _unreachable(written: Written) -> Iterator[Problem]:
    # A machine that only serves the POS has no endpoints at all, and is right so.
    named = {name for entry in written.endpoints for name in _texts(_entries(entry, "restaurants"))}
    for file, table in written.restaurants.items():
        name = table.get("id")
        if written.endpoints and isinstance(name, str) and name not in named:
            yield Problem(
                file=file,
                key="id",
                found=f'"{name}", which no endpoint names',
                allowed="a restaurant that is listed in [[endpoints]] restaurants",
                hint="the platform cannot order there",
                severity=Severity.WARNING,
            )


def _same_listener(written: Written) -> Iterator[Problem]:
    if written.role is Role.WORKER:
        return
    ingress = _address(written.main, "ingress", Ingress().listen)
    console = _address(written.main, "console", CONSOLE)
    if not ingress or not console or not ingress.port or ingress.port != console.port:
        return
    if ingress.host == console.host or _WIDE & {ingress.host, console.host}:
        yield Problem(
            file=written.main_file,
            key="console.listen",
            found=f"the port of ingress.listen, {ingress.port}",
            allowed="a port of its own",
        )


def _closed_console(written: Written) -> Iterator[Problem]:
    console = written.main.get("console", {})
    if not written.is_main_read or not isinstance(console, dict) or "token" in console:
        return
    boards = sorted(
        _texts(
            table.get("id")
            for table in written.restaurants.values()
            if table.get("adapter") == _BOARD
        )
    )
    screens = f", and so not the kitchen screen of {', '.join(boards)}" if boards else ""
    yield Problem(
        file=written.main_file,
        key="console.token",
        found=f"no token: nobody can open the console over TCP{screens}",
        allowed=REFERENCE,
        hint='[console] token = { credential = "console-token" } is the usual way',
        severity=Severity.WARNING,
    )


def _unused_authority(written: Written) -> Iterator[Problem]:
    broker = written.main.get("broker")
    if isinstance(broker, dict) and "ca_file" in broker and not broker.get("tls"):
        yield Problem(
            file=written.main_file,
            key="broker.ca_file",
            found="a certificate authority without TLS",
            allowed="ca_file together with tls = true",
        )


def _repeated(entries: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Where a text stands that stood before, and where that was."""
    seen: dict[str, str] = {}
    for key, value in entries:
        if isinstance(value, str):
            if value in seen:
                yield key, seen[value]
            seen.setdefault(value, key)


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _entries(table: Table, key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []


def _address(main: Table, section: str, default: str) -> Address | None:
    table = main.get(section, {})
    text = table.get("listen", default) if isinstance(table, dict) else None
    try:
        return parse_address(text) if isinstance(text, str) else None
    except ValueError:
        return None
