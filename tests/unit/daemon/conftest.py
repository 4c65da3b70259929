from functools import partial

import pytest

from bridge.daemon.basics import Basics
from bridge.ledger import Ledger
from bridge.model import Pulses
from bridge.telemetry import Metrics
from tests.daemons import a_config as make_config
from tests.engine import Clock


@pytest.fixture
def a_config(tmp_path):
    return partial(make_config, tmp_path)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def ledger(tmp_path, clock):
    ledger = await Ledger.open(tmp_path / "ledger", now=clock)
    yield ledger
    ledger.close()


@pytest.fixture
def basics(a_config, ledger):
    return Basics(config=a_config(), ledger=ledger, metrics=Metrics(), pulses=Pulses())
