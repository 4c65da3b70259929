from dataclasses import replace

import pytest

from bridge.ledger import promotions
from bridge.ledger.promotions import KEPT_FOR, MAY_GO_ON_FOR, RESERVED_FOR, Use, UseState

START = 1_700_000_000.0
USE = Use(restaurant="grill", checkout_id="c-1", code="welcome", guest="g-1", amount_cents=500)
OTHER = replace(USE, checkout_id="c-2")
ONCE = ["welcome"]


def at(seconds, use=USE, **more):
    return replace(use, at=START + seconds, **more)


@pytest.fixture
def write(ledger):
    async def run(function, *args, **kwargs):
        return await ledger.write(lambda tx: function(tx, *args, **kwargs))

    return run


@pytest.fixture
def states(ledger):
    async def read():
        rows = await ledger.read(
            lambda tx: tx.execute(
                "SELECT checkout_id, code, state FROM promotion_use ORDER BY checkout_id, code"
            ).fetchall()
        )
        return [tuple(row) for row in rows]

    return read


@pytest.fixture
def counted(write):
    async def read(use=USE):
        found = await write(promotions.list_uses, use.restaurant, use.code, guest=use.guest)
        return [(each.checkout_id, each.state) for each in found]

    return read


async def test_a_code_that_was_only_typed_does_not_count(write, counted, states):
    await write(promotions.remember, at(0))
    assert await counted() == []
    assert await states() == [("c-1", "welcome", "applied")]


async def test_what_a_checkout_starts_with_counts_until_it_is_given_back(write, counted):
    await write(promotions.remember, at(0))
    await write(promotions.reserve, at(1))
    assert await counted() == [("c-1", UseState.RESERVED)]
    await write(promotions.release, "grill", "c-1", START + 2)
    assert await counted() == []


async def test_what_was_paid_with_it_counts_for_ever(write, counted):
    await write(promotions.reserve, at(0))
    assert await write(promotions.commit, "grill", "c-1", START + 1, once_per_guest=ONCE)
    await write(promotions.release, "grill", "c-1", START + 2)
    await write(promotions.tidy, START + 10 * KEPT_FOR)
    assert await counted() == [("c-1", UseState.COMMITTED)]


async def test_uses_are_told_apart_by_restaurant_code_and_guest(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.reserve, at(0, restaurant="cafe", checkout_id="c-2"))
    await write(promotions.reserve, at(0, code="lunch", checkout_id="c-3"))
    await write(promotions.reserve, at(0, guest="g-2", checkout_id="c-4"))
    assert await counted() == [("c-1", UseState.RESERVED)]


async def test_a_code_counts_once_in_its_own_checkout(write):
    await write(promotions.reserve, at(0, guest=""))
    (found,) = await write(promotions.list_uses, "grill", "welcome", checkout_id="c-1")
    assert found == at(0, guest="", state=UseState.RESERVED)


async def test_a_reservation_ends_with_its_time(write, counted):
    await write(promotions.reserve, at(0))
    assert await write(promotions.expire, START + RESERVED_FOR - 1) == 0
    assert await write(promotions.expire, START + RESERVED_FOR) == 1
    assert await counted() == []


async def test_whoever_comes_after_that_time_sets_it_free(write, states):
    await write(promotions.reserve, at(0))
    await write(promotions.reserve, at(RESERVED_FOR, OTHER))
    assert await states() == [("c-1", "welcome", "released"), ("c-2", "welcome", "reserved")]


async def test_a_new_start_begins_the_time_again(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.reserve, at(60))
    await write(promotions.expire, START + RESERVED_FOR)
    assert await counted() == [("c-1", UseState.RESERVED)]


async def test_a_checkout_that_starts_with_another_code_gives_the_first_one_back(write, states):
    await write(promotions.reserve, at(0))
    await write(promotions.reserve, at(1, code="lunch"))
    assert await states() == [("c-1", "lunch", "reserved"), ("c-1", "welcome", "applied")]


async def test_a_checkout_that_starts_without_its_code_cannot_commit_it(write, states):
    await write(promotions.reserve, at(0))
    await write(promotions.withdraw, at(1))
    await write(promotions.commit, "grill", "c-1", START + 2)
    assert await states() == [("c-1", "welcome", "applied")]


@pytest.mark.parametrize("seconds", [1, RESERVED_FOR + 1])
async def test_a_finish_that_comes_late_still_commits(write, counted, seconds):
    await write(promotions.reserve, at(0))
    if seconds == 1:
        await write(promotions.release, "grill", "c-1", START + 1)
    done = await write(promotions.commit, "grill", "c-1", START + seconds, once_per_guest=ONCE)
    assert done
    assert await counted() == [("c-1", UseState.COMMITTED)]


async def test_a_finish_that_comes_too_late_commits_nothing(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.release, "grill", "c-1", START + 1)
    await write(promotions.reserve, at(2, OTHER))
    assert not await write(promotions.commit, "grill", "c-1", START + 3, once_per_guest=ONCE)
    assert await counted() == [("c-2", UseState.RESERVED)]


async def test_a_reservation_whose_time_is_over_is_in_nobodys_way(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.release, "grill", "c-1", START + 1)
    await write(promotions.reserve, at(2, OTHER))
    later = START + 2 + RESERVED_FOR
    assert await write(promotions.commit, "grill", "c-1", later, once_per_guest=ONCE)
    assert await counted() == [("c-1", UseState.COMMITTED)]


async def test_of_a_code_without_limit_every_use_is_committed(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.reserve, at(0, OTHER))
    assert await write(promotions.commit, "grill", "c-1", START + 1)
    assert await write(promotions.commit, "grill", "c-2", START + 1)
    assert [state for _checkout, state in await counted()] == [UseState.COMMITTED] * 2


