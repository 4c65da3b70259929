import asyncio
from contextlib import AsyncExitStack

import pytest

from bridge.ingress.crowd import EACH, NEWS_OF_EACH, Crowd, Rank, Seats
from tests.wires import settle

LONG = 60.0
ORDER, NEWS, QUOTE = Rank
SEATS = Seats(each=3, all=5, news_of_each=2, news_of_all=4)


class Calls:
    """Calls that sit until they are told to leave."""

    def __init__(self, crowd):
        self.crowd = crowd
        self.seated = []
        self.tasks = {}
        self.exits = {}

    async def sit(self, name, restaurant="lopez", rank=ORDER, patience=LONG):
        """Come, and be seated if there is a seat; else wait."""
        self.exits[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._sit(name, restaurant, rank, patience))
        await settle()

    async def _sit(self, name, restaurant, rank, patience):
        async with self.crowd.seat(restaurant, rank, patience) as has_seat:
            if has_seat:
                self.seated.append(name)
                await self.exits[name].wait()
        return has_seat

    async def leave(self, name):
        self.exits[name].set()
        return await self.tasks[name]

    async def give_up(self, name):
        self.tasks[name].cancel()
        await asyncio.wait({self.tasks[name]})


@pytest.fixture
async def calls():
    calls = Calls(Crowd(SEATS))
    yield calls
    for task in calls.tasks.values():
        task.cancel()
    await asyncio.gather(*calls.tasks.values(), return_exceptions=True)
    assert (calls.crowd.seated, calls.crowd.waiting) == (0, 0)


async def test_a_restaurant_has_its_seats_and_no_more(calls):
    for name in "abcd":
        await calls.sit(name)

    assert (calls.seated, calls.crowd.waiting) == (["a", "b", "c"], 1)


async def test_the_calls_of_one_restaurant_keep_no_seat_from_another(calls):
    for number in range(50):
        await calls.sit(f"slow-{number}")
    await calls.sit("other", "bistro")

    assert calls.seated[-1] == "other"


async def test_who_leaves_makes_room_for_the_next(calls):
    for name in "abcd":
        await calls.sit(name)
    await calls.leave("b")
    await settle()

    assert calls.seated == ["a", "b", "c", "d"]


async def test_orders_go_before_news_and_news_before_quotes(calls):
    for name in "abc":
        await calls.sit(name)
    for name, rank in {"quote": QUOTE, "news": NEWS, "order": ORDER, "order-2": ORDER}.items():
        await calls.sit(name, rank=rank)
    for name in ("a", "b", "c", "order", "order-2"):
        await calls.leave(name)
        await settle()

    assert calls.seated[3:] == ["order", "order-2", "news", "quote"]


async def test_news_leave_a_seat_for_an_order(calls):
    for name in "abc":
        await calls.sit(name, rank=NEWS)
    await calls.sit("order")

    assert calls.seated == ["a", "b", "order"]


async def test_the_news_of_all_restaurants_leave_seats_for_their_orders(calls):
    for name in "abcde":
        await calls.sit(name, f"restaurant-{name}", rank=NEWS)
    await calls.sit("order", "lopez")

    assert calls.seated == ["a", "b", "c", "d", "order"]


async def test_news_that_wait_are_seated_when_news_leave(calls):
    for name in "abc":
        await calls.sit(name, rank=NEWS)
    await calls.sit("order")
    await calls.leave("order")
    assert "c" not in calls.seated
    await calls.leave("a")
    await settle()

    assert calls.seated[-1] == "c"


async def test_when_all_seats_are_taken_the_next_is_the_first_of_the_best_rank(calls):
    for name in "abcde":
        await calls.sit(name, f"restaurant-{name}")
    await calls.sit("news", "lopez", rank=NEWS)
    await calls.sit("order", "bistro")
    for name in "abc":
        await calls.leave(name)
        await settle()

    assert calls.seated[5:] == ["order", "news"]


async def test_a_first_for_whom_there_is_no_room_keeps_nobody_else(calls):
    for name in "abc":
        await calls.sit(name)
    for name in "de":
        await calls.sit(name, "bistro")
    await calls.sit("order", "lopez")
    await calls.sit("news", "harbour", rank=NEWS)
    for name in "de":
        await calls.leave(name)
        await settle()

    assert calls.seated[5:] == ["news"]


async def test_without_time_nobody_waits(calls):
    for name in "abc":
        await calls.sit(name)
    await calls.sit("late", patience=0)

    assert await calls.leave("late") is False


async def test_who_waited_in_vain_is_told_and_forgotten(calls):
    for name in "abc":
        await calls.sit(name)
    await calls.sit("brief", patience=1e-9)
    assert await calls.tasks["brief"] is False
    await calls.leave("a")

    assert (calls.crowd.seated, calls.crowd.waiting) == (2, 0)


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next(calls):
    for name in "abcde":
        await calls.sit(name)
    await calls.give_up("d")
    await calls.leave("a")
    await settle()

    assert calls.seated == ["a", "b", "c", "e"]


async def test_who_gives_up_as_the_turn_comes_passes_it_on(calls):
    for name in "abcde":
        await calls.sit(name)
    calls.exits["a"].set()
    await asyncio.sleep(0)
    calls.tasks["d"].cancel()
    await settle()

    assert calls.seated == ["a", "b", "c", "e"]


async def test_a_call_that_fails_leaves_its_seat():
    crowd = Crowd(SEATS)
    with pytest.raises(RuntimeError):
        async with crowd.seat("lopez", ORDER, LONG):
            raise RuntimeError("a bug")

    assert crowd.seated == 0


async def test_some_seats_of_a_restaurant_are_for_orders():
    crowd = Crowd()
    sizes = {NEWS: NEWS_OF_EACH, ORDER: EACH - NEWS_OF_EACH}
    async with AsyncExitStack() as stack:
        taken = {
            rank: [
                await stack.enter_async_context(crowd.seat("lopez", rank, 0.0))
                for _ in range(size + 1)
            ]
            for rank, size in sizes.items()
        }

    assert taken == {rank: [*[True] * size, False] for rank, size in sizes.items()}
