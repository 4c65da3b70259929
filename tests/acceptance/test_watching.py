"""What a supervisor, a load balancer and a metrics collector see."""

import pytest

from tests.acceptance.demo import wait_for
from tests.acceptance.documents import ORDER_ID, a_sample
from tests.acceptance.http_call import call


@pytest.fixture(scope="module")
def cooked(running):
    running.post(a_sample())
    running.wait_for_state(ORDER_ID, "done")
    return running


def test_it_says_that_it_lives_without_being_asked_for_a_token(running):
    assert call(f"{running.said['console']}/healthz").status == 200


def test_it_says_that_it_can_say_yes(running):
    reply = call(f"{running.said['console']}/readyz")

    assert reply.status == 200
    assert reply.json()["ready"] is True
    assert running.said["restaurant"] in reply.json()["restaurants"]


def test_the_metrics_count_the_answers(cooked):
    text = call(f"{cooked.said['console']}/metrics").body.decode()

    (line,) = [
        line
        for line in text.splitlines()
        if 'hook="order-injection"' in line and 'status="200"' in line and "_total" in line
    ]
    assert float(line.rpartition(" ")[2]) == 1


def test_the_api_needs_the_token(running):
    assert call(f"{running.said['console']}/api/v1/orders").status == 401


def test_the_restaurants_are_listed_with_their_state(running):
    restaurants = wait_for(lambda: running.api("/restaurants").json()["restaurants"])

    (one,) = restaurants
    assert one["id"] == running.said["restaurant"]
    assert one["adapter"] == "board"


def test_a_pos_that_is_down_is_named_and_does_not_make_it_red(demo, lasting_pos):
    pos = lasting_pos()
    pos.go_down()
    bridge = demo("--adapter=fake", f"--set=url={pos.url}")

    def look():
        reply = call(f"{bridge.said['console']}/readyz")
        state = reply.json()["restaurants"][bridge.said["restaurant"]]
        return reply if state.get("failing_since") else None

    assert wait_for(look).status == 200
