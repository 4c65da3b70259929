"""The time in which the kit itself stood still."""

import pytest

from tests.proof.stall import Hunger, Stalls


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


@pytest.fixture
def proc(tmp_path):
    def waited(**threads):
        for name, seconds in threads.items():
            place = tmp_path / "7" / "task" / name
            place.mkdir(parents=True, exist_ok=True)
            (place / "schedstat").write_text(f"12345 {int(seconds * 1e9)} 3\n")

    waited.hunger = Hunger(lambda: 7, tmp_path)
    return waited


def test_a_process_is_as_hungry_as_the_thread_that_waited_longest(proc):
    proc(one=1.0, two=5.0)
    proc.hunger.take()

    proc(one=1.5, two=5.25)

    assert proc.hunger.take() == 0.5
    assert proc.hunger.take() == 0.0


def test_who_is_not_there_waits_for_nothing(proc):
    assert proc.hunger.take() == 0.0


def test_time_in_which_the_bridge_had_no_processor_is_lost_too(stalls):
    stalls.note(12.0, 0.001, 0.01)

    assert stalls.within(11.5, 13.0) == pytest.approx(0.01)


def test_both_at_the_same_time_count_once(stalls):
    stalls.note(12.0, 0.5, 0.3)

    assert stalls.within(11.5, 13.0) == 0.5
