import json

import pytest

from bridge.sources.bbot import DecodeError
from bridge.sources.bbot.document import MAX_DEPTH, MAX_ENTRIES, Room, compact, parse


def refusal(text):
    with pytest.raises(DecodeError) as caught:
        parse(text)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("text", "fault", "place"),
    [
        ('{"a": 1,}', "comma stands before a closing bracket", "line 1, column 9"),
        ("[1,\n ]", "comma stands before a closing bracket", "line 2, column 2"),
        ('{"a": None}', "Python word None", "line 1, column 7"),
        ('{"a":\n True}', "Python word True", "line 2, column 2"),
        ('{"a": “b”}', "typographic quotation mark (U+201C)", "line 1, column 7"),
        ("{'a': 1}", "single quotation marks", "line 1, column 2"),
        ('{"a": 1', "ends in the middle", "line 1, column 8"),
        ('{"a": "\\x"}', "invalid \\escape", "line 1, column 8"),
        ('{"a": "\x1b"}', "invalid control character", "line 1, column 8"),
        ('{"a": 1} 2', "extra data", "line 1, column 10"),
        ('{"NaN": "NaN",\n"a": NaN}', "NaN is not a number", "line 2, column 6"),
        ('{"a": -Infinity}', "-Infinity is not a number", "line 1, column 7"),
    ],
)
def test_a_fault_is_named_with_its_place(text, fault, place):
    error = refusal(text)
    assert error.code == "bad_json"
    assert fault in error.detail
    assert place in error.detail


def test_a_fault_inside_a_value_never_shows_the_value():
    assert "Wang" not in refusal('{"guest_name": "Wang}').detail


def test_an_endless_number_is_refused():
    assert refusal("[" + "9" * 5000 + "]").code == "bad_json"


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "a": 3}}]'])
def test_a_key_given_twice_is_refused_and_named(text):
    error = refusal(text)
    assert error.code == "duplicate_key"
    assert '"a"' in error.detail


def test_the_named_key_cannot_move_a_terminal():
    assert "\x1b" not in refusal('{"\\u001b[2J": 1, "\\u001b[2J": 1}').detail


def test_thirty_two_levels_are_read():
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deeper_documents_are_refused(depth, opening):
    closing = "]" if opening == "[" else "}"
    assert refusal(opening * depth + "1" + closing * depth).code == "too_deep"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_documents_without_an_end_are_refused(opening):
    assert refusal(opening * 100_000).code in {"too_deep", "bad_json"}


@pytest.mark.parametrize("entry", ["1", "{}", '"a"', '{"a": 1, "b": 2, "c": 3}'])
def test_as_many_entries_are_read_as_anybody_needs_and_no_more(entry):
    most = MAX_ENTRIES - 1
    assert len(parse("[" + ",".join([entry] * most) + "]")) == most
    assert refusal("[" + ",".join([entry] * (most + 1)) + "]").code == "too_many"


def test_entries_count_on_every_level_and_under_every_key():
    branch = '{"a": [1, 2], "b": {"c": []}}'
    number = MAX_ENTRIES // 6
    assert refusal("[" + ",".join([branch] * number) + "]").code == "too_many"
    assert parse("[" + ",".join([branch] * (number - 1)) + "]")


def test_plain_values_of_an_object_are_no_entries():
    assert parse(json.dumps({str(number): number for number in range(MAX_ENTRIES * 2)}))


def test_texts_of_one_call_share_what_entries_there_may_be():
    room = Room()
    half = "[" + ",".join(["1"] * (MAX_ENTRIES // 2)) + "]"
    assert parse(half, "one", room)
    with pytest.raises(DecodeError) as caught:
        parse(half, "another", room)
    assert caught.value.code == "too_many"
    assert "another has more than" in caught.value.detail


def test_once_there_were_too_many_no_further_text_is_read():
    room = Room()
    with pytest.raises(DecodeError):
        parse("[" + ",".join(["1"] * MAX_ENTRIES) + "]", "one", room)
    with pytest.raises(DecodeError) as caught:
        parse("no JSON at all", "another", room)
    assert caught.value.code == "too_many"


def test_whole_numbers_beyond_64_bits_stay_exact():
    assert parse("[18446744073709551617]") == [18446744073709551617]


def test_a_value_is_shown_compactly_in_its_own_letters():
    value = {"a": ["é", None, 1.5]}
    assert compact(value) == '{"a":["é",null,1.5]}'
    assert json.loads(compact(value)) == value
