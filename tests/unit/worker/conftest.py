import pytest

from bridge.ledger import Ledger
from tests.engine import Clock, Engine, MemoryPos, a_spec


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


@pytest.fixture
def serve(ledger, clock):
    def build(**spec):
        return Engine(ledger, clock, MemoryPos(a_spec(**spec)))

    return build
