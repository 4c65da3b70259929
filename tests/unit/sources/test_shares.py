import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import Cart, CartLine
from bridge.sources.shares import ceiling, limits, spread


def line(own_id, price, quantity=1):
    return CartLine(id=own_id, menu_item_id="m", name="n", quantity=quantity, price_cents=price)


def cart(*lines, pretax=None):
    total = sum(each.total_cents for each in lines)
    return Cart(
        source="bbot",
        restaurant="r",
        checkout_id="c",
        lines=lines,
        pretax_cents=total if pretax is None else pretax,
    )


def parts(amount, chosen):
    return {share.line_id: share.amount_cents for share in spread(amount, chosen)}


prices = st.dictionaries(st.text(max_size=3), st.integers(1, 10**6), min_size=1, max_size=12)


@given(prices, st.data())
def test_shares_add_up_and_never_exceed_their_line(chosen, data):
    amount = data.draw(st.integers(1, sum(chosen.values())))
    found = parts(amount, chosen)
    assert sum(found.values()) == amount
    assert all(0 < cents <= chosen[line_id] for line_id, cents in found.items())


@given(prices, st.data())
def test_no_share_is_a_cent_away_from_its_part(chosen, data):
    amount, whole = data.draw(st.integers(1, sum(chosen.values()))), sum(chosen.values())
    found = parts(amount, chosen)
    assert all(abs(found.get(one, 0) * whole - amount * chosen[one]) < whole for one in chosen)


@given(prices, st.data())
def test_the_order_of_the_lines_changes_no_share(chosen, data):
    amount = data.draw(st.integers(1, sum(chosen.values())))
    shuffled = dict(data.draw(st.permutations(list(chosen.items()))))
    assert parts(amount, shuffled) == parts(amount, chosen)


@pytest.mark.parametrize(
    ("amount", "chosen", "shares"),
    [
        (100, {"a": 1000}, {"a": 100}),
        (100, {"a": 100, "b": 100, "c": 100}, {"a": 34, "b": 33, "c": 33}),
        (100, {"c": 100, "b": 100, "a": 100}, {"c": 33, "b": 33, "a": 34}),
        (1, {"a": 100, "b": 300}, {"b": 1}),
        (10, {"a": 1, "b": 9999}, {"b": 10}),
        (300, {"a": 100, "b": 200}, {"a": 100, "b": 200}),
        (299, {"a": 100, "b": 200}, {"a": 100, "b": 199}),
    ],
)
def test_the_cents_that_are_left_go_to_the_largest_remainders(amount, chosen, shares):
    assert parts(amount, chosen) == shares


@pytest.mark.parametrize("amount", [0, -1, 101])
def test_an_amount_that_does_not_fit_is_no_question(amount):
    with pytest.raises(ValueError, match="above 0 and at most"):
        spread(amount, {"a": 100})


@pytest.mark.parametrize(
    "odd",
    [
        line("", 100),
        line("\ud800", 100),
        line("free", 0),
        line("negative", -100),
        line("none", 100, quantity=0),
        line("twisted", -100, quantity=-1),
    ],
)
def test_a_line_that_cannot_carry_a_discount_is_left_out(odd):
    assert limits(cart(odd, line("good", 250, quantity=2))) == {"good": 500}


def test_lines_of_one_id_are_left_out():
    assert limits(cart(line("a", 100), line("a", 900), line("b", 50))) == {"b": 50}


def test_no_more_is_taken_off_than_the_platform_says_the_cart_costs():
    lines = (line("a", 300), line("b", 200))
    assert ceiling(cart(*lines), {"a": 300}) == 300
    assert ceiling(cart(*lines, pretax=120), {"a": 300, "b": 200}) == 120
    assert ceiling(cart(*lines, pretax=-1), {"a": 300}) == 0


def test_prices_beyond_what_json_keeps_exact_are_capped():
    found = cart(line("a", 2**62), line("b", 2**62))
    assert ceiling(found, limits(found)) == 2**53 - 1
