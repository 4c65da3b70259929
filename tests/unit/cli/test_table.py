import pytest

from bridge.cli.table import layout, plain, width

HEAD = ("NAME", "CAUSE")


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("abc", 3),
        ("寿司", 4),
        ("🍣", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("ｶ", 1),
        ("\uff21", 2),
    ],
)
def test_a_text_has_the_cells_that_a_terminal_gives_it(text, cells):
    assert width(text) == cells


@pytest.mark.parametrize("name", ["a", "寿司", "e\u0301e\u0301", "🍣🍣", "a long name"])
def test_the_next_column_begins_at_the_same_cell_in_every_line(name):
    head, line, other = layout(HEAD, [(name, "late"), ("other", "late")], [20])

    start = width(head[: head.index("CAUSE")])
    assert [width(each[: each.index("late")]) for each in (line, other)] == [start, start]


def test_the_head_stands_above_even_where_nothing_is_below():
    assert layout(HEAD, [], [20]) == ["NAME  CAUSE"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("123456", "123456"), ("1234567", "12345…"), ("寿司寿司", "寿司…"), ("ab寿司寿", "ab寿…")],
)
def test_a_long_name_is_cut_with_a_mark(name, shown):
    _head, line = layout(HEAD, [(name, "late")], [6])

    assert line.split()[0] == shown


def test_the_last_column_is_never_cut():
    _head, line = layout(HEAD, [("a", "x" * 300)], [6])

    assert line.endswith("x" * 300)


@pytest.mark.parametrize("text", ["a\nb", "a\x1bb", "a\u202eb", "a\ud800b", "a\tb"])
def test_nothing_in_a_text_breaks_the_line_or_commands_the_terminal(text):
    assert plain(text) == "a b"
