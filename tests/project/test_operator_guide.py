"""The operator's guide says nothing that is not so."""

import re
import subprocess
from pathlib import Path

import pytest

from bridge.cli.main import main
from bridge.config.layers import names
from bridge.config.settings import Config, Ingress, Restaurant
from bridge.daemon.listeners import CONSOLE_LIMITS
from bridge.model import DeliveryState
from bridge.sources.bbot.hook import Hook

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "systemd/README.md").read_text()
UNITS = sorted((ROOT / "systemd").glob("*.service"))
COMMANDS = set(main.commands)


def fenced(kind):
    return re.findall(rf"^ *```{kind}\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_command_that_is_quoted_exists():
    quoted = set(re.findall(r"(?:bin/|`)pos-bridge ([a-z-]+)", GUIDE))

    assert {"check", "orders", "show"} <= quoted <= COMMANDS


def test_every_hook_it_speaks_of_is_served():
    hooks = re.findall(r"orders\.example\.net/bbot/ENDPOINT/([a-z-]+)", GUIDE)

    assert {"order-injection", "order-change"} <= set(hooks) <= set(Hook)


def test_installing_takes_at_most_six_steps():
    steps = [int(number) for number in re.findall(r"^\*\*(\d)\. ", GUIDE, re.MULTILINE)]

    assert steps == list(range(1, len(steps) + 1))
    assert 1 <= len(steps) <= 6


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_service_file_is_explained_and_installed(unit):
    assert f"| `{unit.name}` |" in GUIDE
    assert f"/share/pos-bridge/systemd/{unit.name} /etc/systemd/system/" in GUIDE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_secret_of_a_service_is_made(unit):
    (made,) = re.findall(r"^for name in (.*); do$", GUIDE, re.MULTILINE)

    assert re.findall(r"^LoadCredential=([^:]+):", unit.read_text(), re.MULTILINE) == made.split()


@pytest.mark.parametrize("script", fenced("sh"), ids=lambda script: script.strip()[:40])
def test_every_shell_line_is_one(script):
    verdict = subprocess.run(
        ["bash", "-n"], input=script, text=True, capture_output=True, check=False
    )

    assert (verdict.returncode, verdict.stderr) == (0, "")


@pytest.mark.parametrize("state", ["done", "refused", "held", "voided", "blocked"])
def test_every_end_of_an_order_has_its_row(state):
    assert re.search(rf"^\| `{state}` \|", GUIDE, re.MULTILINE)


def test_who_has_paid_is_told_of_every_no():
    rows = dict(re.findall(r"^\| `(refused|blocked)` \|(.*)$", GUIDE, re.MULTILINE))

    assert "the guest has paid" in rows["refused"]
    assert "The guest could not pay; there is nothing to cook" in rows["blocked"]


def test_open_orders_are_asked_for_by_name():
    assert re.search(r"^\| Which orders are open\? \|.*orders --open` \|$", GUIDE, re.MULTILINE)


def test_the_limits_of_the_console_are_those_of_the_program():
    numbers = re.findall(r"at most (\d+) connections,\s+(\d+) of one address", GUIDE)

    assert numbers == [(str(CONSOLE_LIMITS.max_connections), str(CONSOLE_LIMITS.max_per_source))]


@pytest.mark.parametrize("state", list(DeliveryState))
def test_every_state_that_people_can_see_is_explained(state):
    assert f"`{state}`" in GUIDE


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (Ingress, "max_connections_per_address"),
        (Ingress, "max_connections"),
        (Restaurant, "when_down"),
        (Restaurant, "release"),
        (Restaurant, "timezone"),
        (Config, "broker"),
        (Config, "console"),
    ],
)
def test_every_setting_it_speaks_of_exists(kind, setting):
    assert setting in kind.model_fields
    assert re.search(rf"\b{setting}\b", GUIDE)


def test_every_variable_it_sets_is_a_setting():
    variables = set(re.findall(r"POS_BRIDGE\w+", GUIDE))

    assert variables
    assert variables <= set(names())


def test_the_broker_is_set_up_as_in_the_container():
    containers = (ROOT / "compose.yaml").read_text()
    lines = [line.strip() for block in fenced("ini") for line in block.splitlines()]
    advice = [line for line in lines if line.startswith(("disk_free_limit", "raft."))]

    assert len(advice) == 2
    assert all(line in containers for line in advice)


def test_the_longest_body_is_the_one_of_the_bridge():
    (kilobytes,) = re.findall(r"client_max_body_size (\d+)k;", GUIDE)

    assert int(kilobytes) * 1024 == Ingress().max_body


def test_the_links_inside_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}

    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
