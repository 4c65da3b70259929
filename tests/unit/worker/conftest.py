import pytest

from tests.engine import Engine, MemoryPos, a_spec, changed, placed
from tests.unit.worker.refunds import ORDER


@pytest.fixture
def serve(ledger, wall):
    """A lane for a POS of that spec."""

    def build(**spec):
        return Engine(ledger, wall, MemoryPos(a_spec(**spec)))

    return build


@pytest.fixture
async def printed(engine):
    """The order's ticket is out."""
    await engine.take(placed(ORDER), changed(ORDER))
    await engine.drain()
    return engine
