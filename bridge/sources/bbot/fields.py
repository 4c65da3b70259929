"""Readers that take what is there, and remark on what is odd and harmless."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from bridge.model.money import as_decimal_text
from bridge.sources.bbot import document
from bridge.sources.bbot.cents import INT64, odd_cents
from bridge.sources.bbot.errors import DecodeError, content
from bridge.sources.text import MAX_LENGTH, clean_id, clean_line, clean_lines

SOURCE: Final = "bbot"
MAX_ID: Final = 255

# The platform writes the year 1900 where it means "never".
_LAST_YEAR_OF_NEVER: Final = 1900


@dataclass(frozen=True, slots=True)
class Remarks:
    """What was odd, in words, without any value that a guest typed.

    `room` is for the JSON inside texts, of which one call may have many.
    """

    LIMIT = 20

    said: dict[str, None] = field(default_factory=dict)
    room: document.Room = field(default_factory=document.Room)

    def add(self, remark: str) -> None:
        self.said[remark] = None

    def as_tuple(self) -> tuple[str, ...]:
        found = tuple(self.said)
        if len(found) <= self.LIMIT:
            return found
        return (*found[: self.LIMIT], f"and {len(found) - self.LIMIT} more remarks like these")


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of the payload; `path` says where it stands."""

    data: dict[str, Any]
    path: str
    remarks: Remarks

    def path_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def remark(self, name: str, text: str) -> None:
        self.remarks.add(f"{self.path_of(name)} {text}")

    def expect(self, names: Iterable[str]) -> None:
        """Remarks on fields that an order can do without and that are always sent."""
        for name in names:
            if name not in self.data:
                self.remark(name, "is missing")

    def cents(self, name: str) -> int:
        """Whole cents; nothing counts as 0 with a remark, anything doubtful is a DecodeError."""
        value = self.data.get(name)
        if type(value) is int and -INT64 <= value < INT64:
            return value
        if value is None or value == "":
            self.remark(name, "is missing: taken as 0")
            return 0
        return odd_cents(value, self.path_of(name))

    def clear_cents(self, name: str) -> int | None:
        """The same for an amount that nothing hangs on: None with a remark where it is doubtful."""
        try:
            return self.cents(name)
        except DecodeError as error:
            self.remarks.add(f"{error.detail}: left out")
            return None

    def compare(self, name: str, stated: int, added: int) -> None:
        """Remarks on a sum that is not what its parts add up to."""
        if stated != added:
            texts = as_decimal_text(stated), as_decimal_text(added)
            self.remark(name, f"says {texts[0]} while its parts add up to {texts[1]}")

    def identifier(self, name: str) -> str:
        """An opaque id, or "" if there is none; a placeholder in angle brackets is none."""
        value = self.data.get(name)
        found = ""
        if isinstance(value, str):
            found = clean_id(value)
        elif type(value) is int:
            found = str(value)
        if len(found) > MAX_ID or (not found and value not in (None, "")):
            self.remark(name, "is not an id: ignored")
            return ""
        return "" if found.startswith("<") and found.endswith(">") else found

    def exact(self, name: str) -> str:
        """An id that is sent back letter for letter, "" if there is none that can be."""
        value = self.data.get(name)
        found = str(value) if type(value) is int else value
        if not isinstance(found, str) or not found.strip() or len(found) > MAX_ID:
            return ""
        return found if found.isprintable() else ""

    def line(self, name: str) -> str:
        """Text on one line, "" if there is none."""
        value = self.data.get(name)
        if value is None or value == "":
            return ""
        return self._short(name, clean_line(self.said(name) if type(value) is not str else value))

    def lines(self, name: str) -> str:
        """Text that may have several lines, "" if there is none."""
        return self._short(name, clean_lines(self.said(name)))

    def said(self, name: str) -> str:
        """Any value as text, so that nothing a guest said is dropped."""
        value = self.data.get(name)
        if isinstance(value, str):
            return value
        if value is None or value is False or value in ({}, []):
            return ""
        if type(value) is not int:
            self.remark(name, "is not text: shown as it came")
        return as_text(value)

    def _short(self, name: str, text: str) -> str:
        if len(text) <= MAX_LENGTH:
            return text
        self.remark(name, f"is very long: cut to {MAX_LENGTH} characters")
        return text[:MAX_LENGTH]

    def time(self, name: str) -> datetime | None:
        """An aware time in UTC; None with a remark if it cannot be read."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        found = _parse_time(value)
        if found is None:
            self.remark(name, "is not a time that can be read: ignored")
            return None
        if found.tzinfo is None:
            self.remark(name, "has no time zone: taken as UTC")
            found = found.replace(tzinfo=UTC)
        return _in_utc(found)

    def unwrapped(self, name: str) -> Any:
        """The value; JSON inside a text is opened, and must be sound."""
        return self._unwrap(self.data.get(name), self.path_of(name))

    def opened(self, name: str) -> Any:
        """The same where a guest may have typed a bracket: if it is not JSON, it stays text."""
        return self._open(self.data.get(name), self.path_of(name))

    def child(self, name: str) -> "Fields | None":
        """A nested object that the order can do without."""
        value = self.opened(name)
        if isinstance(value, dict):
            return Fields(value, self.path_of(name), self.remarks) if value else None
        if value is not None and value not in ("", []):
            self.remark(name, "is not an object: ignored")
        return None

    def children(self, name: str) -> Iterator["Fields"]:
        """Nested objects that the document can do without; anything else is passed over."""
        value = self.opened(name)
        if not isinstance(value, list):
            if value is not None and value not in ("", {}):
                self.remark(name, "is not a list: ignored")
            return
        for position, entry in enumerate(value):
            here = f"{name}[{position}]"
            found = self._open(entry, self.path_of(here))
            if isinstance(found, dict):
                yield Fields(found, self.path_of(here), self.remarks)
            else:
                self.remark(here, "is not an object: ignored")

    def objects(self, name: str, each: str) -> Iterator["Fields"]:
        """Nested objects, one for `each`; DecodeError 422 where one of them could be lost."""
        value, path = self.unwrapped(name), self.path_of(name)
        if not isinstance(value, list):
            found = "is missing" if value is None else "is not a list"
            raise content("no_items", f"{path} {found}; send one entry for each {each}")
        for position, entry in enumerate(value):
            here = f"{path}[{position}]"
            if not isinstance(entry, dict):
                raise bad_item(here)
            yield Fields(entry, here, self.remarks)

    def _unwrap(self, value: Any, path: str) -> Any:
        if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
            return document.parse(value, path, self.remarks.room)
        return value

    def _open(self, value: Any, path: str) -> Any:
        try:
            return self._unwrap(value, path)
        except DecodeError:
            return value


def bad_item(path: str) -> DecodeError:
    """422 that names the place."""
    return content("bad_item", f"{path} is not an object, so an item would be lost; send an object")


def as_text(value: Any) -> str:
    """A JSON value in few characters, for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    return document.compact(value)


def _parse_time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _in_utc(found: datetime) -> datetime | None:
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        return None
    return found if found.year > _LAST_YEAR_OF_NEVER else None
