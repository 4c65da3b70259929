"""Who may have a code, and how often: over checkouts, cancels, restarts and trouble."""

import asyncio
from datetime import timedelta

import pytest

from bridge.ingress import quotes
from bridge.ingress.promotions import UNCHECKED, USED
from bridge.ledger import promotions
from bridge.ledger.promotions import MAY_GO_ON_FOR, RESERVED_FOR, UseState
from tests.quoting import GRILL, Guest, House, SlowLedger, houses, promotion

ONCE = promotion("WELCOME", once_per="guest")
LUNCH = promotion("LUNCH", percent=10, name="Lunch")


@pytest.fixture
def house_of():
    with houses() as build:
        yield build


@pytest.fixture
def house(house_of):
    return house_of(ONCE, LUNCH)


def states(house):
    return [(row["checkout_id"], row["code"], row["state"]) for row in house.ledger.rows()]


async def with_code(house, checkout_id, code="welcome", **fields):
    guest = Guest(house, checkout_id=checkout_id, **fields)
    await guest.check()
    await guest.check(code)
    return guest


async def test_once_per_guest_is_once_in_all_checkouts(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    assert (first.off, second.off) == (500, 500)
    await first.start()
    await second.start()
    assert (first.off, second.off) == (500, 0)
    assert second.told == [USED]


async def test_a_cancel_gives_it_back(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start()
    first.cancel()
    await second.start()
    assert second.off == 500
    await first.start("a-2")
    assert first.told == [USED]


async def test_after_a_cancel_the_next_attempt_has_the_code_still(house):
    guest = await with_code(house, "c-1")
    await guest.start("a-1")
    guest.cancel()
    await guest.start("a-2")
    guest.finish()
    assert guest.off == 500
    assert states(house) == [("c-1", "welcome", "committed")]


async def test_time_gives_it_back(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start()
    house.now += timedelta(seconds=RESERVED_FOR)
    await second.start()
    assert second.off == 500


async def test_a_finish_after_its_time_counts_if_nobody_else_has_it(house):
    guest = await with_code(house, "c-1")
    await guest.start()
    house.now += timedelta(seconds=RESERVED_FOR)
    guest.finish()
    assert (await with_code(house, "c-2")).told == [USED]
    assert states(house)[0] == ("c-1", "welcome", "committed")


async def test_a_finish_after_somebody_else_has_it_does_not_count(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start()
    first.cancel()
    await second.start()
    first.finish()
    second.finish()
    assert states(house) == [("c-1", "welcome", "released"), ("c-2", "welcome", "committed")]


async def test_what_was_paid_is_used_in_its_own_checkout_too(house):
    guest = await with_code(house, "c-1")
    await guest.start()
    guest.finish()
    await guest.check()
    assert guest.told == [USED]
    await guest.start()
    assert guest.off == 0


async def test_a_code_without_limit_is_had_again(house):
    guest = await with_code(house, "c-1", "lunch")
    await guest.start()
    guest.finish()
    await guest.start("a-2")
    assert guest.off == 383
    assert (await with_code(house, "c-2", "lunch")).off == 383


async def test_a_guest_nobody_knows_has_it_once_per_checkout(house):
    first = await with_code(house, "c-1", guest_id="")
    await first.start()
    first.finish()
    await first.check()
    assert first.told == [USED]
    assert (await with_code(house, "c-2", guest_id="")).off == 500


async def test_a_cancel_that_may_be_of_an_earlier_attempt_takes_nothing_at_once(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start("a-1")
    first.cancel()
    await first.start("a-2")
    first.cancel()
    await second.start()
    assert (first.off, second.off) == (500, 0)
    first.finish()
    assert ("c-1", "welcome", "committed") in states(house)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_one_of_several_attempts_held_is_soon_free_after_a_cancel(house, is_restarted):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start("a-1")
    await first.start("a-2")
    first.cancel()
    if is_restarted:
        house.restart()
    house.now += timedelta(seconds=MAY_GO_ON_FOR)
    await second.check("welcome")
    await second.start()
    assert second.off == 500


async def test_a_start_that_is_repeated_is_the_same_attempt(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start("a-1")
    await first.start("a-1")
    first.cancel()
    await second.start()
    assert second.off == 500


async def test_a_start_without_the_code_gives_it_back(house):
    guest = await with_code(house, "c-1")
    await guest.start()
    await guest.check("nonsense")
    await guest.start("a-2")
    guest.finish()
    assert (await with_code(house, "c-2")).off == 500
    assert ("c-1", "welcome", "applied") in states(house)


async def test_the_finish_of_an_attempt_commits_what_that_attempt_had(house):
    guest = await with_code(house, "c-1")
    await guest.start()
    await guest.check("lunch")
    guest.finish()
    assert ("c-1", "welcome", "committed") in states(house)


async def test_many_starts_at_once_make_one_use(house):
    guests = [await with_code(house, f"c-{number}") for number in range(20)]
    await asyncio.gather(*(guest.start() for guest in guests))
    assert sorted(guest.off for guest in guests) == [0] * 19 + [500]


async def test_a_restart_forgets_nothing_that_matters(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2", "lunch")
    third = await with_code(house, "c-3")
    await first.start()
    house.restart()
    await house.quotes.load()
    for guest in (first, second, third):
        guest.prompts = []
        await guest.check()
    assert [guest.off for guest in (first, second, third)] == [500, 383, 0]
    first.finish()
    assert ("c-1", "welcome", "committed") in states(house)


async def test_a_finish_after_a_restart_is_of_what_was_started_with(house):
    guest = await with_code(house, "c-1")
    await guest.start()
    await guest.check("lunch")
    house.restart()
    await house.quotes.load()
    assert (await with_code(house, "c-2")).told == [USED]
    guest.finish()
    house.now += timedelta(seconds=RESERVED_FOR)
    assert (await with_code(house, "c-3")).told == [USED]


async def test_with_a_ledger_on_disk_it_is_the_same(ledger):
    house = House(promotions=(ONCE,), ledger=ledger)
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    await first.start()
    house.restart()
    await house.quotes.load()
    await second.start()
    assert (first.off, second.off, second.told) == (500, 0, [USED])
    first.finish()
    (use,) = await ledger.read(
        lambda tx: promotions.list_uses(tx, GRILL, "welcome", checkout_id="c-1")
    )
    assert use.state is UseState.COMMITTED


async def test_a_code_that_was_given_up_is_not_there_again_after_a_restart(house):
    guest = await with_code(house, "c-1")
    await guest.check("made up")
    house.restart()
    await house.quotes.load()
    guest.prompts = []
    await guest.check()
    assert (guest.told, guest.off) == ([], 0)
    assert "made up" not in str(house.ledger.rows())


async def test_checkouts_that_were_forgotten_still_end_well(house, monkeypatch):
    monkeypatch.setattr(house.quotes._visits, "_capacity", 1)
    first = await with_code(house, "c-1")
    await first.start()
    second = await with_code(house, "c-2", guest_id="other")
    first.finish()
    assert ("c-1", "welcome", "committed") in states(house)
    house.now += timedelta(seconds=RESERVED_FOR)
    assert (await with_code(house, "c-3")).told == [USED]
    assert len(house.quotes._visits._visits) == 1
    assert second.off == 500


async def test_a_checkout_that_is_forgotten_while_it_starts_ends_well(house_of, monkeypatch):
    house = house_of(ONCE)
    house.ledger = SlowLedger()
    house.restart()
    monkeypatch.setattr(house.quotes._visits, "_capacity", 1)
    guest = Guest(house)
    await guest.check()
    answer = house.ledger.hold_next()
    start = asyncio.create_task(guest.start(typed="welcome"))
    await asyncio.sleep(0)
    await Guest(house, checkout_id="c-2").check()
    answer.set()
    await start
    guest.finish()
    house.now += timedelta(seconds=RESERVED_FOR)
    assert guest.off == 500
    assert (await with_code(house, "c-3")).told == [USED]


async def test_a_code_that_is_typed_during_a_start_is_not_mixed_up_with_the_first_one(house_of):
    house = house_of(ONCE, LUNCH)
    house.ledger = SlowLedger()
    house.restart()
    guest = Guest(house)
    await guest.check()
    for_check, for_start = house.ledger.hold_next(), house.ledger.hold_next()
    late = asyncio.create_task(guest.check("welcome"))
    await asyncio.sleep(0)
    start = asyncio.create_task(guest.start())
    await asyncio.sleep(0)
    await guest.check("lunch")
    for_start.set()
    await start
    assert guest.off == 500
    for_check.set()
    await late
    found = {row["code"]: (row["state"], row["amount_cents"]) for row in house.ledger.rows()}
    assert found == {"welcome": ("reserved", 500), "lunch": ("applied", 0)}


async def test_a_cart_without_a_checkout_leaves_nothing_behind(house):
    guest = await with_code(house, "", "lunch")
    assert guest.off == 383
    await guest.start()
    guest.finish()
    guest.cancel()
    assert (await with_code(house, "")).told == [UNCHECKED]
    assert house.ledger.rows() == []
    guest.prompts = []
    await guest.check()
    assert guest.told == []


async def test_a_ledger_that_is_down_costs_the_limited_codes_only(house):
    house.ledger.down = True
    limited, unlimited = await with_code(house, "c-1"), await with_code(house, "c-2", "lunch")
    assert (limited.told, limited.off, unlimited.off) == ([UNCHECKED], 0, 383)
    assert house.troubles["uses_not_known"] == 1
    house.ledger.catch_up()
    await limited.check()
    assert limited.off == 500


async def test_a_ledger_that_went_down_does_not_undo_a_reservation(house):
    first, second = await with_code(house, "c-1"), await with_code(house, "c-2")
    house.ledger.down = True
    await first.start()
    await second.start()
    assert (first.off, second.off) == (500, 0)


async def test_a_ledger_that_is_down_at_the_beginning_is_told_of(house):
    house.ledger.down = True
    await house.quotes.load()
    assert house.troubles == {"uses_not_loaded": 1}


async def test_a_ledger_that_never_answers_is_not_waited_for(house, monkeypatch):
    async def never(_job):
        await asyncio.Event().wait()

    monkeypatch.setattr(house.ledger, "read", never)
    monkeypatch.setattr("bridge.ingress.register.LOOK_UP", 0.0)
    assert (await with_code(house, "c-1")).told == [UNCHECKED]


async def test_a_bug_of_ours_is_an_empty_quote(house, monkeypatch):
    monkeypatch.setattr(quotes, "decide", None)
    guest = await with_code(house, "c-1")
    assert guest.answer == {"prompts_to_guest": [], "discounts": None}
    assert house.troubles == {"quote_failed": 1}


async def test_a_post_that_fails_is_the_ledgers_trouble(house, monkeypatch):
    def fail(_job):
        raise RuntimeError("no")

    monkeypatch.setattr(house.ledger, "post", fail)
    guest = await with_code(house, "c-1")
    await guest.start()
    guest.cancel()
    guest.finish()
    assert guest.off == 500
    assert house.troubles["use_not_posted"] == 5
