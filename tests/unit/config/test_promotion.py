import re
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from bridge.config import Config, Restaurant, describe
from bridge.config.description import allowed, default
from bridge.config.kinds import fields_of
from bridge.config.promotion import Promotion, fold

GRILL = 'id = "grill"\nname = "Grill"\ntimezone = "Europe/Vienna"\nadapter = "board"\n'
README = (Path(__file__).parents[3] / "config" / "README.md").read_text("utf-8")


def written(*tables):
    heads = '[[promotions]]\ncode = "A"\nname = "N"\n'
    return GRILL + "".join(f"{heads}{table}\n" for table in tables)


@pytest.fixture
def problem(folder):
    """The only problem with one promotion, as key below it and whole line."""

    def check(table):
        folder.restaurant(written(table))
        (found,) = folder.check()
        return found.key.removeprefix("promotions.0."), str(found)

    return check


def test_a_promotion_is_read_as_it_is_written(folder):
    folder.restaurant(
        written(
            "percent = 12.5\nminimum_cents = 2000\nstarts = 2026-05-01T17:00:00\n"
            'ends = 2026-06-01T00:00:00\nweekdays = ["fri", "sat"]\nfrom = "22:00"\n'
            'until = 02:00:00\nonce_per = "guest"\nitems = ["x"]\ntags = ["y"]\n'
            'fulfilment = ["patron_pickup"]'
        )
    )
    ((found,),) = (restaurant.promotions for restaurant in folder.read().restaurants)
    assert (found.percent, found.amount_cents, found.minimum_cents) == (Decimal("12.5"), None, 2000)
    times = [moment.isoformat() for moment in (found.starts, found.ends)]
    assert times == ["2026-05-01T17:00:00", "2026-06-01T00:00:00"]
    assert (found.daily_from, found.daily_until) == (time(22), time(2))
    assert (found.weekdays, found.once_per) == (("fri", "sat"), "guest")
    assert (found.items, found.tags, found.fulfilment) == (("x",), ("y",), ("patron_pickup",))


@pytest.mark.parametrize("text", ["0.1", "12.5", "33.3333", "100", "0.0001", "99.99"])
def test_a_percentage_stays_what_was_written(folder, text):
    folder.restaurant(written(f"percent = {text}"))
    ((found,),) = (restaurant.promotions for restaurant in folder.read().restaurants)
    assert found.percent == Decimal(text)


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ("", "percent", "nothing, and it is required"),
        ("amount_cents = 5\npercent = 5", "percent", "amount_cents is there as well"),
        ("percent = 0", "percent", "above 0 and at most 100"),
        ("percent = 100.01", "percent", "above 0 and at most 100"),
        ("percent = nan", "percent", "above 0 and at most 100"),
        ("percent = true", "percent", "found true"),
        ('percent = "5"', "percent", 'found "5"'),
        ("percent = 1.00001", "percent", "at most 4 decimals"),
        ("amount_cents = 0", "amount_cents", "whole cents, 1 to"),
        ("amount_cents = 5.0", "amount_cents", "found 5.0"),
        ("amount_cents = true", "amount_cents", "found true"),
        ("amount_cents = 10000001", "amount_cents", "1 to 10000000"),
        ("percent = 5\nminimum_cents = -1", "minimum_cents", "0 to 10000000"),
        ("percent = 5\nstarts = 2026-01-01", "starts", "a date with a time"),
        ('percent = 5\nends = "2026-01-01T00:00:00"', "ends", "a date with a time"),
        ("percent = 5\nstarts = 2026-01-02T00:00:00\nends = 2026-01-02T00:00:00", "ends", "later"),
        (
            "percent = 5\nstarts = 2026-01-02T00:00:00Z\nends = 2026-01-03T00:00:00",
            "ends",
            "both with an offset",
        ),
        ('percent = 5\nweekdays = ["Mon"]', "weekdays.0", '"mon" "tue"'),
        ('percent = 5\nweekdays = ["mon", "mon"]', "weekdays", "more than once: mon"),
        ("percent = 5\nfrom = 17", "from", "a time of day"),
        ('percent = 5\nfrom = "5pm"', "from", "a time of day"),
        ('percent = 5\nuntil = "24:00"', "until", "a time of day"),
        ('percent = 5\nfrom = "17:00"\nuntil = 17:00:00', "until", "the same as from"),
        ('percent = 5\nonce_per = "gest"', "once_per", 'did you mean "guest"?'),
        ('percent = 5\nitems = [""]', "items.0", "texts of 1 to 255"),
        ('percent = 5\ntags = ["a", "a"]', "tags", "more than once: a"),
        ('percent = 5\nfulfilment = ["driver-delivery"]', "fulfilment.0", "driver_delivery"),
        ('percent = 5\nuntill = "19:00"', "untill", 'did you mean "until"?'),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(problem, table, key, said):
    found = problem(table)
    assert found[0] == key
    assert said in found[1]


