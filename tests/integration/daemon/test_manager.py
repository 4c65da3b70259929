"""What the service manager hears of the daemon."""

import asyncio
import socket

import pytest

from bridge.daemon import Daemon
from bridge.notify import Notifier
from tests.daemons import PATIENCE


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        channel.bind(str(tmp_path / "notify"))
        yield channel


def hear(manager):
    """All that was said so far."""
    said = []
    while True:
        try:
            said += manager.recv(65536).decode().split("\n")
        except BlockingIOError:
            return said


async def test_the_manager_hears_of_ready_only_when_the_port_is_open(a_config, manager, tmp_path):
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    heard = []

    def note(_ready):
        heard.extend([*hear(manager), "the port is open"])

    daemon = Daemon(a_config(), notifier=notifier)
    task = asyncio.create_task(daemon.run(note))
    async with asyncio.timeout(PATIENCE):
        while not any(said.startswith("STATUS=no event waits") for said in heard):
            await asyncio.sleep(0.01)
            heard += hear(manager) if "the port is open" in heard else []
    daemon.stop()
    await task
    heard += hear(manager)

    order = ["EXTEND_TIMEOUT_USEC=60000000", "the port is open", "READY=1", "STOPPING=1"]
    assert [said for said in heard if said in order] == order
    assert "WATCHDOG=1" in heard
