from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config import Restaurant
from bridge.config.promotion import Promotion
from bridge.ingress.promotions import (
    NOT_IN_CART,
    NOT_NOW,
    NOT_THIS_WAY,
    NOT_TODAY,
    NOT_YET,
    OVER,
    UNKNOWN,
    USED,
    Offers,
    decide,
    part_of,
)
from bridge.model import Cart, CartLine

# A Friday; noon in Vienna.
NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)


def offers(*promotions, timezone="Europe/Vienna"):
    restaurant = Restaurant(
        id="grill", name="Grill", timezone=timezone, adapter="board", promotions=promotions
    )
    return Offers.of(restaurant)


def promotion(**fields):
    amount = {} if "percent" in fields else {"amount_cents": 500}
    return Promotion(**{"code": "WELCOME", "name": "Welcome", **amount, **fields})


def line(own_id, price, quantity=1, **more):
    fields = {"menu_item_id": f"m-{own_id}", "name": "n", **more}
    return CartLine(id=own_id, quantity=quantity, price_cents=price, **fields)


def cart(*lines, **fields):
    lines = lines or (line("a", 1000), line("b", 500, 2))
    total = sum(each.total_cents for each in lines)
    facts = {"source": "bbot", "restaurant": "grill", "checkout_id": "c", "pretax_cents": total}
    return Cart(lines=lines, **{**facts, **fields})


def decided(given_cart=None, now=NOW, timezone="Europe/Vienna", *, is_used=False, **fields):
    found = promotion(**fields)
    at = offers(found, timezone=timezone)
    return decide(found, at, given_cart or cart(), now, is_used=is_used)


def local(*moment):
    """A moment by the restaurant's clock, as the file has it."""
    return datetime(*moment)  # noqa: DTZ001


def parts(decision):
    return {share.line_id: share.amount_cents for share in decision.discount.shares}


def test_an_amount_is_spread_over_the_cart():
    found = decided()
    assert found.text == "Welcome: 5.00 off."
    assert (found.discount.name, found.discount.amount_cents) == ("Welcome", 500)
    assert parts(found) == {"a": 250, "b": 250}


def test_a_code_nobody_knows_is_said_so():
    assert decide(None, offers(), cart(), NOW).text == UNKNOWN


@pytest.mark.parametrize("typed", ["welcome", " WelCome ", "\uff37elcome"])
def test_a_code_is_found_however_it_is_written(typed):
    assert offers(promotion()).find(typed) == promotion()


@pytest.mark.parametrize(
    ("fields", "now", "text"),
    [
        ({"starts": local(2026, 5, 1, 12)}, NOW, ""),
        ({"starts": local(2026, 5, 1, 12, 1)}, NOW, NOT_YET),
        ({"ends": local(2026, 5, 1, 12)}, NOW, OVER),
        ({"ends": local(2026, 5, 1, 12, 1)}, NOW, ""),
        ({"ends": datetime(2026, 5, 1, 10, tzinfo=UTC)}, NOW, OVER),
        ({"weekdays": ["fri"]}, NOW, ""),
        ({"weekdays": ["thu", "sat"]}, NOW, NOT_TODAY),
        ({"from": "12:00", "until": "13:00"}, NOW, ""),
        ({"from": "11:00", "until": "12:00"}, NOW, NOT_NOW),
        ({"from": "12:01"}, NOW, NOT_NOW),
        ({"from": "12:00"}, NOW, ""),
        ({"until": "12:00"}, NOW, NOT_NOW),
        ({"until": "00:00"}, NOW, ""),
        ({"from": "22:00", "until": "02:00"}, NOW, NOT_NOW),
    ],
)
def test_it_counts_in_its_time_only(fields, now, text):
    found = decided(now=now, **fields)
    assert (found.text if text else "") == text
    assert (found.discount is None) is bool(text)


@pytest.mark.parametrize(
    ("hour", "day", "text"),
    [(21, 1, NOT_NOW), (22, 1, ""), (0, 2, ""), (1, 2, ""), (2, 2, NOT_TODAY), (22, 2, NOT_TODAY)],
)
def test_a_night_belongs_to_the_day_on_which_it_began(hour, day, text):
    fields = {"weekdays": ["fri"], "from": "22:00", "until": "02:00"}
    found = decided(now=datetime(2026, 5, day, hour, tzinfo=UTC), timezone="UTC", **fields)
    assert (found.discount is None) is bool(text)
    assert not text or found.text == text


def test_the_hour_that_comes_twice_in_autumn_is_no_riddle():
    # In Vienna 02:30 comes twice on this day; the file means the first one.
    fields = {"ends": local(2026, 10, 25, 2, 30)}
    assert decided(now=datetime(2026, 10, 25, 0, 29, tzinfo=UTC), **fields).discount
    assert decided(now=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), **fields).text == OVER
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert decided(now=second, **fields).text == OVER
    assert decided(now=second.astimezone(ZoneInfo("Europe/Vienna")), **fields).text == OVER


@pytest.mark.parametrize(
    ("total", "text"), [(1650, "Add 3.50 more to use this code."), (1999, "Add 0.01 more")]
)
def test_below_its_minimum_the_guest_reads_how_much_is_missing(total, text):
    found = decided(cart(line("a", total)), minimum_cents=2000)
    assert found.text.startswith(text)
    assert found.discount is None


