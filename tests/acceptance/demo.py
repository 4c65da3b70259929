"""The installed command as a process of its own, seen from outside only."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.acceptance.http_call import basic, call

COMMAND = str(Path(sys.executable).with_name("pos-bridge"))
JSON = {"Content-Type": "application/json"}
# The bound of every wait: far more than anything needs, so that a busy machine fails no test.
PATIENCE = 20.0


def run(*arguments, **options):
    """A command of the bridge, run to its end."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def wait_for(look, within=PATIENCE):
    """The first thing that `look` finds to be true; fails when it finds nothing in time."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"nothing after {within} s, at last {found!r}"
        time.sleep(0.05)


class Demo:
    """`pos-bridge demo` on a directory. It may be killed and started again any number of times."""

    def __init__(self, directory, *options):
        self.directory = Path(directory)
        self.options = [str(option) for option in options]
        self.process = None
        self.said = {}

    def start(self, *more):
        """Until it says that it is ready."""
        self.directory.mkdir(exist_ok=True)
        command = [COMMAND, "demo", "--json", "--port=0", "--console-port=0"]
        command += ["--dir", self.directory, *self.options, *map(str, more)]
        with (self.directory / "stderr.log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        assert line, self.log()
        self.said = json.loads(line)
        return self

    def log(self):
        return (self.directory / "stderr.log").read_text()

    def kill(self):
        """As a power cut: nothing is finished."""
        self.process.kill()
        self._wait()

    def stop(self):
        """Its exit status after SIGTERM. It must end within 5 s."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait(5)

    def end(self):
        """Whatever state it is in."""
        if self.process and self.process.poll() is None:
            self.kill()

    def _wait(self, seconds=PATIENCE):
        status = self.process.wait(seconds)
        self.process.stdout.close()
        return status

    # What the platform does

    def hook(self, name="order-injection"):
        return f"{self.said['ingress']}/bbot/{self.said['endpoint']}/{name}"

    def login(self):
        return basic(self.said["username"], self.said["password"])

    def post(self, document, hook="order-injection"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return call(self.hook(hook), method="POST", body=body, headers=self.login() | JSON)

    # What the restaurant's people do

    def api(self, path):
        bearer = {"Authorization": f"Bearer {self.said['token']}"}
        return call(f"{self.said['console']}/api/v1{path}", headers=bearer)

    def tickets(self):
        """On the kitchen board."""
        return self.api(f"/kitchen/{self.said['restaurant']}/tickets").json()["tickets"]

    def order(self, order_id):
        return self.api(f"/orders/{order_id}").json()

    def wait_for_state(self, order_id, *states):
        """The order, once it is in one of those states."""

        def look():
            order = self.order(order_id)
            return order if order.get("state") in states else None

        return wait_for(look)

    def orders(self, **query):
        """Every order that the bridge knows, over all pages."""
        found, before = [], ""
        while before is not None:
            pairs = query | {"limit": 500} | ({"before": before} if before else {})
            page = self.api("/orders?" + "&".join(f"{k}={v}" for k, v in pairs.items())).json()
            found += page["orders"]
            before = page["next"]
        return found

    def run(self, command, *arguments):
        """A command, by the daemon's socket."""
        return run(command, *arguments, "--socket", self.said["socket"])
