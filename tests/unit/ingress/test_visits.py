"""What is remembered of checkouts is bounded, whatever they hold."""

from dataclasses import replace

import pytest

from bridge.ingress.visits import Visits, basket_of
from bridge.model import Cart
from tests.quoting import line


@pytest.fixture
def dropped():
    return []


@pytest.fixture
def visits(dropped):
    return Visits(drop=dropped.append, capacity=3, room=100)


def known(visits, number=9):
    return [n for n in range(number) if visits.find("r", str(n))]


def test_the_newest_checkouts_are_remembered(visits, dropped):
    for number in range(5):
        visits.open("r", str(number))
    assert (known(visits), len(dropped)) == ([2, 3, 4], 2)


def test_one_that_is_heard_of_again_is_new_again(visits):
    for number in (0, 1, 2, 0, 3):
        visits.open("r", str(number))
    assert known(visits) == [0, 2, 3]


def test_big_carts_leave_room_for_fewer(visits, dropped):
    for number in range(3):
        visits.open("r", str(number), lines=45)
    assert (known(visits), len(dropped)) == ([1, 2], 1)
    visits.open("r", "2", lines=56)
    assert known(visits) == [2]
    visits.open("r", "2", lines=1)
    visits.open("r", "3", lines=99)
    assert known(visits) == [2, 3]


def test_one_that_was_forgotten_and_is_kept_again_counts_once(visits):
    first = visits.open("r", "0", lines=60)
    visits.open("r", "1", lines=60)
    for _ in range(3):
        visits.keep("r", "0", first)
    assert known(visits) == [0]
    visits.open("r", "2", lines=40)
    assert known(visits) == [0, 2]


def test_without_an_id_nothing_is_remembered(visits):
    assert visits.open("r", "", lines=10_000) is not visits.open("r", "", lines=10_000)
    visits.open("r", "0", lines=100)
    assert known(visits) == [0]


def test_what_is_kept_of_a_basket_is_small_and_tells_baskets_apart():
    cart = Cart(source="bbot", restaurant="r", checkout_id="c", lines=(line("a", 1), line("b", 2)))
    assert basket_of(cart) == basket_of(replace(cart, lines=cart.lines[::-1], guest_id="g"))
    others = [
        replace(cart, lines=cart.lines[:1]),
        replace(cart, lines=(line("a", -1), line("b", 2))),
        replace(cart, pretax_cents=1),
        replace(cart, fulfilment_code="x"),
    ]
    assert len({basket_of(each) for each in (cart, *others)}) == 5
    assert len(basket_of(replace(cart, lines=(line("a", 1),) * 5000))) == 32
