"""The bench itself, for a blink: that it measures everybody, not how fast anybody is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TITLES = ("bare aiohttp", "bridge, one box", "aio-pika confirm", "bridge, through RabbitMQ")


def bench(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )


@pytest.fixture(scope="module")
def measured(broker, tmp_path_factory):
    """What it said, and what it wrote."""
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    done = bench(
        *("--seconds", 0.3, "--rounds", 1, "--json", file),
        BRIDGE_TEST_BROKER="",
        BRIDGE_TEST_AMQP_URL=broker.url,
    )
    return done.stdout, json.loads(file.read_text())


@pytest.mark.broker
def test_every_contender_accepts_orders_alone_and_in_a_crowd(measured):
    rows = measured[1]["accepting"]

    assert [(row["contender"], row["concurrency"]) for row in rows] == [
        (name, guests)
        for name in ("bare", "bare-broker", "one-box", "through-broker")
        for guests in (1, 32)
    ]
    assert all(row[name] > 0 for row in rows for name in ("rate", "p50_ms", "p99_ms"))


@pytest.mark.broker
def test_each_is_compared_with_both_bare_ones(measured):
    ratios = [row["ratios"] for row in measured[1]["accepting"]]

    assert all(set(each) == {"bare", "bare-broker"} for each in ratios)
    assert all(ratio > 0 for each in ratios for ratio in each.values())


@pytest.mark.broker
def test_tickets_are_timed_in_both_shapes(measured):
    rows = measured[1]["ticketing"]

    assert [row["contender"] for row in rows] == ["one-box", "through-broker"]
    assert all(
        row[part][name] > 0
        for row in rows
        for part in ("answer", "shown", "brought")
        for name in ("p50_ms", "p99_ms")
    )


@pytest.mark.broker
def test_every_answer_was_a_yes(measured):
    rows = measured[1]["accepting"] + measured[1]["ticketing"]

    assert [row["others"] for row in rows] == [{}] * len(rows)


@pytest.mark.broker
def test_people_read_everybody_and_the_machine(measured):
    text, result = measured

    assert all(title in text for title in TITLES)
    assert f"{result['machine']['cores']} cores" in text
    assert f"RabbitMQ {result['machine']['rabbitmq']}" in text
    assert "skipped" not in text


def test_what_needs_a_broker_is_said_to_be_skipped():
    text = bench("--seconds", 0.1, "--rounds", 1, BRIDGE_TEST_BROKER="none").stdout

    assert "skipped: bare aiohttp + aio-pika confirm and bridge, through RabbitMQ" in text
    assert "bridge, one box" in text
