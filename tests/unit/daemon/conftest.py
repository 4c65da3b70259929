from functools import partial

import pytest

from bridge.daemon.basics import Basics
from bridge.model import Pulses
from bridge.telemetry import Metrics
from tests.daemons import a_config as make_config


@pytest.fixture
def a_config(tmp_path):
    return partial(make_config, tmp_path)


@pytest.fixture
def basics(a_config, ledger):
    return Basics(config=a_config(), ledger=ledger, metrics=Metrics(), pulses=Pulses())
