"""A RabbitMQ node of our own: own ports, own directories, own cookie, own port mapper."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.brokers import Broker

START_LIMIT = 90.0
STOP_LIMIT = 30.0
HOST = "127.0.0.1"
# A node that waits must not spin on a machine that is shared.
QUIET_ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none"
# One directory with rabbitmq-server and rabbitmqctl as upstream ships them; a distribution's
# wrapper in PATH switches the user and the directories.
SCRIPT_PLACES = (
    "/usr/lib/rabbitmq/lib/*/sbin",
    "/opt/rabbitmq/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)


class NodeDied(Exception):
    """The node ended before it answered."""


def find_scripts() -> Path | None:
    """The directory of RabbitMQ's own scripts, or None."""
    for pattern in SCRIPT_PLACES:
        for place in sorted(Path("/").glob(pattern.removeprefix("/"))):
            if (place / "rabbitmq-server").exists() and (place / "rabbitmqctl").exists():
                return place
    return None


def find_epmd() -> str | None:
    """Erlang's port mapper: in PATH, or beside its runtime."""
    found = shutil.which("epmd")
    if found:
        return found
    for place in sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd")):
        return str(place)
    return None


def free_ports(count: int) -> list[int]:
    """Below the range that outgoing connections use, which would take the port of a node that is
    down; a client that keeps trying such a port can even be connected to itself."""
    found: list[int] = []
    while len(found) < count:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as trial, suppress(OSError):
            trial.bind((HOST, port))
            if port not in found:
                found.append(port)
    return found


class LocalNode(Broker):
    """One node, started, stopped and killed by its process id."""

    is_ours = True

    def __init__(self, scripts: Path, epmd: str, base: Path) -> None:
        self._scripts = scripts
        self._epmd = epmd
        self._base = base
        self.port, self._epmd_port, self._dist_port = free_ports(3)
        super().__init__(f"amqp://guest:guest@{HOST}:{self.port}/")
        self._node: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        self._prepare()

    def start(self) -> None:
        """Returns when the node takes connections and its queues can be used."""
        if self._node is not None and self._node.poll() is None:
            return
        self._start_mapper()
        with (self._base / "out").open("ab") as out:
            self._node = self._spawn([str(self._scripts / "rabbitmq-server")], out)
        self._wait_until_open()
        self.ctl("await_startup")

    def stop(self) -> None:
        """An orderly stop, as by systemd."""
        self._end(self._node)
        self._node = None

    def kill(self) -> None:
        """SIGKILL: no goodbye, no flush."""
        if self._node is not None:
            self._node.kill()
            self._node.wait(STOP_LIMIT)
        self._node = None

    def ctl(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._scripts / "rabbitmqctl"), "--quiet", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def close(self) -> None:
        """Ends the node and the port mapper, if they run."""
        self.stop()
        self._end(self._mapper)
        self._mapper = None

    def _prepare(self) -> None:
        home = self._base / "home"
        home.mkdir()
        cookie = home / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (self._base / "enabled_plugins").write_text("[].\n")
        (self._base / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {HOST}:{self.port}\n"
            "disk_free_limit.absolute = 50MB\n"
            "vm_memory_high_watermark.absolute = 800MB\n"
            "raft.wal_max_size_bytes = 64000000\n"
        )

    def _environment(self) -> dict[str, str]:
        base = self._base
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
        return kept | {
            "HOME": str(base / "home"),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"t{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"),
            "RABBITMQ_SCHEMA_DIR": str(base / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(base / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_PID_FILE": str(base / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"{QUIET_ERLANG} -kernel inet_dist_use_interface {{127,0,0,1}}"
            ),
            # The script then becomes the node: one process, whose id is ours to end.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _start_mapper(self) -> None:
        if self._mapper is None:
            command = [self._epmd, "-address", HOST, "-port", str(self._epmd_port)]
            with (self._base / "epmd").open("ab") as out:
                self._mapper = self._spawn(command, out)

    def _spawn(self, command: list[str], out: object) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wait_until_open(self) -> None:
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if self._node is None or self._node.poll() is not None:
                raise NodeDied((self._base / "out").read_text(errors="replace")[-4000:])
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                return
            time.sleep(0.2)
        raise NodeDied(f"the node did not listen within {START_LIMIT:.0f} s")

    def _end(self, process: "subprocess.Popen[bytes] | None") -> None:
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_LIMIT)


def can_run_locally() -> bool:
    return find_scripts() is not None and find_epmd() is not None


@contextmanager
def local_broker() -> Iterator[LocalNode]:
    """`with local_broker() as broker:` a running node in a directory of its own."""
    scripts, epmd = find_scripts(), find_epmd()
    if scripts is None or epmd is None:
        raise RuntimeError("no rabbitmq-server on this machine: apt install rabbitmq-server")
    base = Path(tempfile.mkdtemp(prefix="pos-bridge-rabbitmq-"))
    node = LocalNode(scripts, epmd, base)
    try:
        node.start()
        yield node
    finally:
        node.close()
        shutil.rmtree(base, ignore_errors=True)
