"""A listening ingress, and what makes it wait."""

import threading

import pytest

from bridge.ingress.guard import Limits
from tests.doorway import open_doorway


@pytest.fixture
async def doorway(tmp_path):
    async with open_doorway(tmp_path) as doorway:
        yield doorway


@pytest.fixture
async def hasty(tmp_path):
    """One with so short a patience that a test can wait for its end."""
    limits = Limits(header_timeout=0.2, keep_alive=0.4)
    async with open_doorway(tmp_path, limits=limits, budget=0.3) as doorway:
        yield doorway


@pytest.fixture
def stall():
    """Keeps the thread of a ledger busy until it is told to go on."""
    go_on = threading.Event()

    def begin(doorway):
        doorway.ledger.post(lambda _tx: go_on.wait(10))
        return go_on

    yield begin
    go_on.set()
