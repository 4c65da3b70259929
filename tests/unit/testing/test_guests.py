from dataclasses import replace
from itertools import islice

import pytest

from bridge.testing.codes import Code
from bridge.testing.guests import EVENING, LAST, REFUNDS, Act, Mix, arrive, only_orders
from tests.evening import NOW, QUIET


def guests(number, mix=EVENING, *, restaurants=("north", "south"), codes=("WELCOME",)):
    found = arrive(1, restaurants, mix, lambda: NOW, tuple(map(Code.read, codes)))
    return [guest for guest, _chance in islice(found, number)]


def share(found):
    found = list(found)
    return sum(map(bool, found)) / len(found)


def test_the_shares_of_an_evening_are_those_of_its_mix():
    found = guests(2000, replace(EVENING, again=0))
    assert share(guest.failures for guest in found) == pytest.approx(EVENING.failures, abs=0.02)
    assert share(guest.typed for guest in found) == pytest.approx(EVENING.codes, abs=0.03)
    assert share(guest.is_later for guest in found) == pytest.approx(EVENING.laters, abs=0.02)
    pairs = share(len(guest.orders) == 2 for guest in found)
    assert pairs == pytest.approx(EVENING.pairs, abs=0.02)


def test_a_guest_of_a_quiet_evening_pays_and_is_left_alone():
    for guest in guests(50, QUIET):
        assert guest.pays
        assert (guest.failures, guest.acts) == (0, ((),))


def test_only_guests_who_fail_may_leave_without_paying():
    assert all(guest.pays or guest.failures for guest in guests(500, Mix(failures=0.5)))


def test_nothing_happens_to_an_order_of_which_nothing_is_left():
    for guest in guests(500, Mix(endings=0.5, edits=0.5, laters=0.3)):
        for acts in guest.acts:
            after = [act for place, act in enumerate(acts) if set(acts[:place]) & set(LAST)]
            assert set(after) <= {Act.UNSNOOZE, Act.HURRY}


def test_an_order_for_later_is_woken_before_anybody_begins_with_it():
    for guest in guests(300, Mix(laters=1)):
        for acts in guest.acts:
            woken = min(acts.index(act) for act in (Act.UNSNOOZE, Act.HURRY) if act in acts)
            assert Act.ACCEPT not in acts[:woken]


def test_a_fee_is_refunded_only_where_there_is_one():
    for guest in guests(300, Mix(refunds=1, fees=0.5)):
        for order, acts in zip(guest.orders, guest.acts, strict=True):
            assert order.totals.fee_cents or Act.REFUND_FEE not in acts
            assert set(acts) & {*REFUNDS}


def test_with_the_hooks_of_orders_alone_guests_pay_and_are_edited():
    acts = {act for guest in guests(200, only_orders(1.0)) for each in guest.acts for act in each}
    assert acts == {Act.MOVE, Act.NOTE, Act.MORE, Act.FEWER, Act.DUE}
