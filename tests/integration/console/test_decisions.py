"""Decisions over real sockets: who may decide, and what is answered."""

import pytest

from bridge.console.auth import COOKIE, cookie_value
from bridge.ledger.decisions import Answer
from tests.console import TOKEN, a_console, post

ONE = {"restaurant": "lopez", "order_id": "o1", "operation": "place", "version": 1}


class Desk:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self):
        self.answer = Answer(moved=[{**ONE, "state": "ready"}], refused=[])
        self.asked = []

    async def decide(self, demand):
        self.asked.append(demand)
        return self.answer

    async def pause(self, restaurant, *, who, reason):
        self.asked.append((restaurant, who, reason))

    async def resume(self, restaurant, *, who):
        self.asked.append((restaurant, who))


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def console(tmp_path, desk):
    async with a_console(tmp_path, find_desk=lambda: desk) as console:
        yield console


async def test_what_was_done_is_answered(console, desk):
    body = {"order_id": "o1", "restaurant": "lopez", "who": "ana"}
    status, answer = await post(console.local, "/api/v1/replay", json=body)

    assert status == 200
    assert answer == {
        "dry_run": False,
        "moved": [{**ONE, "state": "ready"}],
        "refused": [],
        "next": None,
    }
    assert (desk.asked[0].action, desk.asked[0].who) == ("replay", "ana")


async def test_what_is_refused_says_why(console, desk):
    words = "the POS has it already as T-1"
    desk.answer = Answer(moved=[], refused=[{**ONE, "code": "already_done", "reason": words}])
    body = {"order_id": "o1", "restaurant": "lopez"}
    status, answer = await post(console.client, "/api/v1/replay", json=body)

    assert (status, answer["code"]) == (409, "already_done")
    assert words in answer["detail"]


async def test_a_page_of_an_order_that_goes_on_is_no_error_though_nothing_of_it_was_done(
    console, desk
):
    desk.answer = Answer(moved=[], refused=[{**ONE, "code": "unwanted", "reason": "void"}], next=7)
    body = {"order_id": "o1", "restaurant": "lopez"}
    first, page = await post(console.client, "/api/v1/replay", json=body)
    desk.answer = Answer(moved=[], refused=[])
    last, _ = await post(console.client, "/api/v1/replay", json={**body, "after": page["next"]})

    assert (first, last, desk.asked[1].wish.after) == (200, 200, 7)


async def test_an_order_that_is_not_there_is_404(console, desk):
    desk.answer = Answer(moved=[], refused=[])
    status, answer = await post(console.client, "/api/v1/void", json={"order_id": "o9"})

    assert (status, answer["code"]) == (404, "unknown_delivery")


async def test_a_filter_that_fits_nothing_is_no_error(console, desk):
    desk.answer = Answer(moved=[], refused=[])
    status, _ = await post(console.client, "/api/v1/void", json={"filter": {}})

    assert status == 200


async def test_a_screen_of_the_kitchen_may_not_decide(console, desk):
    same = {"Sec-Fetch-Site": "same-origin", "Cookie": f"{COOKIE}={cookie_value(TOKEN)}"}
    body = {"order_id": "o1", "restaurant": "lopez"}
    status, answer = await post(console.stranger, "/api/v1/replay", json=body, headers=same)

    assert (status, answer["code"]) == (403, "command_needs_token")
    assert desk.asked == []


async def test_where_no_worker_is_it_says_where_there_is_one(tmp_path):
    async with a_console(tmp_path, has_worker=False) as console:
        body = {"order_id": "o1", "restaurant": "lopez"}
        status, answer = await post(console.client, "/api/v1/replay", json=body)

    assert (status, answer["code"]) == (421, "worker_is_elsewhere")
    assert "http://worker:8082" in answer["detail"]


async def test_a_restaurant_is_paused_with_a_reason_and_goes_on(console, desk):
    path = "/api/v1/restaurants/lopez"
    refused, _ = await post(console.local, f"{path}/pause", json={"who": "ana"})
    paused, _ = await post(console.local, f"{path}/pause", json={"who": "ana", "reason": "flood"})
    resumed, _ = await post(console.local, f"{path}/resume", json={"who": "ana"})
    unknown, _ = await post(console.local, "/api/v1/restaurants/nobody/resume", json={})

    assert (refused, paused, resumed, unknown) == (400, 200, 200, 404)
    assert desk.asked == [("lopez", "ana", "flood"), ("lopez", "ana")]
