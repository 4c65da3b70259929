"""Which modules have fail points, which calls are writes, and what each kind of call may raise."""

import errno
import sqlite3
from typing import Final

# They carry an order from the first byte to the POS's acceptance.
MODULES: Final = (
    "bridge.broker.consumer",
    "bridge.broker.lock",
    "bridge.broker.publisher",
    "bridge.broker.received",
    "bridge.daemon.ingress_service",
    "bridge.daemon.worker_service",
    "bridge.ingress.app",
    "bridge.ingress.courier",
    "bridge.ingress.forwarder",
    "bridge.ingress.injections",
    "bridge.ingress.news",
    "bridge.ingress.postbox",
    "bridge.ingress.reception",
    "bridge.ingress.recording",
    "bridge.ledger.writer",
    "bridge.worker.attempt",
    "bridge.worker.inbox",
    "bridge.worker.lane",
    "bridge.worker.reporter",
    "bridge.worker.vendor",
)

# Calls without an await that change what counts, by how they end.
WRITES: Final = ("ledger.post", "self._settle")
WRITES_OF: Final = {
    "bridge.ledger.writer": ("connection.execute", "connection.rollback", "self._tell"),
}

# Awaits that are no points, and why.
LEFT_OUT: Final = {
    "asyncio.sleep": "a pause between two tries: what may fail is before and behind it",
}

_LEDGER: Final = (
    "ledger.write",
    "ledger.read",
    "recorder.write",
    "recorder.record",
    "self.write",
    "self._write",
)
_BROKER: Final = ("call", "exchange.publish", "ack", "send")
_POS: Final = ("vendor.call", "self._adapter.submit", "_adapter.find")
_WIRE: Final = ("response.prepare", "response.write_eof")
_WRITER: Final = ("connection.execute", "connection.rollback")


def is_write(module: str, callee: str) -> bool:
    """True for a call that is a point though nobody awaits it."""
    return callee.endswith(WRITES) or callee in WRITES_OF.get(module, ())


class Instead(Exception):
    """The call does not raise: it returns `value`."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


def error_of(name: str, side: str) -> Exception:
    """What the call at that point may really raise; RuntimeError stands for a bug of ours.

    `side`: before it had its effect, or after it.
    """
    # Imported late: this module is read before the rewriting begins.
    from bridge.adapter import OutcomeUnknown, PosUnreachable  # noqa: PLC0415
    from bridge.ledger.transaction import LedgerError  # noqa: PLC0415

    callee = name.partition(":")[2].partition("#")[0]
    if callee.endswith(_WRITER):
        return sqlite3.OperationalError("disk I/O error")
    if callee.endswith(_LEDGER) and not name.startswith("ingress.app."):
        return LedgerError("the ledger could not do it: disk I/O error")
    if callee.endswith(_POS):
        return PosUnreachable("no route") if side == "before" else OutcomeUnknown("cut off")
    if callee.endswith(_WIRE):
        return ConnectionResetError(errno.ECONNRESET, "connection reset by peer")
    if callee.endswith("publisher.publish") or name.startswith("broker.") or callee in _BROKER:
        return _broker_error(callee, side)
    return RuntimeError(f"a shot {side} {name}")


def _broker_error(callee: str, side: str) -> Exception:
    from bridge.broker import PublishResult  # noqa: PLC0415
    from bridge.broker.guard import Disconnected  # noqa: PLC0415

    if callee.endswith("publisher.publish"):
        is_before = side == "before"
        return Instead(PublishResult.NOT_SENT if is_before else PublishResult.UNKNOWN)
    return Disconnected("the link is lost")
