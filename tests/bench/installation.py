"""A bridge of the bench's own: configured in files and run as a service would run it."""

import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp
import orjson

from tests.acceptance.http_call import call
from tests.bench.processes import Died, started

RESTAURANT = "bench"
START_LIMIT = 60.0
# Seconds after which RabbitMQ deletes the queues of a bench that could not do it itself.
IDLE_EXPIRY = 60


@dataclass(frozen=True)
class Part:
    """One running process of the bridge."""

    pid: int
    ingress: str
    console: str


class Installation:
    """Files in one directory. `broker` is an AMQP address, or empty."""

    def __init__(self, directory, broker=""):
        self.directory = Path(directory)
        self.endpoint = secrets.token_hex(16)
        self.prefix = f"bench-{secrets.token_hex(4)}"
        self.broker = broker
        self._password, self._token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._write()

    @property
    def path(self):
        return f"/bbot/{self.endpoint}/order-injection"

    @property
    def headers(self):
        login = aiohttp.encode_basic_auth("bbot", self._password)
        return {"Authorization": login, "Content-Type": "application/json"}

    @contextmanager
    def running(self, role="all", under=()):
        """The daemon in that role, once it takes orders; `under` another module, a profiler."""
        log = self.directory / f"{role}.log"
        command = [*under, "bridge", "run", "--config", self._config(role), "--role", role]
        with log.open("wb") as out, started(command, stderr=out) as process:
            yield _wait_ready(process, log)

    def tickets(self, console):
        """What the kitchen board shows."""
        url = f"{console}/api/v1/kitchen/{RESTAURANT}/tickets"
        reply = call(url, headers={"Authorization": f"Bearer {self._token}"})
        return reply.json()["tickets"]

    def _config(self, role):
        return self.directory / f"{role}.toml"

    def _write(self):
        folder = self.directory / "restaurants"
        folder.mkdir(parents=True)
        (folder / f"{RESTAURANT}.toml").write_text(
            f'id = "{RESTAURANT}"\nname = "Bench"\ntimezone = "UTC"\nadapter = "board"\n'
        )
        self._keep("password", self._password)
        self._keep("token", self._token)
        if self.broker:
            self._keep("broker-password", unquote(urlsplit(self.broker).password or "guest"))
        for role in ("all", "ingress", "worker"):
            self._config(role).write_text(self._main_file(role))

    def _keep(self, name, secret):
        file = self.directory / name
        file.touch(0o600)
        file.write_text(secret)

    def _main_file(self, role):
        lines = [
            'ingress.listen = "127.0.0.1:0"',
            'console.listen = "127.0.0.1:0"',
            'console.token = { file = "token" }',
            f'console.socket = "{role}.sock"',
            f'ledger.directory = "{role}-ledger"',
            *self._broker_lines(),
            "[[endpoints]]",
            f'id = "{self.endpoint}"',
            'username = "bbot"',
            'password = { file = "password" }',
            f'restaurants = ["{RESTAURANT}"]',
        ]
        return "\n".join(lines) + "\n"

    def _broker_lines(self):
        if not self.broker:
            return []
        parts = urlsplit(self.broker)
        tls = parts.scheme == "amqps"
        return [
            f'broker.hosts = ["{parts.hostname}:{parts.port or (5671 if tls else 5672)}"]',
            f'broker.username = "{unquote(parts.username or "guest")}"',
            'broker.password = { file = "broker-password" }',
            f'broker.virtual_host = "{unquote(parts.path.removeprefix("/")) or "/"}"',
            f"broker.tls = {str(tls).lower()}",
            f'broker.prefix = "{self.prefix}"',
            f"broker.idle_expiry = {IDLE_EXPIRY}",
        ]


def count_tickets(console):
    """How many tickets the worker of that console has brought to its POS so far."""
    lines = call(f"{console}/metrics").body.decode().splitlines()
    wanted = [
        line
        for line in lines
        if line.startswith("pos_bridge_attempts_total{") and 'outcome="accepted"' in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in wanted)


def _wait_ready(process, log):
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        for line in log.read_bytes().splitlines():
            said = orjson.loads(line) if line.startswith(b"{") and line.endswith(b"}") else {}
            if said.get("event") == "ready":
                return Part(process.pid, said["ingress"], said["console"])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise Died(f"the bridge did not start:\n{log.read_text(errors='replace')[-2000:]}")
