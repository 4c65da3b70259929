"""Who is measured: each one started for a round, and ended after it."""

import asyncio
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

import aio_pika
import orjson

from bridge.broker import Names
from tests.bench.installation import RESTAURANT, Installation, count_tickets
from tests.bench.processes import Died, started

BARE, BARE_BROKER = "bare", "bare-broker"
ONE_BOX, THROUGH_BROKER = "one-box", "through-broker"
TITLES = {
    BARE: "bare aiohttp",
    BARE_BROKER: "bare aiohttp + aio-pika confirm",
    ONE_BOX: "bridge, one box",
    THROUGH_BROKER: "bridge, through RabbitMQ",
}
# Whom a contender is compared with, besides bare aiohttp.
NEEDS_BROKER = (BARE_BROKER, THROUGH_BROKER)
BRIDGES = (ONE_BOX, THROUGH_BROKER)


@dataclass(frozen=True)
class Contender:
    """A running one: where to post, which processes it is, what its kitchen has."""

    host: str
    port: int
    path: str
    headers: dict
    pids: tuple[int, ...]
    count: Callable[[], float] | None = None
    tickets: Callable[[], list] = field(default=list)


@contextmanager
def running(name, broker=""):
    """That contender on a fresh directory; `broker` is an AMQP address."""
    open_it = _BARE_OR_BRIDGE[name]
    with open_it(broker if name in NEEDS_BROKER else "") as contender:
        yield contender


@contextmanager
def _bare(broker):
    arguments = [broker, f"bench-{secrets.token_hex(6)}"] if broker else []
    with started(["tests.bench.bare", *arguments], stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        if not line:
            raise Died("the bare contender did not start; its message is above")
        yield Contender(
            host="127.0.0.1",
            port=orjson.loads(line)["port"],
            path="/orders",
            headers={"Content-Type": "application/json"},
            pids=(process.pid,),
        )


@contextmanager
def _one_box(_broker):
    with _directory() as directory:
        installation = Installation(directory)
        with installation.running() as part:
            yield contend(installation, ingress=part, worker=part)


@contextmanager
def _through_broker(broker):
    with _directory() as directory:
        installation = Installation(directory, broker)
        try:
            with (
                installation.running("worker") as worker,
                installation.running("ingress") as ingress,
            ):
                yield contend(installation, ingress=ingress, worker=worker)
        finally:
            asyncio.run(forget(broker, installation.prefix))


_BARE_OR_BRIDGE = {
    BARE: _bare,
    BARE_BROKER: _bare,
    ONE_BOX: _one_box,
    THROUGH_BROKER: _through_broker,
}


def contend(installation, *, ingress, worker):
    """The running installation as a contender."""
    host, port = ingress.ingress.removeprefix("http://").split(":")
    return Contender(
        host=host,
        port=int(port),
        path=installation.path,
        headers=installation.headers,
        pids=tuple({ingress.pid, worker.pid}),
        count=lambda: count_tickets(worker.console),
        tickets=lambda: installation.tickets(worker.console),
    )


async def forget(url, prefix):
    """Delete what carries the prefix; the queue of the outcomes, named by chance, expires."""
    names = Names(prefix)
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        for queue in (names.orders_queue(RESTAURANT), names.dead_queue):
            await channel.queue_delete(queue)
        for exchange in (names.orders, names.outcomes, names.dead, names.availability):
            await channel.exchange_delete(exchange)


def _directory():
    return tempfile.TemporaryDirectory(prefix="pos-bridge-bench-")
