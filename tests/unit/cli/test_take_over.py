"""`pos-bridge take-over`: what it asks, and what it says."""

import pytest
from click.testing import CliRunner

from bridge.cli import client
from bridge.cli.main import main

ONE = {
    "restaurant": "grill",
    "order_id": "o1",
    "number": "233",
    "operation": "place",
    "version": 1,
    "before": "ready",
    "state": "ready",
    "cause": "marked",
}


@pytest.fixture
def run(monkeypatch):
    """The command with those arguments, the daemon's answer, and what it was asked."""
    asked = []

    def run(*arguments, moved=(ONE,)):
        def send(_target, path, body):
            asked.append((path, body["dry_run"]))
            return {"dry_run": body["dry_run"], "restaurant": "grill", "moved": list(moved)}

        monkeypatch.setattr(client, "send", send)
        return CliRunner().invoke(main, ["take-over", *arguments]), asked

    return run


def test_it_names_what_may_come_out_twice(run):
    result, asked = run("grill")

    assert asked == [("/api/v1/restaurants/grill/take-over", False)]
    assert result.exit_code == 0
    assert "o1" in result.output
    assert result.output.endswith("grill is taken over; may come out twice: 1\n")


def test_a_dry_run_says_that_it_would(run):
    result, asked = run("grill", "--dry-run", moved=())

    assert asked == [("/api/v1/restaurants/grill/take-over", True)]
    assert result.output == "grill would be taken over; may come out twice: nothing\n"


def test_programs_get_json(run):
    result, _ = run("grill", "--json")

    assert result.output.startswith('{"dry_run":false')


def test_a_restaurant_is_part_of_an_address(run):
    _, asked = run("a/b")

    assert asked[0][0] == "/api/v1/restaurants/a%2Fb/take-over"
