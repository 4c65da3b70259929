"""Ingress and worker as two processes with a ledger each, as two machines would run them."""

import json
import os
import subprocess
from urllib.parse import unquote, urlsplit

from tests.acceptance.demo import COMMAND, JSON, PATIENCE, run, wait_for
from tests.acceptance.http_call import basic, call
from tests.rabbitmq_node import free_ports

ENDPOINT = "endpoint-0123456789abcdef"
LOGIN = ("bbot", "a password that nobody guesses")
TOKEN = "a token that nobody guesses"

MAIN = """
[broker]
hosts = ["{host}"]
username = "{user}"
password = {{ file = "broker" }}
virtual_host = "{virtual_host}"
prefix = "{prefix}"
idle_expiry = 600
[console]
token = {{ file = "token" }}
[[endpoints]]
id = "{endpoint}"
username = "{login}"
password = {{ file = "password" }}
restaurants = {restaurants}
"""
RESTAURANT = 'id = "{0}"\nname = "{0}"\ntimezone = "UTC"\nadapter = "{1}"\n{2}\n'


class Half:
    """One process: `role` is ingress or worker, `name` is that of its ledger, socket and log."""

    def __init__(self, directory, role, name=""):
        self.directory, self.role, self.name = directory, role, name or role
        self.port, self.console_port = free_ports(2)
        self.process = None

    def start(self):
        setting = "POS_BRIDGE__"
        environment = os.environ | {
            f"{setting}LEDGER__DIRECTORY": str(self.directory / self.name),
            f"{setting}CONSOLE__SOCKET": str(self.directory / f"{self.name}.sock"),
            f"{setting}CONSOLE__LISTEN": f"127.0.0.1:{self.console_port}",
            f"{setting}INGRESS__LISTEN": f"127.0.0.1:{self.port}",
        }
        command = [COMMAND, "run", "--config", self.directory / "main.toml", "--role", self.role]
        with (self.directory / f"{self.name}.log").open("a") as log:
            self.process = subprocess.Popen(command, stderr=log, env=environment)
        wait_for(self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return call(f"http://127.0.0.1:{self.console_port}/readyz").status == 200
        except OSError:
            return False

    def log(self):
        return (self.directory / f"{self.name}.log").read_text()

    def health(self):
        return call(f"http://127.0.0.1:{self.console_port}/readyz").json()

    def api(self, path):
        url = f"http://127.0.0.1:{self.console_port}/api/v1{path}"
        return call(url, headers={"Authorization": f"Bearer {TOKEN}"}).json()

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill()


class Split:
    """A configuration, and the two halves that share it."""

    def __init__(self, directory, broker, restaurants, *, adapter="board", settings=""):
        self.directory, self.restaurants = directory, restaurants
        parts = urlsplit(broker.url)
        (directory / "restaurants").mkdir(parents=True)
        for name in restaurants:
            text = RESTAURANT.format(name, adapter, settings)
            (directory / "restaurants" / f"{name}.toml").write_text(text)
        for name, secret in (
            ("broker", unquote(parts.password)),
            ("password", LOGIN[1]),
            ("token", TOKEN),
        ):
            (directory / name).write_text(secret)
            (directory / name).chmod(0o600)
        main = MAIN.format(
            host=f"{parts.hostname}:{parts.port}",
            user=unquote(parts.username),
            virtual_host=unquote(parts.path.removeprefix("/")) or "/",
            prefix=broker.fresh_prefix(),
            endpoint=ENDPOINT,
            login=LOGIN[0],
            restaurants=json.dumps(restaurants),
        )
        (directory / "main.toml").write_text(main)
        self.ingress, self.worker = Half(directory, "ingress"), Half(directory, "worker")

    def start(self):
        """Both, until each has heard of the other."""
        self.worker.start()
        self.ingress.start()
        wait_for(self.is_connected)
        return self

    def is_connected(self):
        heard = self.ingress.health()["restaurants"].values()
        return all(one["state"] == "up" for one in heard)

    def end(self):
        self.ingress.end()
        self.worker.end()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ingress.port}"

    def post(self, document, hook="order-injection"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        address = f"{self.url}/bbot/{ENDPOINT}/{hook}"
        return call(address, method="POST", body=body, headers=basic(*LOGIN) | JSON)

    def simulate(self, orders, rate):
        """What the command says that it was answered."""
        options = ["--endpoint", ENDPOINT, "--username", LOGIN[0]]
        options += ["--password-file", self.directory / "password"]
        for name in self.restaurants:
            options += ["--restaurant", name]
        options += ["--hooks=orders", "--quirks=0", "--busy"]
        options += ["--orders", orders, "--rate", rate, "--json"]
        ended = run("simulate", self.url, *options)
        said = json.loads(ended.stdout)
        assert ended.returncode == 0, (said["statuses"], said["errors"], ended.stderr)
        return said

    def tickets(self):
        """On all boards, by order."""
        found = {}
        for name in self.restaurants:
            for ticket in self.worker.api(f"/kitchen/{name}/tickets")["tickets"]:
                assert ticket["order_id"] not in found
                found[ticket["order_id"]] = ticket
        return found
