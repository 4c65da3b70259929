"""How text gets onto narrow paper: wrapped, never cut, and no guest steers the printer.

A row is a lead that we wrote and a text that may be anybody's.
"""

from textwrap import wrap
from unicodedata import east_asian_width

Row = tuple[str, str]

# Stands for the second column of a wide sign while rows are measured; no text has it.
_FILLER = "\0"


def put(rows: list[Row], columns: int) -> list[str]:
    """The printed lines; rows without text are left out."""
    return [line for lead, text in rows for line in _wrapped(lead, _clean(text), columns)]


def _clean(text: str) -> str:
    # A guest's text must not steer a printer or forge a heading: one run of printable words.
    words = "".join(sign if sign.isprintable() else " " for sign in text).split()
    # Something that no paper can show is something all the same.
    return " ".join(words) if words or not text.strip() else "?"


def _wrapped(lead: str, text: str, columns: int) -> list[str]:
    """Lines that hang under their lead."""
    if not text:
        return []
    spread = lead + "".join(f"{_FILLER * _is_wide(sign)}{sign}" for sign in text)
    # A wide sign may be parted from its filler at the end of a line: that column is kept free.
    width = columns - (_FILLER in spread)
    hang = " " * min(len(lead), columns // 3)
    return [line.replace(_FILLER, "") for line in wrap(spread, width, subsequent_indent=hang)]


def _is_wide(sign: str) -> bool:
    return east_asian_width(sign) in {"W", "F"}
