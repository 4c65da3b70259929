from datetime import timedelta

import pytest

from bridge.model import Availability, PosState
from bridge.worker.watch import Watch
from tests.engine import START, moment

NOW = moment(START)
CLOSED = Availability(state=PosState.CLOSED, reason="Mondays")
DOWN = Availability(state=PosState.DOWN, reason="out of paper")
SILENT = Availability(state=PosState.UNKNOWN, reason="cannot be asked")


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def watch():
    return Watch()


def test_before_the_first_sign_nothing_speaks_against_an_attempt(watch):
    assert watch.availability.state is PosState.UNKNOWN
    assert watch.takes_tickets
    assert not watch.proven_down


def test_one_failure_stops_attempts_but_proves_nothing(watch):
    watch.heard(Availability.up(), NOW)
    watch.failed("no route", NOW)
    assert not watch.takes_tickets
    assert not watch.proven_down
    assert (watch.availability.state, watch.reason) == (PosState.UP, "no route")


def test_three_failures_over_ten_seconds_are_proof(watch):
    for seconds in (0, 5, 10):
        watch.failed("no route", after(seconds))
    assert watch.proven_down
    assert watch.availability.state is PosState.DOWN


@pytest.mark.parametrize("moments", [(0, 1, 9), (0, 60)], ids=["too quick", "too few"])
def test_less_is_no_proof(watch, moments):
    for seconds in moments:
        watch.failed("no route", after(seconds))
    assert not watch.proven_down


def test_the_pos_says_itself_that_it_is_down(watch):
    watch.heard(DOWN, NOW)
    assert watch.proven_down
    assert not watch.takes_tickets
    assert watch.failing_since == NOW


@pytest.mark.parametrize("sign", [Availability.up(), CLOSED, SILENT])
def test_any_answer_but_down_is_a_good_sign_at_once(watch, sign):
    for seconds in (0, 5, 10):
        watch.failed("no route", after(seconds))
    watch.heard(sign, after(11))
    assert watch.takes_tickets
    assert not watch.proven_down
    assert watch.failing_since is None


def test_proof_starts_anew_after_a_good_sign(watch):
    for seconds in (0, 5):
        watch.failed("no route", after(seconds))
    watch.heard(Availability.up(), after(6))
    watch.failed("no route", after(10))
    assert not watch.proven_down


def test_a_ticket_taken_is_a_good_sign_that_keeps_what_is_sold_out(watch):
    watch.heard(Availability.up(frozenset({"ceviche"})), NOW)
    watch.failed("no route", after(1))
    watch.took_ticket(after(2))
    assert watch.takes_tickets
    assert watch.availability.sold_out == {"ceviche"}
    assert watch.availability.checked_at == after(2)


def test_failing_since_is_the_first_failure(watch):
    watch.failed("no route", NOW)
    watch.failed("no route", after(60))
    watch.heard(DOWN, after(61))
    assert watch.failing_since == NOW


def test_a_pos_that_needs_a_person_is_down(watch):
    watch.stopped("wrong password", NOW)
    assert watch.proven_down
    assert watch.reason == "wrong password"


def test_trusted_again_it_may_be_tried(watch):
    watch.stopped("wrong password", NOW)
    watch.trust()
    assert watch.takes_tickets
    assert watch.availability.state is PosState.UNKNOWN
