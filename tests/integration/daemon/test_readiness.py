"""What a ready daemon does in each role, and what it says of itself."""

import asyncio

import aiohttp

from bridge.daemon import Role
from tests.daemons import (
    NO_BROKER,
    PATIENCE,
    a_restaurant,
    ask_socket,
    board,
    left_behind,
    post_order,
    running,
    threads,
)
from tests.engine import RESTAURANT


async def read_health(ready):
    async with aiohttp.ClientSession() as client:
        return await (await client.get(f"{ready.console}/readyz")).json()


async def until_known(ready, holds):
    """What is known of the restaurant, once it is as wanted."""
    async with asyncio.timeout(PATIENCE):
        while not holds(known := (await read_health(ready))["restaurants"][RESTAURANT]):
            pass
    return known


async def test_an_ingress_needs_no_adapter_and_is_no_worker(a_config, tmp_path):
    config = a_config(broker=NO_BROKER, restaurants=(a_restaurant(adapter="not-installed-here"),))
    async with running(config, role=Role.INGRESS) as (_daemon, ready, _task):
        assert ready.ingress
        assert "worker" not in threads()
        assert await ask_socket(tmp_path, "/readyz") == 200

    assert await left_behind(tmp_path, "SELECT * FROM service") == []


async def test_a_worker_answers_no_platform(a_config, tmp_path):
    config = a_config(broker=NO_BROKER, endpoints=())
    async with running(config, role=Role.WORKER) as (_daemon, ready, _task):
        assert ready.ingress == ""
        assert await ask_socket(tmp_path, "/readyz") == 200


async def test_without_its_broker_a_process_is_ready_and_says_what_is_missing(a_config):
    async with running(a_config(broker=NO_BROKER)) as (_daemon, ready, _task):
        health = await read_health(ready)

        assert health["ready"] is True
        assert {"ingress-publish", "worker-publish", "locks"} <= health["broker"].keys()
        assert await post_order(ready) == 200


async def test_the_console_that_pulses_name_is_the_one_that_answers(a_config):
    async with running(a_config()) as (_daemon, ready, _task):
        known = await until_known(ready, lambda known: "console" in known)

        assert known["console"] == ready.console


async def test_an_adapter_that_cannot_be_made_is_told(a_config, monkeypatch):
    def fail(*_):
        raise RuntimeError("no printer")

    monkeypatch.setattr(board(), "__init__", fail)
    async with running(a_config()) as (_daemon, ready, _task):
        known = await until_known(ready, lambda known: known["state"] == "down")

        assert "RuntimeError: no printer" in known["reason"]
        assert (await read_health(ready))["ready"] is True
