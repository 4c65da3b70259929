"""A part that dies takes the daemon with it: the service manager starts it anew."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.daemon import Daemon, StartError
from bridge.ingress.forwarder import Forwarder
from bridge.ledger import Ledger, LedgerError
from bridge.worker.worker import Worker
from tests.daemons import running


async def die(_self):
    raise RuntimeError("a bug")


async def test_an_outbox_that_dies_ends_the_daemon(a_config, monkeypatch):
    monkeypatch.setattr(Forwarder, "run", die)
    with pytest.raises(RuntimeError, match="a bug"):
        await Daemon(a_config()).run()


async def test_a_worker_that_dies_ends_the_daemon(a_config, monkeypatch):
    run = Worker.run

    async def die(self):
        task = asyncio.create_task(run(self))
        await self.started.wait()
        task.cancel()
        await asyncio.wait({task})
        raise RuntimeError("a bug")

    monkeypatch.setattr(Worker, "run", die)
    with pytest.raises((RuntimeError, StartError), match="a bug"):
        await Daemon(a_config()).run()


async def test_a_ledger_whose_thread_dies_ends_the_daemon(a_config, monkeypatch):
    opened = []
    really_open = Ledger.open

    async def note(*arguments, **options):
        opened.append(await really_open(*arguments, **options))
        return opened[0]

    monkeypatch.setattr(Ledger, "open", note)
    async with running(a_config()) as (_daemon, _ready, task):
        opened[0].died.set_exception(LedgerError("the ledger's thread has died"))
        await asyncio.wait({task})

    with pytest.raises(LedgerError, match="has died"):
        task.result()


async def test_a_watchdog_that_dies_ends_the_daemon(a_config, monkeypatch):
    monkeypatch.setattr("bridge.daemon.watchdog.Watchdog.run", die)
    with pytest.raises(RuntimeError, match="a bug"):
        await Daemon(a_config()).run()


async def test_a_death_is_told_with_the_part_that_died(a_config, monkeypatch):
    monkeypatch.setattr(Forwarder, "run", die)
    with capture_logs() as logs, pytest.raises(RuntimeError):
        await Daemon(a_config()).run()

    assert [line["part"] for line in logs if line["event"] == "part_died"] == ["the ingress"]
