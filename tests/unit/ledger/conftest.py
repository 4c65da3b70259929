import pytest

from bridge.ledger import Ledger
from bridge.ledger.writer import Writer
from tests.engine import Clock, Engine
from tests.unit.ledger.disks import Disk


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
def disk(tmp_path):
    return Disk(tmp_path / "notes.sqlite3")


@pytest.fixture
def lost():
    return []


@pytest.fixture
def writer(disk, lost):
    writer = Writer(disk.connect)
    writer.start(lost.append)
    yield writer
    writer.close()
