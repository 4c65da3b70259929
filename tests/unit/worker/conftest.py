import pytest

from tests.engine import Engine, MemoryPos, a_spec


@pytest.fixture
def serve(ledger, wall):
    """A lane for a POS of that spec."""

    def build(**spec):
        return Engine(ledger, wall, MemoryPos(a_spec(**spec)))

    return build
