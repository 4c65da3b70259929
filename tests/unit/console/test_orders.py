import pytest

from bridge.console.orders import read_page
from bridge.console.problem import Refusal

NOW = 1_800_000_000.0


def test_without_a_word_the_last_day_is_meant():
    page = read_page({}, NOW)
    assert (page.since, page.before, page.restaurant, page.state) == (NOW - 86400, None, "", "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000.5", 1_700_000_000.5),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
        ("2023-11-14T23:13:20 01:00", 1_700_000_000.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        ("2023-11-14", 1_699_920_000.0),
    ],
)
def test_since_is_seconds_or_an_iso_time(text, seconds):
    assert read_page({"since": text}, NOW).since == seconds


def test_the_cursor_of_a_page_is_taken_as_it_was_given():
    assert read_page({"before": "1700000000.123"}, NOW).before == 1_700_000_000.123


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("since", "nan"),
        ("since", "2023-13-01"),
        ("before", "inf"),
        ("state", "lost"),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "-1"),
        ("limit", "²"),
    ],
)
def test_a_bad_parameter_is_named(name, value):
    with pytest.raises(Refusal) as caught:
        read_page({name: value}, NOW)
    assert (caught.value.status, caught.value.more) == (400, {"parameter": name})
    assert caught.value.detail.startswith(f"{name}: found {value!r}; allowed: ")


def test_the_nearest_state_is_named():
    with pytest.raises(Refusal) as caught:
        read_page({"state": "waitin"}, NOW)

    assert caught.value.detail.endswith('archived, blocked; did you mean "waiting"?')