@pytest.mark.parametrize("code", ['""', '"  "', '"a\\tb"', '"' + "x" * 65 + '"', "5"])
def test_a_code_is_something_to_type(folder, code):
    folder.restaurant(f'{GRILL}[[promotions]]\ncode = {code}\nname = "N"\npercent = 5\n')
    (found,) = folder.check()
    assert found.key == "promotions.0.code"


def test_two_promotions_with_the_same_code_are_an_error(folder):
    folder.restaurant(written("percent = 5", "amount_cents = 5").replace('"A"', '" \uff41 "', 1))
    (found,) = folder.check()
    assert (found.key, found.hint) == ("promotions", 'entries 0 and 1 both have the code "A"')


def test_every_wrong_promotion_is_told_at_once(folder):
    folder.restaurant(written("percent = 500", "", "amount_cents = 0"))
    assert [found.key for found in folder.check()] == [
        "promotions.0.percent",
        "promotions.1.percent",
        "promotions.2.amount_cents",
    ]


@pytest.mark.parametrize(
    "typed",
    ["Happy Hour", "  happy   hour ", "HAPPY\u00a0HOUR", "\uff48\uff41\uff50\uff50\uff59 hour"],
)
def test_a_code_is_the_same_however_it_is_typed(typed):
    assert fold(typed) == fold("HAPPY HOUR")


@pytest.mark.parametrize(("one", "other"), [("HAPPYHOUR", "HAPPY HOUR"), ("0", "O"), ("é", "e")])
def test_codes_that_only_look_alike_are_two(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize("typed", ["Straße", "\u1e9e", "İ", "ﬁ", "\u0390", "\u01c5"])
def test_folding_twice_is_folding_once(typed):
    assert fold(fold(typed)) == fold(typed)


def test_a_promotion_can_be_built_in_code():
    assert Promotion(code="a", name="n", percent=0.1).percent == Decimal("0.1")
    with pytest.raises(ValidationError, match="amount_cents"):
        Promotion(code="a", name="n")


def test_promotions_are_described_for_the_log():
    grill = Restaurant(
        id="grill",
        name="Grill",
        timezone="Europe/Vienna",
        adapter="board",
        promotions=(Promotion(code="A", name="N", amount_cents=5),),
    )
    (shown,) = describe(Config(restaurants=(grill,)))["restaurants"]
    assert shown["promotions"][0]["amount_cents"] == 5


@pytest.mark.parametrize(("name", "info"), fields_of(Promotion).items())
def test_every_setting_of_a_promotion_is_in_the_guide(name, info):
    (row,) = re.findall(
        rf"^\| `{name}` \|.*\| {re.escape(info.description)} \|$", README, re.MULTILINE
    )
    assert info.title
    assert allowed(info) in row
    assert default(info) in row


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MOM'S", "mom\u2019s"),
        ("MOM'S", "Mom\u2018s"),
        ("HAPPY-10", "happy\u201310"),
        ("HAPPY-10", "happy\u201410"),
        ("HAPPY-10", "happy\u201110"),
    ],
)
def test_what_a_phone_makes_of_a_sign_is_the_same_sign(one, other):
    assert fold(one) == fold(other)
