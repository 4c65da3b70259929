from decimal import Decimal

import pytest

from bridge.model import Cart, CartLine
from bridge.testing.codes import Code


def a_cart(*prices):
    lines = tuple(
        CartLine(id=str(number), menu_item_id="x", name="X", quantity=1, price_cents=price)
        for number, price in enumerate(prices)
    )
    return Cart(source="bbot", restaurant="n", checkout_id="c", lines=lines)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("HAPPY", Code(word="HAPPY")),
        ("HAPPY=12.5%", Code(word="HAPPY", percent=Decimal("12.5"))),
        ("TEN OFF=300", Code(word="TEN OFF", cents=300)),
        ("ONCE=300/guest", Code(word="ONCE", cents=300, is_once=True)),
        ("ONCE=5%/guest", Code(word="ONCE", percent=Decimal(5), is_once=True)),
    ],
)
def test_a_code_is_read_with_its_effect(text, code):
    assert Code.read(text) == code


@pytest.mark.parametrize(
    "text", ["", "=300", "A=", "A=3.00", "A=-5", "A=5%/table", "A=300/guest/x"]
)
def test_what_cannot_be_read_is_told_with_the_ways_to_write_it(text):
    with pytest.raises(ValueError, match="write CODE, CODE=300"):
        Code.read(text)


@pytest.mark.parametrize(
    ("effect", "prices", "cents"),
    [
        ("12.5%", (1000,), 125),
        ("12.5%", (4,), 1),
        ("12.5%", (3,), 0),
        ("100%", (333, 1), 334),
        ("300", (500,), 300),
        ("300", (100, 50), 150),
        ("300", (), 0),
    ],
)
def test_it_takes_off_what_it_says_and_never_more_than_there_is(effect, prices, cents):
    assert Code.read(f"X={effect}").worth(a_cart(*prices)) == cents


def test_of_a_code_without_effect_nobody_knows_what_it_is_worth():
    assert not Code.read("X").is_known
    assert Code.read("X=1").is_known
    assert Code.read("X=1%").is_known
