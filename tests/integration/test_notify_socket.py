"""The datagrams, as a manager receives them on a real unix socket."""

import os
import socket
from contextlib import contextmanager

import pytest

from bridge.notify import Notifier


class Manager:
    """The receiving end."""

    def __init__(self, channel: socket.socket, name: str) -> None:
        self.channel = channel
        self.environ = {"NOTIFY_SOCKET": name}

    def heard(self) -> list[str]:
        return self.channel.recv(65536).decode().split("\n")


@contextmanager
def listening(address, name):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        channel.bind(address)
        yield Manager(channel, name)


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    if request.param == "path":
        path = str(tmp_path / "notify")
        address, name = path, path
    else:
        word = f"pos-bridge-test-{os.getpid()}"
        address, name = f"\0{word}", f"@{word}"
    with listening(address, name) as it:
        yield it


def test_ready_arrives_with_its_status(manager):
    assert Notifier(manager.environ).ready("0 orders wait")

    assert manager.heard() == ["READY=1", "STATUS=0 orders wait"]


def test_ready_needs_no_status(manager):
    assert Notifier(manager.environ).ready()

    assert manager.heard() == ["READY=1"]


def test_a_status_arrives_alone(manager):
    assert Notifier(manager.environ).status("broker: down")

    assert manager.heard() == ["STATUS=broker: down"]


def test_stopping_arrives(manager):
    assert Notifier(manager.environ).stopping("2 attempts end")

    assert manager.heard() == ["STOPPING=1", "STATUS=2 attempts end"]


def test_reloading_tells_its_moment_in_microseconds(manager):
    assert Notifier(manager.environ, clock_ns=lambda: 5_000_001_999).reloading()

    assert manager.heard() == ["RELOADING=1", "MONOTONIC_USEC=5000001"]


def test_the_watchdog_is_fed(manager):
    assert Notifier(manager.environ).watchdog()

    assert manager.heard() == ["WATCHDOG=1"]


def test_more_time_is_asked_for_in_microseconds(manager):
    assert Notifier(manager.environ).extend(90.5)

    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=90500000"]


def test_a_line_break_in_a_status_cannot_forge_an_assignment(manager):
    assert Notifier(manager.environ).status("Café\nREADY=1\r\n")

    assert manager.heard() == ["STATUS=Café READY=1"]


def test_a_long_status_is_cut_to_what_the_manager_reads(manager):
    assert Notifier(manager.environ).status("é" * 5000)

    assert manager.heard() == ["STATUS=" + "é" * 1500]


def test_a_status_that_is_no_valid_text_arrives_all_the_same(manager):
    assert Notifier(manager.environ).status("name \udcff")

    assert manager.heard() == ["STATUS=name ?"]


def test_an_empty_status_says_nothing(manager):
    assert Notifier(manager.environ).status("  ")

    with pytest.raises(BlockingIOError):
        manager.heard()


def test_a_manager_that_does_not_read_never_makes_the_daemon_wait(manager):
    notifier = Notifier(manager.environ)

    assert not all(notifier.watchdog() for _ in range(100_000))


def test_a_manager_that_is_gone_is_told_and_not_raised(tmp_path):
    path = str(tmp_path / "notify")
    with listening(path, path) as manager:
        notifier = Notifier(manager.environ)

    assert notifier.watchdog() is False


def test_a_manager_that_came_back_is_reached_again(tmp_path):
    path = tmp_path / "notify"
    notifier = Notifier({"NOTIFY_SOCKET": str(path)})
    notifier.ready()

    with listening(str(path), str(path)) as manager:
        assert notifier.ready()

        assert manager.heard() == ["READY=1"]
