"""A restaurant that is taken over by hand, over real sockets."""

import pytest

from bridge.ledger.decisions import Answer
from tests.console import a_console, post

PATH = "/api/v1/restaurants/lopez/take-over"


class Desk:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self):
        self.answer = Answer(moved=[{"order_id": "o1"}], refused=[])
        self.asked = []

    async def take_over(self, restaurant, *, who, dry_run):
        self.asked.append((restaurant, who, dry_run))
        return self.answer


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def console(tmp_path, desk):
    async with a_console(tmp_path, find_desk=lambda: desk) as console:
        yield console


async def test_what_may_come_out_twice_is_answered(console, desk):
    status, answer = await post(console.local, PATH, json={"who": "ana", "dry_run": True})

    assert (status, desk.asked) == (200, [("lopez", "ana", True)])
    assert answer == {"dry_run": True, "restaurant": "lopez", "moved": [{"order_id": "o1"}]}


async def test_while_another_worker_serves_it_says_which(console, desk):
    reason = "worker b serves it: RESOURCE_LOCKED"
    desk.answer = Answer(moved=[], refused=[{"code": "served_elsewhere", "reason": reason}])
    status, answer = await post(console.client, PATH)

    assert (status, answer["code"]) == (409, "served_elsewhere")
    assert answer["detail"] == f"lopez: {reason}"


async def test_a_stranger_may_not(console, desk):
    status, _ = await post(console.stranger, PATH)

    assert (status, desk.asked) == (401, [])


async def test_a_field_that_is_not_known_is_named(console, desk):
    status, answer = await post(console.local, PATH, json={"force": True})

    assert (status, desk.asked) == (400, [])
    assert answer["detail"].startswith("force")


async def test_a_restaurant_that_is_not_here_is_not_found(console, desk):
    path = PATH.replace("lopez", "nowhere")
    status, _ = await post(console.local, path)

    assert (status, desk.asked) == (404, [])
