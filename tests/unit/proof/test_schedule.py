"""What is done to the bridge is enough, spread, and the same for the same seed."""

from collections import Counter

import pytest

from tests.proof.plan import SHORT, Targets
from tests.proof.rig.schedule import KILL, LONGEST, POS, STOP, TROUBLES, schedule

PLACES = ["lopez", "garcia"]
SECONDS = 60.0


@pytest.fixture
def storm():
    return schedule(1, SECONDS, SHORT.targets, PLACES)


def in_time(injections):
    return [injection for injection in injections if injection.at < SECONDS]


def test_the_same_seed_does_the_same(storm):
    assert schedule(1, SECONDS, SHORT.targets, PLACES) == storm
    assert schedule(2, SECONDS, SHORT.targets, PLACES) != storm


def test_there_is_enough_within_the_time(storm):
    counts = Counter(injection.what for injection in in_time(storm))

    assert counts[KILL] > SHORT.targets.kills
    assert counts[STOP] > 0
    assert counts.total() > SHORT.targets.injections


def test_it_goes_on_in_case_the_run_takes_longer(storm):
    assert storm[-1].at == pytest.approx(SECONDS * LONGEST, rel=0.1)
    assert len(storm) > len(in_time(storm))


def test_it_is_told_in_the_order_of_its_times(storm):
    times = [injection.at for injection in storm]

    assert times == sorted(times)


def test_no_pos_is_spared_and_nothing_that_a_pos_may_do_is_left_out(storm):
    troubles = [injection for injection in storm if injection.what == POS]

    assert {injection.on for injection in troubles} == set(PLACES)
    assert {injection.trouble for injection in troubles} == set(TROUBLES)


def test_what_is_done_to_the_daemon_is_on_no_restaurant(storm):
    assert {injection.on for injection in storm if injection.what != POS} == {""}


def test_each_trouble_lasts_as_long_as_such_a_trouble_may(storm):
    for injection in storm:
        least, most = TROUBLES.get(injection.trouble, (0.0, 4.0))
        assert least <= injection.seconds <= most


def test_without_targets_hardly_anything_is_done():
    nothing = Targets(orders=0, injections=0, kills=0, seeds=0)

    assert [each.what for each in in_time(schedule(1, SECONDS, nothing, PLACES))] == [STOP]