async def test_a_guest_nobody_knows_is_nobody_elses(write):
    await write(promotions.reserve, at(0, guest=""))
    await write(promotions.reserve, at(0, OTHER, guest=""))
    assert await write(promotions.commit, "grill", "c-1", START + 1, once_per_guest=ONCE)
    assert await write(promotions.commit, "grill", "c-2", START + 1, once_per_guest=ONCE)


async def test_a_second_finish_changes_nothing(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.commit, "grill", "c-1", START + 1)
    assert await write(promotions.commit, "grill", "c-1", START + 2)
    assert await counted() == [("c-1", UseState.COMMITTED)]


async def test_a_finish_of_a_checkout_without_a_code_is_nothing(write, states):
    assert await write(promotions.commit, "grill", "c-1", START)
    assert await states() == []


async def test_a_start_after_the_finish_takes_nothing_back(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.commit, "grill", "c-1", START + 1)
    await write(promotions.reserve, at(2))
    assert await counted() == [("c-1", UseState.COMMITTED)]


async def test_what_is_reserved_stays_so_while_another_code_is_typed(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.remember, at(1, code="lunch"))
    await write(promotions.remember, at(2))
    assert await counted() == [("c-1", UseState.RESERVED)]


async def test_the_newest_code_of_a_checkout_comes_last_also_if_the_clock_stood_still(write):
    for code in ("welcome", "lunch", "", "welcome"):
        await write(promotions.remember, at(0, code=code))
    found = await write(promotions.list_recent, START, 10)
    assert [use.code for use in found] == ["lunch", "", "welcome"]


@pytest.mark.parametrize("known_by", ["guest", "email", "phone"])
async def test_a_guest_is_found_by_each_thing_that_is_known(write, counted, known_by):
    await write(promotions.reserve, at(0, guest="a", email="b", phone="c"))
    digest = {"guest": "a", "email": "b", "phone": "c"}[known_by]
    assert await counted(replace(USE, guest=digest)) == [("c-1", UseState.RESERVED)]
    assert await counted(replace(USE, guest="d")) == []


@pytest.mark.parametrize("other", [{"guest": "mail"}, {"email": "mail"}, {"phone": "mail"}])
async def test_a_late_finish_commits_nothing_that_the_same_person_has_elsewhere(write, other):
    await write(promotions.reserve, at(0, guest="s-1", email="mail"))
    await write(promotions.release, "grill", "c-1", START + 1)
    await write(promotions.reserve, at(2, OTHER, **{"guest": "s-2", **other}))
    assert not await write(promotions.commit, "grill", "c-1", START + 3, once_per_guest=ONCE)


async def test_a_reservation_that_is_hurried_ends_soon_and_not_at_once(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.hurry, "grill", "c-1", START + 10)
    await write(promotions.expire, START + 10 + MAY_GO_ON_FOR - 1)
    assert len(await counted()) == 1
    await write(promotions.expire, START + 10 + MAY_GO_ON_FOR)
    assert await counted() == []


async def test_a_reservation_is_never_made_longer_by_hurry(write, counted):
    await write(promotions.reserve, at(0))
    await write(promotions.hurry, "grill", "c-1", START + RESERVED_FOR - 1)
    await write(promotions.expire, START + RESERVED_FOR)
    assert await counted() == []


async def test_only_what_is_recent_is_listed_and_no_more_than_asked_for(write):
    for second in range(5):
        await write(promotions.remember, at(second, checkout_id=f"c-{second}"))
    found = await write(promotions.list_recent, START + 1, 3)
    assert [use.checkout_id for use in found] == ["c-2", "c-3", "c-4"]


async def test_what_never_counted_is_forgotten_after_a_month(write, states):
    await write(promotions.remember, at(0))
    await write(promotions.reserve, at(0, OTHER))
    await write(promotions.tidy, START + KEPT_FOR - 1)
    assert len(await states()) == 2
    await write(promotions.tidy, START + KEPT_FOR)
    assert await states() == []


@pytest.mark.parametrize(
    ("job", "index"),
    [
        (lambda tx: promotions.list_uses(tx, "r", "c", guest="g"), "promotion_use_guest"),
        (lambda tx: promotions.list_uses(tx, "r", "c", guest="g"), "promotion_use_email"),
        (lambda tx: promotions.list_uses(tx, "r", "c", guest="g"), "promotion_use_phone"),
        (
            lambda tx: promotions.hurry(tx, "r", "x", START),
            "PRIMARY KEY (restaurant=? AND checkout_id=?)",
        ),
        (
            lambda tx: promotions.list_uses(tx, "r", "c", checkout_id="x"),
            "PRIMARY KEY (restaurant=? AND checkout_id=? AND code=?)",
        ),
        (lambda tx: promotions.list_recent(tx, START, 1), "promotion_use_typed"),
        (lambda tx: promotions.expire(tx, START), "promotion_use_reserved"),
        (lambda tx: promotions.withdraw(tx, USE), "PRIMARY KEY (restaurant=? AND checkout_id=?"),
    ],
)
async def test_no_step_goes_through_all_uses(ledger, job, index):
    class Explaining:
        def __init__(self, tx):
            self.tx, self.plans = tx, []

        def execute(self, sql, parameters):
            plan = self.tx.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
            self.plans += [row["detail"] for row in plan]
            return self.tx.execute(sql, parameters)

    def explain(tx):
        explaining = Explaining(tx)
        job(explaining)
        return explaining.plans

    plans = await ledger.read(explain)
    assert any(index in plan for plan in plans)
    assert not any(plan.startswith("SCAN promotion_use") for plan in plans)
