"""Columns for a terminal, which align whatever is in them."""

import unicodedata
from collections.abc import Sequence

GAP = "  "
CUT = "…"


def layout(head: Sequence[str], rows: Sequence[Sequence[str]], widest: Sequence[int]) -> list[str]:
    """One line for the head and for each row; the last column is neither filled nor cut.

    `widest` has the cells that each of the other columns may take: a longer text is cut.
    """
    table = [_fit(row, widest) for row in (head, *rows)]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    return [GAP.join(map(fill, row, [*widths[:-1], 0])).rstrip() for row in table]


def width(text: str) -> int:
    """The cells that it takes: one of the Far East or an emoji two, an added accent none."""
    return sum(map(_cells, text))


def cut(text: str, widest: int) -> str:
    """The text, or its beginning with a mark that there is more."""
    if width(text) <= widest:
        return text
    end = len(text)
    while end and width(text[:end]) > widest - width(CUT):
        end -= 1
    return text[:end] + CUT


def fill(text: str, wanted: int) -> str:
    return text + " " * (wanted - width(text))


def plain(text: str) -> str:
    """On one line, and with nothing in it that a terminal would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _fit(row: Sequence[str], widest: Sequence[int]) -> list[str]:
    *cells, last = map(plain, row)
    return [*map(cut, cells, widest), last]


def _cells(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1
