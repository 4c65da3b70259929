"""How long a worker was not heard, and whether that says anything of it."""

from math import inf

import pytest

from bridge.model import Availability, Pulses
from tests.wires import a_pulse

UP = a_pulse("lopez", Availability.up())


@pytest.fixture
def pulses(clock):
    return Pulses(clock)


def test_silence_begins_with_the_process(pulses, clock):
    clock.pass_time(7)

    assert (pulses.silence("lopez"), pulses.age("lopez")) == (7, inf)


def test_silence_begins_again_with_each_pulse(pulses, clock):
    clock.pass_time(7)
    pulses.put(UP)
    clock.pass_time(3)

    assert (pulses.silence("lopez"), pulses.age("lopez")) == (3, 3)
    assert pulses.silence("bistro") == 10


def test_what_could_not_be_heard_is_no_silence(pulses, clock):
    pulses.put(UP)
    clock.pass_time(170)
    pulses.hears = False
    clock.pass_time(1800)

    assert (pulses.silence("lopez"), pulses.age("lopez")) == (0, 1970)


def test_silence_begins_at_nothing_when_workers_can_be_heard_again(pulses, clock):
    pulses.put(UP)
    clock.pass_time(170)
    pulses.hears = False
    clock.pass_time(1800)
    pulses.hears = True
    assert pulses.silence("lopez") == 0
    clock.pass_time(20)
    pulses.hears = True

    assert (pulses.silence("lopez"), pulses.age("lopez")) == (20, 1990)


def test_a_worker_of_this_process_is_heard_without_a_link(pulses, clock):
    pulses.hears = False
    clock.pass_time(100)
    pulses.put(UP)
    clock.pass_time(2)

    assert pulses.age("lopez") == 2
