"""Money on the wire: whole cents without doubt, or a refusal."""

import re
from typing import Final, TypeGuard

from bridge.sources.bbot.errors import DecodeError, content

INT64: Final = 2**63
# Beyond this a float no longer tells neighbouring whole numbers apart.
_EXACT: Final = 2**53

_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,16}")
_KINDS: Final = {
    bool: "true or false",
    int: "a number beyond 64 bits",
    float: "a number that is not a whole number of cents",
    str: "text that is not a whole number of cents",
    list: "a list",
    dict: "an object",
}


def odd_cents(value: object, path: str) -> int:
    """Digits sent as text and whole floats are taken if they are exact; the rest is refused.

    "11.00" is refused: it may be meant as dollars.
    """
    if not _is_whole(value):
        raise bad_money(path, f"is {_KINDS.get(type(value), 'of an unknown kind')}")
    if abs(cents := int(value)) >= _EXACT:
        raise bad_money(path, "is a number too large to be exact")
    return cents


def whole(value: object) -> int | None:
    """A number that was meant as a whole one and is exact, None for anything else."""
    if type(value) is int:
        return value
    if not _is_whole(value) or abs(found := int(value)) >= _EXACT:
        return None
    return found


def bad_money(path: str, found: str) -> DecodeError:
    """422 that names the place and the kind of value, never the value."""
    return content("bad_money", f"{path} {found}; send whole cents as a JSON integer")


def _is_whole(value: object) -> TypeGuard[str | float]:
    if isinstance(value, str):
        return _DIGITS.fullmatch(value.strip()) is not None
    return isinstance(value, float) and value.is_integer()
