"""Text from outside, made safe for printers, screens and logs without losing a word."""

import unicodedata
from collections.abc import Iterator
from typing import Final

MAX_LENGTH: Final = 2000
_SLICE: Final = 500

_LINE_BREAKS: Final = "\n\r\v\f\x85\u2028\u2029"
# Joiners and variation selectors stay: emoji, Arabic and Indic scripts need them.
_INVISIBLE: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb"
)
_CLEANING: Final[dict[int, str | None]] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # half a character: no encoder takes it
    **dict.fromkeys(map(ord, _INVISIBLE)),
    **dict.fromkeys(map(ord, _LINE_BREAKS), "\n"),
    ord("\t"): " ",
}


def clean_line(text: str) -> str:
    """One line: composed characters, single spaces, nothing that moves a printer or a cursor."""
    return " ".join(_printable(text).split())


def clean_lines(text: str) -> str:
    """The same for text of several lines; empty lines are dropped."""
    if text.isprintable():
        return clean_line(text)
    lines = (" ".join(line.split()) for line in _printable(text).split("\n"))
    return "\n".join(line for line in lines if line)


def clean_id(text: str) -> str:
    """An opaque id, as it is; what cannot be shown is escaped, so that two ids stay two."""
    text = text.strip()
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _printable(text: str) -> str:
    if not text.isprintable():
        text = text.translate(_CLEANING)
    return text if text.isascii() else "".join(map(_composed, _slices(text)))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _slices(text: str) -> Iterator[str]:
    # Composing takes the square of the length where a text is all accents, and a guest can
    # type one. A letter parted from its accent by a cut is still the same letter.
    return (text[start : start + _SLICE] for start in range(0, len(text), _SLICE))
