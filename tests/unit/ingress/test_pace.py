"""How fast what waited goes out."""

import pytest

from bridge.ingress.pace import FRESH_FOR, IDLE, STEP, Allowance, Pace, choose, refill
from tests.engine import RESTAURANT, START, Clock, an_order, placed

SINCE = START


def event(number, received):
    order = an_order(order_id=f"o{number}", checkout=f"c{number}")
    return placed(order, received=received)


def stale(*numbers):
    return [event(number, SINCE - 60) for number in numbers]


def fresh(*numbers):
    return [event(number, SINCE + 1) for number in numbers]


@pytest.fixture
def monotonic():
    return Clock(at=0.0)


@pytest.fixture
def pace(monotonic):
    return Pace({RESTAURANT: 4.0}, now=lambda: SINCE + FRESH_FOR, clock=monotonic)


def test_an_allowance_grows_with_time_and_never_beyond_a_second():
    empty = Allowance(number=0.0, at=0.0)

    assert refill(empty, 20.0, 0.5).number == 10.0
    assert refill(empty, 20.0, 60.0).number == 20.0
    assert refill(empty, 20.0, -1.0).number == 0.0


def test_the_fresh_go_and_of_the_stale_as_many_as_are_allowed():
    new, old = fresh(1, 2), stale(3, 4, 5)
    chosen, spent = choose([*old, *new], SINCE, {RESTAURANT: 2})

    assert chosen == [*old[:2], *new]
    assert spent == {RESTAURANT: 2}


def test_a_restaurant_of_which_nothing_is_known_sends_what_is_fresh():
    assert choose([*stale(1), *fresh(2)], SINCE, {})[1] == {}


def test_what_was_let_out_counts_until_time_has_passed(pace, monotonic):
    assert len(pace.admit(stale(*range(9)))) == 4
    assert pace.admit(stale(9)) == []

    monotonic.pass_time(0.25)
    assert len(pace.admit(stale(9, 10))) == 1


def test_what_is_fresh_counts_nothing(pace):
    assert len(pace.admit(fresh(*range(9)))) == 9
    assert pace.rest == IDLE


def test_while_something_drains_the_next_is_looked_for_soon(pace, monotonic):
    pace.admit(stale(1, 2))
    assert pace.rest == STEP

    monotonic.pass_time(0.5)
    assert pace.rest == IDLE
