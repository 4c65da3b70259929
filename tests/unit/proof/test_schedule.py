"""What is done to the bridge is enough, spread, and the same for the same seed."""

from collections import Counter, defaultdict

import pytest

from tests.proof.plan import LONG, SHORT, Targets
from tests.proof.rig.rabbit import Rabbit
from tests.proof.rig.schedule import (
    BROKER,
    BROKER_TROUBLES,
    BROKER_WIRE,
    DISK,
    KILL,
    LONGEST,
    POS,
    POS_WIRE,
    PROXY,
    STOP,
    TROUBLES,
    plan_box,
    plan_split,
    schedule,
)
from tests.proof.rig.wires import trouble_of

PLACES = ["lopez", "garcia"]
SECONDS = 60.0


@pytest.fixture
def box():
    return schedule(1, SECONDS, plan_box(SHORT.targets, PLACES))


@pytest.fixture
def split():
    return schedule(1, LONG.storm, a_split())


def a_split(**more):
    usual = {"wired": PLACES[:1], "seconds": LONG.storm, "has_small_disk": True}
    return plan_split(LONG.targets, PLACES, **usual | more)


def in_time(injections, seconds=SECONDS):
    return [injection for injection in injections if injection.at < seconds]


def done_to(injections):
    found = defaultdict(set)
    for injection in injections:
        found[injection.on].add(injection.what)
    return dict(found)


def test_the_same_seed_does_the_same(box):
    assert schedule(1, SECONDS, plan_box(SHORT.targets, PLACES)) == box
    assert schedule(2, SECONDS, plan_box(SHORT.targets, PLACES)) != box


def test_there_is_enough_within_the_time(box):
    counts = Counter(injection.what for injection in in_time(box))

    assert counts[KILL] > SHORT.targets.kills
    assert counts[STOP] > 0
    assert counts.total() > SHORT.targets.injections


def test_there_is_enough_for_a_split_site_too(split):
    counts = Counter(injection.what for injection in in_time(split, LONG.storm))

    assert counts[KILL] > LONG.targets.kills
    assert counts.total() > LONG.targets.injections


def test_it_goes_on_in_case_the_run_takes_longer(box):
    assert box[-1].at == pytest.approx(SECONDS * LONGEST, rel=0.1)
    assert len(box) > len(in_time(box))


def test_it_is_told_in_the_order_of_its_times(split):
    times = [injection.at for injection in split]

    assert times == sorted(times)


def test_no_pos_is_spared_and_nothing_that_a_pos_may_do_is_left_out(box):
    troubles = [injection for injection in box if injection.what == POS]

    assert {injection.on for injection in troubles} == {"pos.lopez", "pos.garcia"}
    assert {injection.trouble for injection in troubles} == set(TROUBLES)


def test_a_box_is_only_killed_and_stopped(box):
    assert done_to(box) == {"": {KILL, STOP}, "pos.lopez": {POS}, "pos.garcia": {POS}}


def test_everything_is_done_to_a_split_site(split):
    assert done_to(split) == {
        "ingress": {KILL, STOP, DISK},
        "worker": {KILL, STOP, DISK},
        "wire.ingress": {PROXY},
        "wire.worker": {PROXY},
        "broker": {BROKER},
        "pos.lopez": {POS, PROXY},
        "pos.garcia": {POS},
    }


def test_where_no_small_disk_can_be_made_none_is_filled():
    injections = schedule(1, LONG.storm, a_split(has_small_disk=False))

    assert DISK not in {injection.what for injection in injections}


@pytest.mark.parametrize(
    ("on", "troubles"), [("broker", BROKER_TROUBLES), ("wire.worker", BROKER_WIRE)]
)
def test_nothing_that_may_become_of_a_broker_is_left_out(on, troubles, split):
    assert {each.trouble for each in split if each.on == on} == set(troubles)


def test_each_trouble_of_a_wire_can_be_made(split):
    on_wires = [each for each in split if each.what == PROXY]

    assert {each.trouble for each in on_wires} == set(BROKER_WIRE) | set(POS_WIRE)
    assert all(trouble_of(each).met == 0 for each in on_wires)


def test_each_trouble_of_a_broker_can_be_made():
    assert Rabbit(None, PLACES, 1).troubles == set(BROKER_TROUBLES)


def test_each_trouble_lasts_as_long_as_such_a_trouble_may(box):
    for injection in box:
        least, most = TROUBLES.get(injection.trouble, (0.0, 4.0))
        assert least <= injection.seconds <= most


def test_without_targets_hardly_anything_is_done():
    nothing = Targets(orders=0, injections=0, kills=0, seeds=0)

    found = schedule(1, SECONDS, plan_box(nothing, PLACES))

    assert [each.what for each in in_time(found)] == [STOP]
