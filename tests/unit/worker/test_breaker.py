"""How many tickets a POS may get at once."""

import pytest

from bridge.worker.breaker import LONGEST_REST, MOST_BAD, SHORTEST_REST, WINDOW, Breaker


@pytest.fixture
def breaker():
    return Breaker(8, random=lambda: 0.5)


def fail(breaker, times=MOST_BAD, now=0.0):
    for _ in range(times):
        breaker.went_wrong(now)


def test_all_that_the_pos_takes_while_all_is_well(breaker):
    assert breaker.limit(0.0) == 8
    fail(breaker, MOST_BAD - 1)
    assert breaker.limit(0.0) == 8


def test_too_many_that_nobody_knows_of_make_it_rest(breaker):
    fail(breaker)

    assert breaker.limit(0.0) == 0
    assert SHORTEST_REST <= breaker.rests_until <= 2 * SHORTEST_REST


def test_few_over_a_long_time_do_not(breaker):
    for number in range(9):
        breaker.went_well(number * WINDOW)
        breaker.went_wrong(number * WINDOW)

    assert breaker.limit(9 * WINDOW) == 8


def test_half_of_the_last_ones_are_too_many_however_slow(breaker):
    for number in range(10):
        breaker.went_well(number * 100.0)
        breaker.went_wrong(number * 100.0)

    assert breaker.limit(900.0) == 0


def test_after_its_rest_a_single_one_tells(breaker):
    fail(breaker)
    now = breaker.rests_until
    assert breaker.limit(now) == 1

    breaker.went_wrong(now)
    assert breaker.limit(now) == 0
    assert breaker.rests_until > now + SHORTEST_REST


def test_each_that_goes_well_lets_twice_as_many_go(breaker):
    fail(breaker)
    now = breaker.rests_until
    limits = []
    for _ in range(4):
        limits.append(breaker.limit(now))
        breaker.went_well(now)

    assert limits == [1, 2, 4, 8]


def test_it_rests_longer_each_time_up_to_a_minute(breaker):
    now, rests = 0.0, []
    fail(breaker)
    for _ in range(6):
        rests.append(breaker.rests_until - now)
        now = breaker.rests_until
        breaker.went_wrong(now)

    assert rests == sorted(rests)
    assert rests[-1] <= LONGEST_REST
    assert rests[-1] > LONGEST_REST / 2


def test_the_pos_itself_may_ask_for_a_rest(breaker):
    breaker.rest(30.0)
    breaker.rest(10.0)

    assert (breaker.limit(29.0), breaker.limit(30.0)) == (0, 8)


def test_a_clock_that_was_set_back_ends_its_rest(breaker):
    breaker.rest(90_000.0)

    assert (breaker.limit(100.0), breaker.limit(89_999.0)) == (8, 0)


def test_who_was_away_begins_with_a_single_one(breaker):
    breaker.start_slowly()

    assert breaker.limit(0.0) == 1
