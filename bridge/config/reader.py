"""Reads the main file, the environment and the restaurant files; reports every error at once."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.config.consistency import Written, contradictions
from bridge.config.diagnosis import problems_of
from bridge.config.layers import environment_table, holds, merge, toml_table, variable
from bridge.config.problem import ConfigErrors, Problem, suggestion
from bridge.config.restaurant import Restaurant
from bridge.config.role import Role
from bridge.config.secret import Resolver
from bridge.config.settings import Config, MainFile

SettingsOf = Callable[[str], type[BaseModel] | None]
Model = TypeVar("Model", bound=BaseModel)
Table = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`config` is there if no problem is an error; the rest of the problems are warnings."""

    config: Config | None
    problems: tuple[Problem, ...]


def read(
    path: Path | str,
    *,
    role: Role | None = None,
    settings_of: SettingsOf | None = None,
    adapter_names: Collection[str] = (),
) -> Config:
    """The configuration; raises ConfigErrors. See `examine`."""
    examined = examine(path, role=role, settings_of=settings_of, adapter_names=adapter_names)
    if examined.config is None:
        raise ConfigErrors(examined.problems)
    return examined.config


def check(
    path: Path | str,
    *,
    role: Role | None = None,
    settings_of: SettingsOf | None = None,
    adapter_names: Collection[str] = (),
) -> list[Problem]:
    """Every error and warning of all files. See `examine`."""
    examined = examine(path, role=role, settings_of=settings_of, adapter_names=adapter_names)
    return list(examined.problems)


def examine(
    path: Path | str,
    *,
    role: Role | None = None,
    settings_of: SettingsOf | None = None,
    adapter_names: Collection[str] = (),
) -> Examined:
    """Configuration and problems together.

    With a `role`, what a process of it cannot start without is a problem as well. A worker's
    configuration has no endpoints: their passwords may well be on another machine only.

    `settings_of` gives an adapter's settings model, or None if there is no such adapter; what it
    raises is reported. `adapter_names`, if given, are all there are. Without `settings_of` the
    settings of adapters are left as written: unchecked, their references to secrets not followed.
    """
    pass_ = _Pass(role=role, settings_of=settings_of, adapter_names=adapter_names)
    return pass_.over(Path(path).absolute())


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One pass over all files; collects problems, and the secrets that must not be in them."""

    role: Role | None
    settings_of: SettingsOf | None
    adapter_names: Collection[str]
    problems: list[Problem] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def over(self, path: Path) -> Examined:
        environment, problems = environment_table()
        self.problems += problems
        table = self._table(path)
        main_table = merge(table or {}, environment)
        if self.role is Role.WORKER:
            main_table.pop("endpoints", None)
        main = self._main(main_table, path, environment) if table is not None else None
        folder = self._restaurant_folder(path.parent, main_table)
        tables = self._restaurant_tables(folder) if folder else {}
        restaurants = [
            self._restaurant(file, entries)
            for file, entries in tables.items()
            if entries is not None
        ]
        written = Written(
            main_file=str(path),
            main=main_table,
            role=self.role,
            is_main_read=table is not None,
            has_folder=folder is not None,
            restaurants={str(file): entries or {} for file, entries in tables.items()},
            unread=frozenset(file.stem for file, entries in tables.items() if entries is None),
        )
        self.problems += contradictions(written)
        return self._examined(main, restaurants)

    def _examined(self, main: MainFile | None, restaurants: list[Restaurant | None]) -> Examined:
        problems = tuple(problem.without(self.secrets) for problem in self.problems)
        if main is None or any(problem.is_error for problem in problems):
            return Examined(config=None, problems=problems)
        config = Config.model_validate({**dict(main), "restaurants": tuple(restaurants)})
        return Examined(config=config, problems=problems)

    def _table(self, path: Path) -> Table | None:
        table, problems = toml_table(path)
        self.problems += problems
        return table

    def _main(self, table: Table, path: Path, environment: Table) -> MainFile | None:
        main, problems = self._validated(MainFile, table, path)
        self.problems += (_blamed(problem, environment) for problem in problems)
        return main

    def _restaurant_folder(self, folder: Path, main: Table) -> Path | None:
        name = main.get("restaurants_directory", "restaurants")
        directory = folder / name if isinstance(name, str) else folder / "restaurants"
        if directory.is_dir():
            return directory
        problem = Problem(
            file=str(directory),
            key="",
            found="no such folder",
            allowed="a folder with one *.toml for each restaurant",
            hint="restaurants_directory names it",
        )
        self.problems.append(problem)
        return None

    def _restaurant_tables(self, folder: Path) -> dict[Path, Table | None]:
        files = sorted(file for file in folder.glob("*.toml") if not file.name.startswith("."))
        return {file: self._table(file) for file in files}

    def _restaurant(self, path: Path, table: Table) -> Restaurant | None:
        restaurant, problems = self._validated(Restaurant, table, path)
        self.problems += problems
        kind = self._settings_model(path, table.get("adapter"))
        settings = table.get("settings", {})
        if kind is None or not isinstance(settings, dict):
            return restaurant
        resolved = self._settings(kind, settings, path)
        return restaurant.model_copy(update={"settings": resolved}) if restaurant else None

    def _settings_model(self, path: Path, name: Any) -> type[BaseModel] | None:
        if self.settings_of is None or not isinstance(name, str):
            return None
        allowed, names = ", ".join(sorted(self.adapter_names)), self.adapter_names
        found, hint = f'"{name}", which is not installed', suggestion(name, names)
        try:
            kind = self.settings_of(name) if name in names or not names else None
        except Exception as error:  # noqa: BLE001  a vendor's package may raise anything
            kind, found, hint = None, f'"{name}", which cannot be loaded', str(error)
        if kind is None:
            self.problems.append(
                Problem(file=str(path), key="adapter", found=found, allowed=allowed, hint=hint)
            )
        return kind

    def _settings(self, kind: type[BaseModel], settings: Table, path: Path) -> Table:
        resolver = Resolver(file=str(path), folder=path.parent)
        resolved: Table = resolver.resolve(kind, settings, "settings")
        found: list[Problem] = []
        try:
            kind.model_validate(resolved)
        except ValidationError as error:
            found += problems_of(error, kind, file=str(path), below=("settings",))
        except Exception as error:  # noqa: BLE001  a vendor's check may raise anything
            says = f"settings that the adapter's own check failed on: {type(error).__name__}"
            found.append(Problem(file=str(path), key="settings", found=says))
        self.problems += self._together(resolver, found)
        return resolved

    def _validated(
        self, model: type[Model], table: Table, path: Path
    ) -> tuple[Model | None, list[Problem]]:
        resolver = Resolver(file=str(path), folder=path.parent)
        resolved = resolver.resolve(model, table)
        try:
            made = model.model_validate(resolved, context={"folder": path.parent})
        except ValidationError as error:
            return None, self._together(resolver, problems_of(error, model, file=str(path)))
        return made, self._together(resolver, ())

    def _together(self, resolver: Resolver, found: Iterable[Problem]) -> list[Problem]:
        self.secrets += resolver.read
        known = {problem.key for problem in resolver.problems}
        return [*resolver.problems, *(problem for problem in found if problem.key not in known)]


def _blamed(problem: Problem, environment: Table) -> Problem:
    """The same, at the variable that set the value if one did."""
    location = tuple(problem.key.split("."))
    if not holds(environment, location):
        return problem
    return replace(problem, file="environment", key=variable(location))
