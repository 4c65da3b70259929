"""What people decide, with the real commands: nothing comes out of the POS twice unmarked."""

import json

import pytest

from tests.acceptance.demo import wait_for
from tests.acceptance.documents import an_order
from tests.acceptance.pos import Pos

LOST = {"name": "drop", "keeps": True}  # the POS has it, its answer never came


@pytest.fixture
def blind(demo):
    return demo("--adapter=fake-blind")


@pytest.fixture
def held(blind):
    """An order that may be in the POS, and nobody can tell."""
    pos = control(blind)
    pos.tell(script=[LOST])
    document = an_order()
    blind.post(document)
    blind.wait_for_state(document["order"]["id"], "held")
    return document["order"]["id"]


def control(bridge):
    return Pos(bridge.said["pos_control"])


def kinds(bridge):
    """What came out of the POS."""
    return [json.loads(one["body"])["kind"] for one in control(bridge).look()["tickets"]]


def test_what_may_be_there_is_not_sent_again_without_a_word(blind, held):
    refused = blind.run("replay", held)

    assert refused.returncode == 1
    assert "it may be in the POS already: look there" in refused.stderr
    assert kinds(blind) == ["place"]


def test_a_reprint_is_marked(blind, held):
    done = blind.run("replay", held, "--reprint", "--note", "the paper was lost")
    wait_for(lambda: kinds(blind) == ["place", "reprint"])

    assert done.returncode == 0
    assert blind.wait_for_state(held, "done")


def test_what_was_there_is_settled_with_a_word(blind, held):
    assert blind.run("resolve", held).returncode == 2
    assert blind.run("resolve", held, "--note", "it was there").returncode == 0

    order = blind.order(held)
    assert order["state"] == "done"
    assert order["deliveries"][0]["cause"] == "settled by hand: it was there"
    assert blind.run("replay", held).returncode == 1
    assert kinds(blind) == ["place"]


def test_all_that_is_held_can_be_tried_dry_before_it_is_voided(blind, held):
    dry = blind.run("void", "--all", "--state", "held", "--dry-run")
    assert (dry.returncode, blind.order(held)["state"]) == (0, "held")
    assert "would be done: 1, refused: 0" in dry.stdout

    assert blind.run("void", "--all", "--note", "closing time").returncode == 0
    assert blind.order(held)["state"] == "voided"
    nothing = blind.run("void", "--all")
    assert (nothing.returncode, "nothing waits" in nothing.stdout) == (1, True)


def test_what_the_pos_refused_is_replayed_once_the_menu_is_mended(demo):
    bridge = demo("--adapter=fake")
    control(bridge).tell(script=[{"name": "reject", "reason": "unknown dish"}])
    document = an_order()
    bridge.post(document)
    bridge.wait_for_state(document["order"]["id"], "refused")

    assert bridge.run("replay", document["order"]["id"]).returncode == 0
    assert bridge.wait_for_state(document["order"]["id"], "done")
    again = bridge.run("replay", document["order"]["id"])
    assert (again.returncode, "the POS has it already as T-1" in again.stderr) == (1, True)


def test_a_paused_restaurant_stays_paused_over_a_restart(demo):
    bridge = demo("--adapter=fake", "--when-down=accept")
    restaurant = bridge.said["restaurant"]
    assert bridge.run("pause", restaurant, "--reason", "the kitchen is flooded").returncode == 0
    bridge.stop()
    bridge.start()
    document = an_order()
    assert bridge.post(document).status == 200
    wait_for(lambda: bridge.order(document["order"]["id"]).get("state") == "ready")
    assert "the kitchen is flooded" in bridge.run("doctor").stdout

    assert bridge.run("resume", restaurant).returncode == 0
    assert bridge.wait_for_state(document["order"]["id"], "done")
