"""The command that plays guests, against the real daemon and a fake POS that counts."""

import json

import pytest

from tests.acceptance.demo import run, wait_for
from tests.acceptance.http_call import call
from tests.acceptance.pos import Pos

ENDS = {"done", "held", "voided"}


@pytest.fixture
def simulate(tmp_path):
    """Runs the command against a demo: its exit status and its JSON."""

    def play(bridge, *options):
        secrets = {"password-file": bridge.said["password"], "token-file": bridge.said["token"]}
        arguments = ["--endpoint", bridge.said["endpoint"], "--username", bridge.said["username"]]
        arguments += ["--restaurant", bridge.said["restaurant"], "--json"]
        arguments += ["--console", bridge.said["console"]]
        arguments += [f"--code={code}" for code in bridge.said["promotions"]]
        if "pos_control" in bridge.said:
            arguments += ["--pos-control", bridge.said["pos_control"]]
        for name, secret in secrets.items():
            path = tmp_path / name
            path.write_text(secret)
            arguments += [f"--{name}", path]
        ended = run("simulate", bridge.said["ingress"], *arguments, *options)
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    return play


@pytest.mark.parametrize("adapter", ["fake", "board"])
def test_a_whole_evening_with_its_quirks_ends_with_each_ticket_once(demo, simulate, adapter):
    bridge = demo(f"--adapter={adapter}")

    status, said = simulate(
        bridge, "--orders=120", "--rate=20", "--quirks=0.2", "--seed=19", "--busy"
    )

    assert said["unexpected"] == []
    assert said["errors"] == {}
    assert said["audit"]["problems"] == []
    assert said["audit"]["unclear"] == 0
    assert set(said["audit"]["states"]) <= ENDS
    assert said["audit"]["tickets"]["place"] >= len(said["accepted"]) - len(said["cancelled"])
    assert {"pricecheck", "checkout-finished", "checkout-cancelled"} <= set(said["statuses"])
    assert {"items-refunded", "broken bodies"} <= set(said["statuses"])
    assert (said["refused"], said["turned_away"]) == ([], 0)
    assert said["codes"]["pricecheck"]["200 with a discount"] > 0
    assert status == 0


def test_a_restaurant_that_is_closed_refuses_and_may_only_if_it_is_said(demo, simulate):
    bridge = demo("--adapter=fake")
    Pos(bridge.said["pos_control"]).tell(closed="renovation")
    play = ("--orders=3", "--rate=20", "--quirks=0", "--busy")
    wait_for(lambda: is_closed(bridge))

    status, said = simulate(bridge, *play)
    assert (status, said["unexpected"], said["accepted"]) == (1, [], [])
    assert said["turned_away"] == 3

    status, said = simulate(bridge, *play, "--may-refuse")
    assert (status, said["unexpected"]) == (0, [])


def is_closed(bridge):
    """True once the bridge has heard it from the POS."""
    bearer = {"Authorization": f"Bearer {bridge.said['token']}"}
    said = call(f"{bridge.said['console']}/api/v1/restaurants", headers=bearer).json()
    return said["restaurants"][0].get("state") == "closed"


def test_what_the_pos_refuses_is_found(demo, simulate):
    bridge = demo("--adapter=fake")
    Pos(bridge.said["pos_control"]).tell(always={"name": "reject", "reason": "no such dish"})

    status, said = simulate(bridge, "--orders=5", "--rate=20", "--hooks=orders")

    problems = {each["what"] for each in said["audit"]["problems"]}
    assert problems == {"the POS refused a place", "no ticket"}
    assert status == 1
