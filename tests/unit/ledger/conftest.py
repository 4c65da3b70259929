import pytest

from bridge.ledger.room import Space
from bridge.ledger.store import Store
from bridge.ledger.writer import Writer
from tests.unit.ledger.disks import Disk


@pytest.fixture
def write(ledger):
    """Calls a function with a transaction, and what else it takes."""

    async def run(function, *args, **kwargs):
        return await ledger.write(lambda tx: function(tx, *args, **kwargs))

    return run


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "notes.sqlite3")


@pytest.fixture
def lost():
    return []


@pytest.fixture
def store(disk):
    return Store(disk.path, disk.connect, Space(disk.path.parent))


@pytest.fixture
def writer(store, lost):
    writer = Writer(store)
    writer.start(lost.append)
    yield writer
    writer.close()
