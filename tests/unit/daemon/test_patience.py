"""How long a stop waits for what: all of it must end before the service manager's patience."""

import re
from pathlib import Path

import pytest

from bridge.config import Ingress
from bridge.daemon import Daemon, assembly
from bridge.daemon import daemon as module

UNITS = sorted((Path(__file__).parents[3] / "systemd").glob("*.service"))


class FakeLedger:
    def close(self, patience):
        self.patience = patience


@pytest.fixture
def ledger_patience(a_config, monkeypatch):
    """What the ledger gets so many seconds after the wish to stop."""

    def measure(seconds, **options):
        daemon, ledger = Daemon(a_config(), **options), FakeLedger()
        daemon._stops_since = 100.0
        monkeypatch.setattr(module.time, "monotonic", lambda: 100.0 + seconds)
        daemon._close_ledger(ledger)
        return ledger.patience

    return measure


@pytest.mark.parametrize(
    ("budgets", "patience"),
    [
        ({}, 3.0),
        ({"order_budget": 8.0}, 8.5),
        ({"promo_budget": 12.0}, 12.5),
        ({"order_budget": 0.2, "promo_budget": 0.1}, 0.7),
    ],
)
def test_calls_that_run_have_the_longest_budget_to_finish(a_config, budgets, patience):
    config = a_config(ingress=Ingress(**budgets))

    assert assembly.build_patience(config) == pytest.approx(patience)


def test_the_longest_budget_leaves_the_worker_some_time(a_config):
    config = a_config(ingress=Ingress(order_budget=30.0, promo_budget=30.0))

    assert assembly.build_patience(config) <= module.STOP_PATIENCE - 9.0


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_all_ends_before_the_service_is_killed(unit):
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text("utf-8"), re.MULTILINE)

    assert float(seconds) > module.STOP_PATIENCE + module.CLOSE_PATIENCE


@pytest.mark.parametrize(
    ("after", "patience"), [(0.1, 10.0), (36.0, 8.0), (42.0, 2.0), (60.0, 1.0)]
)
def test_a_ledger_has_ten_seconds_or_what_is_left(ledger_patience, after, patience):
    assert ledger_patience(after) == pytest.approx(patience)


def test_a_short_patience_is_short_for_the_ledger_as_well(ledger_patience):
    assert ledger_patience(0.5, stop_patience=2.5) == pytest.approx(6.0)
