"""Daemons to start in a test: their configuration, and one that runs beside the test."""

import asyncio
from contextlib import asynccontextmanager

from bridge.config import Broker, Config, Console, Endpoint, Ingress, Ledger, Restaurant, Secret
from bridge.daemon import Daemon
from tests.engine import RESTAURANT

ENDPOINT = "endpoint-0123456789"
USER, PASSWORD = "bbot", "a password that nobody guesses"
# Nothing listens there.
NO_BROKER = Broker(hosts=("127.0.0.1:1",), username="u", password=Secret.of("p"))


def a_config(directory, **more):
    """One restaurant with a board, on free ports of this machine."""
    fields = {
        "ingress": Ingress(listen="127.0.0.1:0"),
        "console": Console(
            listen="127.0.0.1:0",
            token=Secret.of("a token that nobody guesses"),
            socket=directory / "console.sock",
        ),
        "ledger": Ledger(directory=directory / "ledger"),
        "endpoints": (
            Endpoint(
                id=ENDPOINT,
                username=USER,
                password=Secret.of(PASSWORD),
                restaurants=(RESTAURANT,),
            ),
        ),
        "restaurants": (a_restaurant(),),
    }
    return Config(**{**fields, **more})


def a_restaurant(**more):
    fields = {"id": RESTAURANT, "name": "Lopez", "timezone": "UTC", "adapter": "board"}
    return Restaurant.model_validate(fields | more)


@asynccontextmanager
async def running(config, **options):
    """A daemon that is ready: (daemon, what it said, the task that runs it)."""
    daemon = Daemon(config, **options)
    said = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(daemon.run(said.set_result))
    try:
        await asyncio.wait({task, said}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield daemon, said.result(), task
    finally:
        daemon.stop()
        await asyncio.wait({task}, timeout=60)
