from datetime import datetime, timedelta

import pytest

from bridge.ingress import quotes
from bridge.ingress.promotions import NOT_IN_CART, UNKNOWN
from tests.quoting import Guest, houses, line, promotion

ONCE = promotion("WELCOME", once_per="guest")
LUNCH = promotion("LUNCH", percent=10, name="Lunch")


@pytest.fixture
def house_of():
    with houses() as build:
        yield build


@pytest.fixture
def house(house_of):
    return house_of(ONCE, LUNCH)


@pytest.fixture
def guest(house):
    return Guest(house)


def kinds(guest):
    return [each["prompt_type"] for each in guest.prompts]


def states(house):
    return [(row["checkout_id"], row["code"], row["state"]) for row in house.ledger.rows()]


async def test_a_restaurant_without_promotions_says_nothing(house_of):
    guest = Guest(house_of())
    assert await guest.check("WELCOME") == {"prompts_to_guest": [], "discounts": None}
    found = await guest.start()
    assert found == {"prompts_to_guest": [], "discounts": None, "allow_checkout": True}
    guest.finish()
    assert guest.house.ledger.posts == guest.house.ledger.reads == 0


async def test_the_guest_is_asked_for_a_code(guest):
    await guest.check()
    assert kinds(guest) == ["textinput", "applybutton"]
    assert guest.prompts[0]["heading"] == "Promo code"
    assert guest.prompts[0]["value"] == ""


async def test_the_guest_types_a_code_and_reads_what_it_takes_off(guest):
    await guest.check()
    await guest.check("welcome ")
    assert kinds(guest) == ["label", "textinput", "applybutton"]
    assert guest.told == ["Welcome: 5.00 off."]
    assert guest.off == 500


async def test_the_code_stays_with_the_checkout_when_the_platform_sends_it_no_more(guest):
    await guest.check()
    await guest.check("welcome")
    guest.prompts = []
    guest.lines = (line("a", 1194, 4), line("b", 250))
    await guest.check()
    assert (guest.told, guest.off) == (["Welcome: 5.00 off."], 500)


async def test_another_code_takes_its_place(guest):
    await guest.check()
    await guest.check("welcome")
    await guest.check("lunch")
    assert (guest.told, guest.off) == (["Lunch: 3.83 off."], 383)


async def test_a_wrong_code_says_so_and_takes_nothing_off(guest):
    await guest.check()
    await guest.check("welcome")
    await guest.check("welcom")
    assert (guest.told, guest.off) == ([UNKNOWN], 0)
    await guest.check()
    assert (guest.told, guest.off) == ([UNKNOWN], 0)


@pytest.mark.parametrize("typed", ["x" * 10**6, "\x00", "eric@example.com", "'; DROP TABLE x"])
async def test_whatever_is_typed_is_an_unknown_code_at_worst(guest, typed):
    await guest.check()
    await guest.check(typed)
    assert guest.told == [UNKNOWN]
    assert guest.house.ledger.rows() == []


async def test_only_what_stands_in_our_own_text_input_is_a_code(guest):
    await guest.check()
    guest.prompts[0]["prompt_type"] = "label"
    await guest.check("welcome")
    assert guest.told == []
    await guest.check(other_0="welcome")
    assert guest.told == []


async def test_below_the_minimum_the_discount_goes_and_comes_back(house_of):
    guest = Guest(house_of(promotion(minimum_cents=3000)), lines=(line("a", 2000),))
    await guest.check()
    await guest.check("welcome")
    assert (guest.told, guest.off) == (["Add 10.00 more to use this code."], 0)
    guest.lines += (line("b", 1000),)
    await guest.check()
    assert (guest.told, guest.off) == (["Welcome: 5.00 off."], 500)
    guest.lines = guest.lines[:1]
    await guest.check()
    assert guest.off == 0


async def test_an_empty_cart_keeps_its_code(guest):
    await guest.check()
    await guest.check("welcome")
    full, guest.lines = guest.lines, (line("free", 0),)
    await guest.check()
    assert guest.told == [NOT_IN_CART]
    guest.lines = full
    await guest.check()
    assert guest.off == 500


async def test_once_all_promotions_are_over_nobody_is_asked(house_of):
    ended = datetime(2026, 5, 1, 12)  # noqa: DTZ001  by the restaurant's clock
    guest = Guest(house_of(promotion(ends=ended)))
    await guest.check()
    assert guest.prompts == []


async def test_the_start_repeats_what_was_shown_although_time_went_by(house_of):
    house = house_of(promotion(until="12:05"))
    guest = Guest(house)
    await guest.check()
    shown = await guest.check("welcome")
    house.now += timedelta(minutes=10)
    assert await guest.start() == {**shown, "allow_checkout": True}


async def test_what_was_shown_yesterday_is_quoted_anew(house_of):
    house = house_of(promotion(until="12:05"))
    guest = Guest(house)
    await guest.check()
    await guest.check("welcome")
    house.now += timedelta(seconds=quotes.REPEATED_FOR)
    await guest.start()
    assert guest.off == 0


async def test_the_start_of_another_cart_is_quoted_anew(guest):
    await guest.check()
    await guest.check("lunch")
    guest.lines = (line("a", 1000),)
    await guest.start()
    assert guest.off == 100


async def test_the_order_of_the_lines_makes_no_other_cart(house_of):
    house = house_of(promotion(until="12:05"))
    guest = Guest(house)
    await guest.check()
    await guest.check("welcome")
    house.now += timedelta(minutes=10)
    guest.lines = guest.lines[::-1]
    await guest.start()
    assert guest.off == 500


async def test_a_start_without_a_price_check_gets_a_quote(guest):
    await guest.start()
    assert kinds(guest) == ["textinput", "applybutton"]


async def test_the_same_price_check_gets_the_same_answer_and_writes_once(guest):
    await guest.check()
    await guest.check("welcome")
    before = guest.house.ledger.posts, guest.house.ledger.reads
    first = await guest.check("welcome")
    assert all([await guest.check("welcome") == first for _ in range(200)])
    assert (guest.house.ledger.posts, guest.house.ledger.reads) == before


async def test_a_use_is_reserved_at_the_start_and_committed_at_the_finish(guest):
    await guest.check()
    await guest.check("welcome")
    assert states(guest.house) == [("c-1", "welcome", "applied")]
    await guest.start()
    assert states(guest.house) == [("c-1", "welcome", "reserved")]
    guest.finish()
    (row,) = guest.house.ledger.rows()
    assert (row["state"], row["amount_cents"]) == ("committed", 500)


async def test_who_the_guest_is_is_not_written_in_clear(guest):
    await guest.check()
    await guest.check("welcome")
    assert "eric" not in str(guest.house.ledger.rows())
