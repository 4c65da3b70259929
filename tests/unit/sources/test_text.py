import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sources.text import clean_id, clean_line, clean_lines

anything = st.text(st.characters(codec=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Ceviche", "Ceviche"),
        ("  two   blanks\u00a0here ", "two blanks here"),
        ("Cre\u0300me", "Crème"),
        ("\x1b@\x1bi cut", "@i cut"),
        ("a\x00b\x9bc\x7f", "abc"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("one\r\ntwo\u2028three", "one two three"),
        ("👩\u200d🍳🌶\ufe0f", "👩\u200d🍳🌶\ufe0f"),
        ("שלום", "שלום"),
        ("hot \ud83c!", "hot \ufffd!"),
        ("“quoted”", "“quoted”"),
        ("", ""),
    ],
)
def test_a_line_is_made_safe_without_losing_a_word(text, clean):
    assert clean_line(text) == clean


def test_a_text_of_accents_alone_stays_whole_and_is_composed_in_parts():
    text = "x" + "\u0316\u0301" * 60_000
    assert sorted(clean_line(text)) == sorted(text)


def test_several_lines_stay_several():
    assert clean_lines(" one\r\n\n  two\tthree\x1b \n") == "one\ntwo three"


@settings(deadline=None)
@given(anything)
def test_no_text_can_move_a_printer(text):
    for clean in (clean_line(text), clean_lines(text).replace("\n", "")):
        assert not [c for c in clean if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]


@settings(deadline=None)
@given(anything)
def test_cleaning_twice_changes_nothing(text):
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)


@pytest.mark.parametrize("text", ["bc960165-aa17", "u87d/83aj", "54-é", "e\u0301"])
def test_an_id_is_kept_as_it_is(text):
    assert clean_id(f" {text}\n") == text


def test_ids_that_cannot_be_shown_stay_different():
    assert clean_id("a\x00b") != clean_id("a\x01b")
    assert clean_id("a\ud800").isprintable()
