"""The commands beside a running daemon, for people and for programs."""

import json

import pytest

from tests.acceptance.demo import run, wait_for
from tests.acceptance.documents import ORDER_ID, RESTAURANT, a_sample


@pytest.fixture(scope="module")
def cooked(running):
    """A demo in which the sample is done."""
    running.post(a_sample())
    running.wait_for_state(ORDER_ID, "done")
    return running


@pytest.fixture
def by_url(cooked, tmp_path):
    """The options for a daemon elsewhere."""
    token = tmp_path / "token"
    token.write_text(f"{cooked.said['token']}\n")
    return ["--url", cooked.said["console"], "--token-file", token]


def test_orders_lists_the_order(cooked):
    listed = cooked.run("orders")

    head, *lines = listed.stdout.splitlines()
    (line,) = [line for line in lines if ORDER_ID in line]
    assert listed.returncode == 0
    assert head.index("ORDER") == line.index(ORDER_ID)
    assert all(word in line for word in ("done", RESTAURANT, "233"))


def test_orders_as_json_is_what_the_api_says(cooked):
    listed = json.loads(cooked.run("orders", "--json").stdout)

    assert listed == cooked.api("/orders").json()


def test_orders_can_be_narrowed_down(cooked):
    held = json.loads(cooked.run("orders", "--state", "held", "--json").stdout)

    assert held["orders"] == []


def test_orders_of_an_unknown_state_is_refused_with_those_that_exist(cooked):
    refused = cooked.run("orders", "--state", "waitin")

    assert refused.returncode == 2
    assert "state: found 'waitin'; allowed: waiting, ready, " in refused.stderr
    assert 'did you mean "waiting"?' in refused.stderr


def test_orders_since_a_time_that_is_none_is_wrong_use(cooked):
    refused = cooked.run("orders", "--since", "yesterday")

    assert refused.returncode == 2
    assert "since: found 'yesterday'" in refused.stderr


def test_show_tells_calls_deliveries_and_the_ticket(cooked):
    shown = cooked.run("show", ORDER_ID)

    assert shown.returncode == 0
    for words in (": done", "order-injection -> 200 accepted, written", "place version 1: done"):
        assert words in shown.stdout
    assert "Ceviche" in shown.stdout
    assert "Èclairs" in shown.stdout


def test_show_as_json_is_what_the_api_says(cooked):
    shown = cooked.run("show", ORDER_ID, "--json")

    assert json.loads(shown.stdout) == cooked.order(ORDER_ID)


def test_show_gives_the_body_as_it_came_only_when_asked(cooked):
    plain = cooked.run("show", ORDER_ID).stdout
    raw = cooked.run("show", ORDER_ID, "--raw").stdout

    assert "guest@example.com" not in plain
    assert "guest@example.com" in raw


def test_show_of_an_unknown_order_is_1(cooked):
    shown = cooked.run("show", "nobody-knows")

    assert shown.returncode == 1
    assert "nobody-knows" in shown.stderr


def test_a_daemon_elsewhere_is_asked_by_its_address_and_token(cooked, by_url):
    shown = run("show", ORDER_ID, "--json", *by_url)

    assert json.loads(shown.stdout)["order_id"] == ORDER_ID


def test_a_daemon_elsewhere_asks_for_its_token(cooked):
    refused = run("orders", "--url", cooked.said["console"])

    assert refused.returncode == 1
    assert "token" in refused.stderr


def test_without_a_daemon_the_commands_say_so(tmp_path):
    refused = run("orders", "--socket", tmp_path / "nothing.sock")

    assert refused.returncode == 1
    assert refused.stderr.startswith("no daemon answers at ")
    assert "Traceback" not in refused.stderr


def test_simulate_plays_guests_and_tells_how_it_went(cooked, tmp_path):
    password = tmp_path / "password"
    password.write_text(f"{cooked.said['password']}\n")
    options = ["--endpoint", cooked.said["endpoint"], "--username", cooked.said["username"]]
    options += ["--password-file", password, "--restaurant", RESTAURANT]

    options += ["--hooks=orders", "--orders=10", "--rate=50", "--busy"]
    played = run("simulate", cooked.said["ingress"], *options, "--json")
    summary = json.loads(played.stdout)

    assert played.returncode == 0
    assert len(summary["accepted"]) == 10
    assert all(cooked.wait_for_state(each, "done") for each in summary["accepted"])


def test_simulate_with_a_wrong_password_fails_and_says_why(cooked, tmp_path):
    password = tmp_path / "password"
    password.write_text("wrong")
    options = ["--endpoint", cooked.said["endpoint"], "--username", "bbot"]
    options += ["--password-file", password, "--restaurant", RESTAURANT]

    played = run("simulate", cooked.said["ingress"], *options, "--orders=3", "--rate=50", "--json")

    summary = json.loads(played.stdout)

    assert played.returncode == 1
    assert {each["what"] for each in summary["unexpected"]} == {"status 401 unauthorized"}
    assert len(summary["refused"]) == 3


def test_adapters_lists_the_bundled_ones_with_their_origin():
    listed = json.loads(run("adapters", "--json").stdout)["adapters"]

    assert {"board", "file", "fake"} <= {each["name"] for each in listed}
    assert {each["distribution"] for each in listed if each["name"] == "board"} == {"pos-bridge"}


def test_adapters_describes_one_with_its_settings():
    described = run("adapters", "file")

    assert described.returncode == 0
    assert "directory (required)" in described.stdout


def test_adapters_names_the_nearest_of_an_unknown_one():
    refused = run("adapters", "fil")

    assert refused.returncode == 1
    assert "file" in refused.stderr


def test_an_unknown_command_is_2():
    assert run("print").returncode == 2


def test_the_version_is_told():
    assert run("--version").stdout.startswith("pos-bridge, version 0.")


def test_demo_plays_guests_of_its_own(demo):
    bridge = demo("--orders=5", "--rate=50")

    wait_for(lambda: [order["state"] for order in bridge.orders()] == ["done"] * 5)
