"""The time in which the kit itself stood still."""

import pytest

from tests.proof.stall import Stalls


@pytest.fixture
def stalls():
    found = Stalls()
    found.note(10.0, 0.5)
    found.note(11.0, 0.25)
    return found


def test_only_what_was_within_a_time_counts(stalls):
    assert stalls.within(9.0, 12.0) == 0.75
    assert stalls.within(10.5, 12.0) == 0.25
    assert stalls.within(11.5, 12.0) == 0.0


def test_it_is_never_more_than_the_time_itself(stalls):
    assert stalls.within(9.9, 10.1) == pytest.approx(0.2)


def test_a_tick_in_time_is_no_stall(stalls):
    stalls.note(12.0, 0.001)

    assert stalls.within(11.5, 13.0) == 0.0
    assert stalls.longest == 0.5


def test_without_any_there_is_none():
    assert Stalls().within(0.0, 9.0) == 0.0
    assert Stalls().longest == 0.0