def test_from_its_minimum_on_it_applies():
    assert decided(cart(line("a", 2000)), minimum_cents=2000).discount


def test_it_is_only_for_the_ways_it_names():
    assert decided(fulfilment=["patron_pickup"]).text == NOT_THIS_WAY
    pickup = cart(fulfilment_code="patron_pickup")
    assert decided(pickup, fulfilment=["catering", "patron_pickup"]).discount


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"items": ["m-a"]}, {"a": 500}),
        ({"tags": ["Drinks"]}, {"b": 500}),
        ({"items": ["m-a"], "tags": ["drinks"]}, {"a": 200, "b": 300}),
    ],
)
def test_it_is_only_for_the_dishes_it_names(fields, found):
    basket = cart(line("a", 1000), line("b", 1500, tags=("drinks",)), line("c", 5000))
    assert parts(decided(basket, **fields)) == found


@pytest.mark.parametrize("fields", [{"items": ["x"]}, {"tags": ["x"]}])
def test_with_none_of_its_dishes_in_the_cart_it_says_so(fields):
    assert decided(**fields).text == NOT_IN_CART


def test_an_empty_cart_has_nothing_for_it():
    empty = Cart(source="bbot", restaurant="grill", checkout_id="c")
    assert decided(empty).text == NOT_IN_CART


def test_it_is_never_more_than_its_dishes_cost():
    basket = cart(line("a", 300), line("b", 5000))
    found = decided(basket, items=["m-a"])
    assert parts(found) == {"a": 300}
    assert found.text == "Welcome: 3.00 off."


def test_what_was_used_is_said_so():
    assert decided(is_used=True).text == USED


def test_that_it_is_over_is_said_before_that_it_was_used():
    assert decided(is_used=True, ends=local(2026, 1, 1)).text == OVER


@pytest.mark.parametrize(
    ("price", "percent", "cents"),
    [
        (1000, "12.5", 125),
        (4, "12.5", 1),
        (3, "12.5", 0),
        (12, "12.5", 2),
        (100, "0.5", 1),
        (1015, "10", 102),
        (3, "100", 3),
        (10**15, "0.0001", 10**9),
        (9007199254740991, "33.3333", 3002396749180579),
    ],
)
def test_half_a_cent_is_rounded_up(price, percent, cents):
    assert part_of(price, Decimal(percent)) == cents


@given(st.integers(0, 10**12), st.decimals("0.0001", "100", places=4))
def test_a_percentage_is_what_decimal_arithmetic_says(price, percent):
    exact = (Decimal(price) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert part_of(price, percent) == exact


@pytest.mark.parametrize(
    ("lines", "stated", "percent", "cents"),
    [
        ([1000, -500], 500, 50, 250),
        ([1000, -500], 500, 100, 500),
        ([1000, -1500], -500, 50, None),
        ([1000], 700, 10, 70),
        ([1000], 3000, 10, 100),
    ],
)
def test_a_percentage_of_all_is_of_what_the_cart_costs(lines, stated, percent, cents):
    given_cart = cart(*(line(str(n), price) for n, price in enumerate(lines)), pretax_cents=stated)
    found = decided(given_cart, percent=percent)
    assert (found.discount and found.discount.amount_cents) == cents


def test_a_percentage_of_some_dishes_is_of_what_those_cost():
    lines = line("a", 1000, tags=("x",)), line("b", -500), line("c", 300)
    assert decided(cart(*lines), percent=50, tags=["x"]).discount.amount_cents == 500


baskets = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 5), st.booleans()), min_size=1, max_size=8
)


@given(baskets, st.one_of(st.integers(1, 20000), st.decimals("0.0001", "100", places=2)))
def test_what_is_taken_off_adds_up_and_fits_the_lines(basket, worth):
    lines = [
        line(str(place), price, quantity, tags=("x",) if is_tagged else ())
        for place, (price, quantity, is_tagged) in enumerate(basket)
    ]
    kind = "percent" if isinstance(worth, Decimal) else "amount_cents"
    if worth:
        found = decided(cart(*lines), tags=["x"], **{"amount_cents": None, kind: worth})
        open_lines = {each.id: each.total_cents for each in lines if each.tags}
        if found.discount:
            assert sum(parts(found).values()) == found.discount.amount_cents > 0
            assert all(0 < cents <= open_lines[own] for own, cents in parts(found).items())
        else:
            assert found.text == NOT_IN_CART


def test_a_restaurant_is_open_for_codes_until_the_last_one_is_over():
    over, lasting = promotion(ends=local(2026, 1, 1)), promotion(code="B", ends=local(2027, 1, 1))
    assert not offers().are_open(NOW)
    assert not offers(over).are_open(NOW)
    assert offers(over, lasting).are_open(NOW)


@given(st.times(), st.one_of(st.none(), st.times()), st.one_of(st.none(), st.times()))
def test_the_hours_of_a_day_are_what_a_clock_says(clock, begins, ends):
    clock, begins, ends = (
        each and each.replace(microsecond=0, fold=0) for each in (clock, begins, ends)
    )
    if begins is not None and begins == ends:
        return
    fields = {"from": begins, "until": ends}
    now = datetime.combine(NOW.date(), clock, UTC)
    on = decided(now=now, timezone="UTC", **fields).discount is not None
    start, end = begins or time(), ends or time()
    assert on == (start <= clock < end if start < end else clock >= start or clock < end)
