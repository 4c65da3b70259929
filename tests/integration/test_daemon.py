"""The real daemon in this process: what keeps it from starting, what ends it, what it leaves."""

import asyncio
import gc
import json
import socket
import threading
import warnings
from functools import partial

import aiohttp
import pytest
from structlog.testing import capture_logs

from bridge.adapter import Adapter
from bridge.config import Console, Ingress
from bridge.config import Ledger as LedgerSettings
from bridge.daemon import Daemon, Role, StartError, assembly
from bridge.ingress.forwarder import Forwarder
from bridge.ledger import Ledger, LedgerError
from bridge.notify import Notifier
from bridge.worker.worker import Worker
from tests.daemons import ENDPOINT, NO_BROKER, PASSWORD, USER, a_restaurant, running
from tests.daemons import a_config as make_config
from tests.doorway import an_injection, authorization, read_answer
from tests.engine import RESTAURANT

# Bounds of what must not hang; far more than anything needs.
PATIENCE = 30.0


@pytest.fixture
def a_config(tmp_path):
    return partial(make_config, tmp_path)


@pytest.fixture
def taken():
    """A port that somebody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def threads():
    return {thread.name for thread in threading.enumerate()} & {"worker", "ledger"}


async def until(holds):
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  a log line, or a thread's end, is no event
            await asyncio.sleep(0.01)


async def until_gone(*names):
    """The threads of those names; they are told to end, and not waited for."""
    await until(lambda: not threads() & set(names))


async def refusal(config, **options):
    """What the daemon says instead of starting."""
    with pytest.raises(StartError) as caught:
        await Daemon(config, **options).run()
    return str(caught.value)


# Starting


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


async def ask_socket(directory, path="/healthz"):
    connector = aiohttp.UnixConnector(str(directory / "console.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get(f"http://console{path}") as response,
    ):
        return response.status


async def test_a_ledger_in_use_is_told(a_config):
    async with running(a_config()):
        assert "in use by another process" in await refusal(a_config())


async def test_wrong_settings_of_an_adapter_are_told(a_config):
    said = await refusal(a_config(restaurants=(a_restaurant(adapter="file"),)))

    assert said.startswith(f"{RESTAURANT}: settings.directory: ")


async def test_an_adapter_that_cannot_be_made_is_told(a_config, monkeypatch):
    def fail(*_):
        raise RuntimeError("no printer")

    monkeypatch.setattr(board(), "__init__", fail)
    assert "RuntimeError: no printer" in await refusal(a_config())


def board() -> type[Adapter]:
    return assembly.registry.load("board")


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


async def test_a_start_that_hangs_can_be_stopped(a_config, monkeypatch):
    go_on, begun = threading.Event(), threading.Event()

    def hang(*_):
        begun.set()
        go_on.wait(PATIENCE)

    monkeypatch.setattr(board(), "__init__", hang)
    daemon = Daemon(a_config(), stop_patience=0.0)
    task = asyncio.create_task(daemon.run())
    await asyncio.to_thread(begun.wait)
    daemon.stop()
    async with asyncio.timeout(PATIENCE):
        await task

    assert not go_on.is_set()
    go_on.set()
    await until_gone("worker")


# Roles


async def test_an_ingress_needs_no_adapter_and_is_no_worker(a_config, tmp_path):
    config = a_config(broker=NO_BROKER, restaurants=(a_restaurant(adapter="not-installed-here"),))
    async with running(config, role=Role.INGRESS) as (_daemon, ready, _task):
        assert ready.ingress
        assert "worker" not in threads()
        assert await ask_socket(tmp_path, "/readyz") == 200

    ledger = await Ledger.open(tmp_path / "ledger")
    served = await ledger.read(lambda tx: tx.execute("SELECT * FROM service").fetchall())
    ledger.close()
    assert served == []


async def test_a_worker_answers_no_platform(a_config, tmp_path):
    config = a_config(broker=NO_BROKER, endpoints=())
    async with running(config, role=Role.WORKER) as (_daemon, ready, _task):
        assert ready.ingress == ""
        assert await ask_socket(tmp_path, "/readyz") == 200


async def test_without_its_broker_a_process_is_ready_and_says_what_is_missing(a_config):
    async with running(a_config(broker=NO_BROKER)) as (_daemon, ready, _task):
        async with aiohttp.ClientSession() as client:
            health = await (await client.get(f"{ready.console}/readyz")).json()

        assert health["ready"] is True
        assert {"ingress-publish", "worker-publish", "locks"} <= health["broker"].keys()
        assert await post(ready) == 200


async def post(ready, order_id="order-1"):
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


async def test_the_console_that_pulses_name_is_the_one_that_answers(a_config):
    async with running(a_config()) as (_daemon, ready, _task), aiohttp.ClientSession() as client:
        async with asyncio.timeout(PATIENCE):
            while True:
                health = await (await client.get(f"{ready.console}/readyz")).json()
                known = health["restaurants"][RESTAURANT]
                if "console" in known:
                    break

        assert known["console"] == ready.console


# Ending


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
    ledger = await Ledger.open(tmp_path / "ledger")
    (row,) = await ledger.read(lambda tx: tx.execute("SELECT * FROM request").fetchall())
    ledger.close()
    assert (row["fate"], row["stage"]) == ("written", "recorded")


async def test_a_second_stop_ends_it_while_a_pos_blocks_everything(a_config, monkeypatch):
    go_on, begun = threading.Event(), threading.Event()

    async def block(_self, _deadline):
        begun.set()
        go_on.wait(PATIENCE)

    monkeypatch.setattr(board(), "probe", block)
    async with running(a_config()) as (daemon, _ready, task):
        await asyncio.to_thread(begun.wait)
        daemon.stop()
        daemon.stop()
        async with asyncio.timeout(PATIENCE):
            await task

        assert not go_on.is_set()
        go_on.set()
    await until_gone("worker")
    with warnings.catch_warnings():
        # Calls of the adapter that were cancelled before they had begun.
        warnings.simplefilter("ignore")
        gc.collect()


# Dying


async def test_an_outbox_that_dies_ends_the_daemon(a_config, monkeypatch):
    async def die(_self):
        raise RuntimeError("a bug")

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
    async def die(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr("bridge.daemon.watchdog.Watchdog.run", die)
    with pytest.raises(RuntimeError, match="a bug"):
        await Daemon(a_config()).run()


async def test_a_death_is_told_with_the_part_that_died(a_config, monkeypatch):
    async def die(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr(Forwarder, "run", die)
    with capture_logs() as logs, pytest.raises(RuntimeError):
        await Daemon(a_config()).run()

    assert [line["part"] for line in logs if line["event"] == "part_died"] == ["the ingress"]


# The service manager


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


# The log


async def test_the_log_of_an_order_names_its_call_and_nobody(a_config):
    with capture_logs() as logs:
        async with running(a_config()) as (_daemon, ready, _task):
            await post(ready)
            await until(lambda: "delivery_moved" in [line["event"] for line in logs])

    lines = [line for line in logs if line.get("order_id") == "order-1"]
    calls = {line["correlation_id"] for line in lines}
    assert {"event_recorded", "delivery_moved"} <= {line["event"] for line in lines}
    assert len(calls) == 1
    assert "Wang" not in json.dumps(logs, default=str)
