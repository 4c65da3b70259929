"""Killed at the worst moment and started again: every order reaches the kitchen, once."""

import json
import subprocess
from collections import Counter

import pytest

from tests.acceptance.demo import COMMAND, wait_for
from tests.acceptance.documents import ORDER_ID, a_sample, an_order

ENDS = {"done", "refused", "held", "voided"}


def test_an_order_that_was_promised_but_not_sent_is_sent_after_the_crash(demo, lasting_pos):
    pos = lasting_pos()
    pos.go_down()
    bridge = demo("--adapter=fake", f"--set=url={pos.url}", "--when-down=accept")

    assert bridge.post(a_sample()).status == 200
    bridge.kill()
    pos.come_back()
    bridge.start()
    bridge.wait_for_state(ORDER_ID, "done")

    assert [ticket["order_id"] for ticket in pos.tickets] == [ORDER_ID]


@pytest.mark.parametrize(
    ("adapter", "pos_kept_it", "end", "tickets"),
    [
        ("fake", True, "done", 1),
        ("fake", False, "done", 1),
        ("fake-readback", True, "done", 1),
        ("fake-readback", False, "done", 1),
        ("fake-blind", True, "held", 1),
        ("fake-blind", False, "held", 0),
    ],
)
def test_an_order_that_was_being_sent_is_repeated_only_where_that_is_safe(
    demo, lasting_pos, adapter, pos_kept_it, end, tickets
):
    pos = lasting_pos(idempotent=adapter == "fake")
    pos.tell(script=[{"name": "hang", "keeps": pos_kept_it}])
    bridge = demo(f"--adapter={adapter}", f"--set=url={pos.url}")
    bridge.post(a_sample())
    wait_for(lambda: pos.attempts)

    bridge.kill()
    bridge.start()
    bridge.wait_for_state(ORDER_ID, end)

    assert len(pos.tickets) == tickets
    assert len(set(pos.attempts)) == 1


def test_a_repeat_after_the_crash_gets_the_answer_of_before(demo):
    bridge = demo()
    first = bridge.post(a_sample())
    bridge.kill()
    bridge.start()

    again = bridge.post(a_sample())

    assert (again.status, again.body) == (200, first.body)


def test_orders_keep_their_place_in_the_line_over_a_crash(demo, lasting_pos):
    pos = lasting_pos(idempotent=False)
    pos.go_down()
    bridge = demo("--adapter=fake-blind", f"--set=url={pos.url}", "--when-down=accept")
    for number in (1, 2, 3):
        bridge.post(an_order(number))
    bridge.kill()
    bridge.start()
    for number in (4, 5):
        bridge.post(an_order(number))

    pos.come_back()
    bridge.post(an_order(6))
    wait_for(lambda: len(pos.tickets) == 6)

    assert [ticket["order_number"] for ticket in pos.tickets] == list("123456")


@pytest.fixture
def guests(tmp_path):
    """Starts simulated guests beside the bridge; called again, their own account of it."""
    started = []

    def play(bridge, orders, rate):
        password = tmp_path / "password"
        password.write_text(bridge.said["password"])
        arguments = ["--endpoint", bridge.said["endpoint"], "--username", bridge.said["username"]]
        arguments += ["--password-file", password, "--restaurant", bridge.said["restaurant"]]
        arguments += ["--hooks=orders", "--quirks=0"]
        arguments += ["--orders", str(orders), "--rate", str(rate), "--json"]
        command = [COMMAND, "simulate", bridge.said["ingress"], *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return lambda: json.loads(started[-1].communicate(timeout=60)[0])

    yield play
    for each in started:
        each.kill()
        each.wait()
        each.stdout.close()


def test_killed_in_the_middle_of_a_busy_evening_no_order_is_lost_or_doubled(
    demo, lasting_pos, guests
):
    pos = lasting_pos(idempotent=False)
    bridge = demo("--adapter=fake-readback", f"--set=url={pos.url}")
    tell = guests(bridge, orders=200, rate=60)
    wait_for(lambda: len(pos.attempts) >= 50)

    bridge.kill()
    bridge.start(f"--port={bridge.said['ingress'].rpartition(':')[2]}")
    accepted = tell()["accepted"]
    wait_for(lambda: {order["state"] for order in bridge.orders()} <= ENDS)

    cooked = Counter(ticket["order_id"] for ticket in pos.tickets if ticket["kind"] == "place")
    assert len(accepted) > 50
    assert {order_id: cooked[order_id] for order_id in accepted} == dict.fromkeys(accepted, 1)
    assert set(cooked.values()) == {1}
