"""JSON read strictly: one meaning or a refusal that says where to look.

The standard library's parser is used on purpose. A faster one lets the last of two equal keys
win and turns whole numbers beyond 64 bits into fractions, both without a word.
"""

import json
import re
from typing import Any, Final

from bridge.sources.bbot.errors import DecodeError, syntax
from bridge.sources.text import clean_line

MAX_DEPTH: Final = 32
# Objects, lists and what stands in lists. More than fits into the longest body in the platform's
# own shapes; read in a time that no other call notices.
MAX_ENTRIES: Final = 3000

_PYTHON_WORD: Final = re.compile(r"None|True|False|nan|inf")
_NO_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|(-?Infinity|NaN)', re.DOTALL)
_QUOTES: Final = "\u201c\u201d\u201e\u2018\u2019"


class Room:
    """How many entries there may still be, in one text or in several of one call."""

    def __init__(self) -> None:
        self._left = MAX_ENTRIES

    def take(self, entries: int, what: str) -> None:
        """Raises DecodeError 400 once they are more than there may be, and ever after."""
        self._left -= entries
        if self._left < 0:
            raise too_many(what)


def parse(text: str, what: str = "the body", room: Room | None = None) -> Any:
    """The value of a JSON text; DecodeError 400 names the fault and its place, never content.

    `room` is what texts of one call share; none left, and no further one is looked at.
    """
    room = room or Room()
    room.take(1, what)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise syntax("bad_json", _explain(text, error, what)) from None
    except RecursionError:
        raise _too_deep(what) from None
    except _NotANumberError as error:
        raise syntax("bad_json", _explain_constant(text, str(error), what)) from None
    except ValueError:
        raise syntax("bad_json", f"{what} holds a number of thousands of digits") from None
    _check_size(value, what, room)
    return value


def _check_size(value: Any, what: str, room: Room) -> None:
    """Raises DecodeError 400 for too deep or too many; level by level, so it cannot overflow."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return
        entries = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(parent) is list or type(child) is dict or type(child) is list
        ]
        room.take(len(entries), what)
        level = [entry for entry in entries if type(entry) is dict or type(entry) is list]
    if level:
        raise _too_deep(what)


class _NotANumberError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _duplicate(pairs)
    return found


def _duplicate(pairs: list[tuple[str, Any]]) -> DecodeError:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            break
        seen.add(name)
    shown = clean_line(name)[:60]
    return syntax(
        "duplicate_key",
        f'the key "{shown}" is given twice in one object, so it is not clear which value counts; '
        "send each key once",
    )


def _refuse_constant(name: str) -> Any:
    raise _NotANumberError(name)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def too_many(what: str) -> DecodeError:
    """400 for more entries than anybody needs."""
    return syntax("too_many", f"{what} has more than {MAX_ENTRIES} entries; send less")


def _too_deep(what: str) -> DecodeError:
    return syntax("too_deep", f"{what} is nested deeper than {MAX_DEPTH} levels")


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line}, column {position - text.rfind(chr(10), 0, position)}"


def _explain(text: str, error: json.JSONDecodeError, what: str) -> str:
    fault = _fault(text, error)
    return f"{what} is not JSON: {fault} at {_place(text, error.pos)}; send plain JSON"


def _explain_constant(text: str, name: str, what: str) -> str:
    hits = (match.start(1) for match in _NO_NUMBER.finditer(text) if match[1] == name)
    where = _place(text, next(hits, 0))
    return f"{what} is not JSON: {name} is not a number in JSON, at {where}; send null instead"


def _fault(text: str, error: json.JSONDecodeError) -> str:
    found = text[error.pos : error.pos + 1]
    if not found:
        return "it ends in the middle"
    if word := _PYTHON_WORD.match(text, error.pos):
        return f"the Python word {word[0]} stands where JSON has null, true or false"
    if _is_trailing_comma(text, error.pos):
        return "a comma stands before a closing bracket"
    if found in _QUOTES:
        return f"a typographic quotation mark (U+{ord(found):04X}) stands in place of a plain one"
    if found == "'":
        return "single quotation marks stand in place of double ones"
    return error.msg[:1].lower() + error.msg[1:].removesuffix(" at").removesuffix(": ")


def _is_trailing_comma(text: str, position: int) -> bool:
    before, after = text[:position].rstrip()[-1:], text[position + 1 :].lstrip()[:1]
    found = text[position]
    return (found in "}]" and before == ",") or (found == "," and after in {"}", "]"})


def compact(value: Any) -> str:
    """A parsed value as JSON again, without blanks, in its own letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
