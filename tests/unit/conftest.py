"""What many units stand on: a clock that stands still, a real ledger, lines in memory."""

import pytest

from bridge.ledger import Ledger
from bridge.model import Pulses
from tests.engine import Clock, Engine
from tests.wires import FakeLines


@pytest.fixture
def wall():
    """The wall clock."""
    return Clock()


@pytest.fixture
def clock(wall):
    """The wall clock too, except where a unit has a monotonic one beside it."""
    return wall


@pytest.fixture
async def ledger(tmp_path, wall):
    ledger = await Ledger.open(tmp_path / "ledger", now=wall)
    yield ledger
    ledger.close()


@pytest.fixture
async def engine(ledger, wall):
    return Engine(ledger, wall)


@pytest.fixture
def pulses():
    return Pulses()


@pytest.fixture
async def lines():
    return FakeLines()
