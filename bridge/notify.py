"""Tell the service manager how this process fares: sd_notify, one datagram a time."""

import os
import socket
import time
from collections.abc import Callable, Mapping

# The manager reads at most 4096 bytes of one message and drops the whole of a longer one.
STATUS_LIMIT = 3000


class Notifier:
    """Speaks to the socket named in `environ`; without one every call is a good no-op.

    No call raises or waits. False means: the manager was not reached, so say it again.
    """

    __slots__ = ("_address", "_clock_ns", "watchdog_interval")

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        pid: int | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._address = _socket_address(environ.get("NOTIFY_SOCKET", ""))
        self._clock_ns = clock_ns
        self.watchdog_interval = _watchdog_interval(environ, os.getpid() if pid is None else pid)
        """Seconds between two calls of `watchdog`, half of what kills; None: not wanted."""

    def ready(self, status: str = "") -> bool:
        """The ledger is recovered and the port is open (again, after `reloading`)."""
        return self._send("READY=1", *_status(status))

    def status(self, text: str) -> bool:
        """One line for the people who ask `systemctl status`."""
        return self._send(*_status(text))

    def stopping(self, status: str = "") -> bool:
        """The way to the end has begun."""
        return self._send("STOPPING=1", *_status(status))

    def reloading(self, status: str = "") -> bool:
        """The configuration is being read again; `ready` must follow."""
        since = f"MONOTONIC_USEC={self._clock_ns() // 1000}"
        return self._send("RELOADING=1", since, *_status(status))

    def watchdog(self) -> bool:
        """Every part that must make progress has made some."""
        return self._send("WATCHDOG=1")

    def extend(self, seconds: float) -> bool:
        """Start, stop or reload may take this long from now on, whatever the unit says."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _send(self, *assignments: str) -> bool:
        if not self._address or not assignments:
            return True
        message = "\n".join(assignments).encode(errors="replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto(message, self._address)
        except OSError:
            return False
        return True


def _socket_address(name: str) -> str:
    """A leading `@` stands for the zero byte of an abstract name."""
    return f"\0{name[1:]}" if name.startswith("@") else name


def _status(text: str) -> tuple[str, ...]:
    """One line, for a line break would begin another assignment."""
    line = " ".join(text.split()).encode(errors="replace")[:STATUS_LIMIT]
    return (f"STATUS={line.decode(errors='ignore')}",) if line else ()


def _watchdog_interval(environ: Mapping[str, str], pid: int) -> float | None:
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 2_000_000
