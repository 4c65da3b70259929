"""Secrets: never in a configuration file, only a reference to where they are kept."""

import os
import stat
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bridge.config.kinds import fields_of
from bridge.config.problem import Problem, Severity, suggestion

REFERENCE = '{ credential = "NAME" }, { file = "/PATH" } or { env = "NAME" }'
_LONGEST = 65536
# Stands in for a secret that could not be read, so that it is reported once; never used.
_PLACEHOLDER = "unreadable-secret"


class Secret(SecretStr):
    """A secret that shows itself only to `reveal`; repr, str and JSON are masked."""

    @classmethod
    def of(cls, text: str) -> Self:
        """For code that has the secret already: demo and tests."""
        return cls(text)

    def reveal(self) -> str:
        return self.get_secret_value()


class Unreadable(Exception):
    """A reference that leads to no secret; says what was found, what is needed, what to do."""

    def __init__(self, found: str, allowed: str, hint: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.hint = found, allowed, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Replaces references by secrets, guided by the types of a model.

    Notes every problem and every secret it has read. Relative paths start in `folder`.
    """

    file: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def resolve(self, kind: Any, value: Any, key: str = "") -> Any:
        """The value as the type `kind` wants it, with secrets where it asks for secrets."""
        origin = get_origin(kind)
        if origin in {Union, types.UnionType}:
            for option in get_args(kind):
                value = self.resolve(option, value, key)
            return value
        if origin is Annotated:
            return self.resolve(get_args(kind)[0], value, key)
        if isinstance(kind, type) and issubclass(kind, SecretStr):
            return self._secret(value, key)
        if isinstance(value, dict):
            return self._table(kind, value, key)
        if isinstance(value, list) and get_args(kind):
            return [self.resolve(get_args(kind)[0], v, _join(key, i)) for i, v in enumerate(value)]
        return value

    def _table(self, kind: Any, value: dict[str, Any], key: str) -> dict[str, Any]:
        kinds: dict[str, Any] = {}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kinds = {name: info.annotation for name, info in fields_of(kind).items()}
        elif get_origin(kind) is dict:
            kinds = dict.fromkeys(value, get_args(kind)[1])
        return {
            name: self.resolve(kinds.get(name), inner, _join(key, name))
            for name, inner in value.items()
        }

    def _secret(self, value: Any, key: str) -> Any:
        if isinstance(value, SecretStr):
            return value
        try:
            text, remark = _read(value, self.folder)
        except Unreadable as error:
            self._note(key, error.found, error.allowed, error.hint)
            return Secret(_PLACEHOLDER)
        if remark:
            self._note(key, remark, "a file that others cannot read", "chmod o-r", warn=True)
        self.read.append(text)
        return Secret(text)

    def _note(self, key: str, found: str, allowed: str, hint: str, *, warn: bool = False) -> None:
        severity = Severity.WARNING if warn else Severity.ERROR
        problem = Problem(
            file=self.file, key=key, found=found, allowed=allowed, hint=hint, severity=severity
        )
        self.problems.append(problem)


def _join(key: str, part: str | int) -> str:
    return f"{key}.{part}" if key else str(part)


def _read(reference: Any, folder: Path) -> tuple[str, str]:
    kind, name = _parse(reference)
    text, remark = _KEPT[kind](name, folder)
    text = text.rstrip("\r\n")
    if not text:
        raise Unreadable(f'{kind} "{name}", which is empty', "a secret of at least one character")
    return text, remark


def _parse(reference: Any) -> tuple[str, str]:
    if not isinstance(reference, Mapping):
        hint = "keep the secret out of the configuration and name the place where it is"
        raise Unreadable("a literal value", REFERENCE, hint)
    if len(reference) != 1:
        raise Unreadable(f"a table with {len(reference)} keys", f"one of {REFERENCE}")
    (kind, name), *_ = reference.items()
    if kind not in _KEPT:
        raise Unreadable(f'the unknown key "{kind}"', REFERENCE, suggestion(str(kind), _KEPT))
    if not isinstance(name, str) or not name:
        raise Unreadable(f"{kind} without a name", REFERENCE)
    return kind, name


def _from_file(name: str, folder: Path) -> tuple[str, str]:
    path = folder / name
    text, mode = _contents(path)
    return text, f'file "{path}", which everyone can read' if mode & stat.S_IROTH else ""


def _from_environment(name: str, _folder: Path) -> tuple[str, str]:
    text = os.environ.get(name)
    if text is None:
        raise Unreadable(f'env "{name}", which is not set', "a variable of the daemon's process")
    return text, ""


def _from_credential(name: str, _folder: Path) -> tuple[str, str]:
    if "/" in name or name in {".", ".."}:
        raise Unreadable(f'credential "{name}"', "a plain name, without a slash")
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        hint = "systemd sets it for a unit with LoadCredential=; set it by hand to try"
        found = f'credential "{name}", but CREDENTIALS_DIRECTORY is not set'
        raise Unreadable(found, f"the directory that holds {name}", hint)
    return _contents(Path(directory) / name)[0], ""


def _contents(path: Path) -> tuple[str, int]:
    needed = f"a text file of at most {_LONGEST} bytes that this user can read"
    try:
        if not path.is_file():
            missing = "is not a file" if path.exists() else "does not exist"
            raise Unreadable(f'file "{path}", which {missing}', needed)
        with path.open("rb") as source:
            mode, data = os.fstat(source.fileno()).st_mode, source.read(_LONGEST + 1)
    except OSError as error:
        raise Unreadable(f'file "{path}": {error.strerror}', needed) from error
    if len(data) > _LONGEST:
        raise Unreadable(f'file "{path}", which is too long', needed)
    try:
        return data.decode(), mode
    except UnicodeDecodeError:
        raise Unreadable(f'file "{path}", which is not UTF-8', needed) from None


_KEPT: dict[str, Callable[[str, Path], tuple[str, str]]] = {
    "credential": _from_credential,
    "file": _from_file,
    "env": _from_environment,
}
