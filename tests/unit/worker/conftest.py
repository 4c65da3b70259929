import pytest

from bridge.ledger import Ledger
from tests.engine import Clock, Engine


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def ledger(tmp_path, clock):
    ledger = await Ledger.open(tmp_path / "ledger", now=clock)
    yield ledger
    ledger.close()


@pytest.fixture
async def engine(ledger, clock):
    return Engine(ledger, clock)
