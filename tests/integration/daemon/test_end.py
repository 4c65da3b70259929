"""How the daemon ends when it is told to, whatever is going on."""

import asyncio
import gc
import socket
import warnings

import aiohttp
import pytest

from tests.daemons import (
    ENDPOINT,
    NO_BROKER,
    PASSWORD,
    PATIENCE,
    USER,
    board,
    left_behind,
    running,
    threads,
    until_gone,
)
from tests.doorway import an_injection, authorization, read_answer
from tests.engine import RESTAURANT


@pytest.mark.parametrize("broker", [None, NO_BROKER])
async def test_a_stop_leaves_nothing_behind(a_config, tmp_path, broker):
    async with running(a_config(broker=broker)) as (daemon, _ready, task):
        daemon.stop()
        async with asyncio.timeout(PATIENCE):
            await task
    await until_gone("worker", "ledger")

    assert not (tmp_path / "console.sock").exists()


async def test_a_broker_that_never_answers_does_not_keep_it(a_config):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        broker = NO_BROKER.model_copy(update={"hosts": (host,)})
        async with running(a_config(broker=broker)) as (daemon, _ready, task):
            (await asyncio.to_thread(silent.accept))[0].close()
            daemon.stop()
            async with asyncio.timeout(PATIENCE):
                await task


async def test_a_call_that_runs_is_answered_and_its_order_is_taken(a_config, tmp_path):
    body = an_injection(restaurant=RESTAURANT)
    head = (
        f"POST /bbot/{ENDPOINT}/order-injection HTTP/1.1\r\nHost: bridge\r\n"
        f"Authorization: {authorization(USER, PASSWORD)}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    async with running(a_config()) as (daemon, ready, task):
        host, port = ready.ingress.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + body[:100])
        await writer.drain()
        async with aiohttp.ClientSession() as client:
            # Once this is answered, the first bytes of the other one are in.
            await client.get(ready.ingress)
        daemon.stop()
        await asyncio.sleep(0)
        writer.write(body[100:])
        answered = await read_answer(reader)
        writer.close()
        await task

    assert answered.status == 200
    (row,) = await left_behind(tmp_path, "SELECT * FROM request")
    assert (row["fate"], row["stage"]) == ("written", "recorded")


async def test_a_second_stop_ends_it_while_a_pos_blocks_everything(a_config, monkeypatch, block):
    async def probe(_self, _deadline):
        block()

    monkeypatch.setattr(board(), "probe", probe)
    async with running(a_config()) as (daemon, _ready, task):
        await asyncio.to_thread(block.begun.wait)
        daemon.stop()
        daemon.stop()
        async with asyncio.timeout(PATIENCE):
            await task

        assert "worker" in threads()
        block.may_go_on.set()
    await until_gone("worker")
    with warnings.catch_warnings():
        # Calls of the adapter that were cancelled before they had begun.
        warnings.simplefilter("ignore")
        gc.collect()
