"""What keeps the daemon from starting, and how that is told."""

import asyncio
import socket

import pytest

from bridge.config import Console, Ingress
from bridge.config import Ledger as LedgerSettings
from bridge.daemon import Daemon, StartError
from bridge.ledger import LedgerError
from tests.daemons import (
    PATIENCE,
    a_restaurant,
    ask_socket,
    board,
    running,
    threads,
    until_gone,
)
from tests.engine import RESTAURANT


@pytest.fixture
def taken():
    """A port that somebody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def refusal(config):
    """What the daemon says instead of starting."""
    with pytest.raises(StartError) as caught:
        async with asyncio.timeout(PATIENCE):
            await Daemon(config).run()
    return str(caught.value)


@pytest.mark.parametrize("section", ["ingress", "console"])
async def test_a_port_in_use_is_told_with_the_setting_that_changes_it(a_config, section, taken):
    kind = {"ingress": Ingress, "console": Console}[section]
    settings = getattr(a_config(), section).model_dump() | {"listen": f"127.0.0.1:{taken}"}
    said = await refusal(a_config(**{section: kind(**settings)}))

    assert f"127.0.0.1:{taken}: Address already in use" in said
    assert f"[{section}] listen" in said


async def test_a_place_where_no_socket_can_be_made_is_told_with_advice(a_config, tmp_path):
    (tmp_path / "file").write_text("")
    said = await refusal(a_config(console=Console(socket=tmp_path / "file" / "console.sock")))

    assert str(tmp_path / "file" / "console.sock") in said
    assert "[console] socket" in said
    assert "POS_BRIDGE__CONSOLE__SOCKET" in said


async def test_a_socket_that_another_daemon_serves_is_not_taken_from_it(a_config, tmp_path):
    async with running(a_config()):
        other = LedgerSettings(directory=tmp_path / "other")
        said = await refusal(a_config(ledger=other))

        assert "served by another process" in said
        assert await ask_socket(tmp_path) == 200


async def test_a_ledger_in_use_is_told(a_config):
    async with running(a_config()):
        assert "in use by another process" in await refusal(a_config())


async def test_wrong_settings_of_an_adapter_are_told(a_config):
    said = await refusal(a_config(restaurants=(a_restaurant(adapter="file"),)))

    assert said.startswith(f"{RESTAURANT}: settings.directory: ")


async def test_a_ledger_that_cannot_be_recovered_is_told(a_config, monkeypatch):
    def fail(*_):
        raise LedgerError("disk full")

    monkeypatch.setattr("bridge.daemon.daemon.recover", fail)
    assert await refusal(a_config()) == "disk full"


async def test_what_had_started_is_cleaned_up_when_the_rest_cannot(a_config, taken, tmp_path):
    await refusal(a_config(ingress=Ingress(listen=f"127.0.0.1:{taken}")))
    await until_gone("worker", "ledger")

    assert not (tmp_path / "console.sock").exists()
    async with running(a_config()) as (_daemon, ready, _task):
        assert ready.ingress


async def test_a_wish_to_stop_that_comes_first_is_met(a_config):
    daemon = Daemon(a_config())
    daemon.stop()
    ready = []
    await daemon.run(ready.append)
    await until_gone("worker", "ledger")

    assert len(ready) <= 1


async def test_a_start_that_hangs_can_be_stopped(a_config, monkeypatch, block):
    monkeypatch.setattr(board(), "__init__", lambda *_: block())
    daemon = Daemon(a_config(), stop_patience=0.0)
    task = asyncio.create_task(daemon.run())
    await asyncio.to_thread(block.begun.wait)
    daemon.stop()
    async with asyncio.timeout(PATIENCE):
        await task

    assert "worker" in threads()
    block.may_go_on.set()
    await until_gone("worker")
