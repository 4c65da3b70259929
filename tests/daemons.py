"""Daemons to start in a test: their configuration, and one that runs beside the test."""

import asyncio
import threading
from contextlib import asynccontextmanager

import aiohttp

from bridge.adapter import Adapter
from bridge.config import Broker, Config, Console, Endpoint, Ingress, Restaurant, Secret
from bridge.config import Ledger as LedgerSettings
from bridge.daemon import Daemon, assembly
from bridge.ledger import Ledger
from tests.doorway import an_injection, authorization
from tests.engine import RESTAURANT

# Bounds of what must not hang; far more than anything needs.
PATIENCE = 30.0

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
        # However full the disk is on which the tests run.
        "ledger": LedgerSettings(
            directory=directory / "ledger", ballast=0, warn_below=0, refuse_below=0
        ),
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


def board() -> type[Adapter]:
    """The class of the adapter that `a_restaurant` has."""
    return assembly.registry.load("board")


async def post_order(ready, order_id="order-1"):
    """The status that the platform gets for it; `ready` is what the daemon said."""
    async with aiohttp.ClientSession() as client:
        answer = await client.post(
            f"{ready.ingress}/bbot/{ENDPOINT}/order-injection",
            data=an_injection(order_id, restaurant=RESTAURANT),
            headers={
                "Content-Type": "application/json",
                "Authorization": authorization(USER, PASSWORD),
            },
        )
        return answer.status


async def ask_socket(directory, path="/healthz"):
    """The status that the console gives at the socket of `a_config`."""
    connector = aiohttp.UnixConnector(str(directory / "console.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get(f"http://console{path}") as response,
    ):
        return response.status


async def left_behind(directory, query):
    """The rows that a daemon of `a_config` left in its ledger when it ended."""
    ledger = await Ledger.open(directory / "ledger")
    try:
        return await ledger.read(lambda tx: tx.execute(query).fetchall())
    finally:
        ledger.close()


def threads():
    """Those of a daemon that run in this process."""
    return {thread.name for thread in threading.enumerate()} & {"worker", "ledger"}


async def until(holds):
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  a log line, or a thread's end, is no event
            await asyncio.sleep(0.01)


async def until_gone(*names):
    """The threads of those names; they are told to end, and not waited for."""
    await until(lambda: not threads() & set(names))
