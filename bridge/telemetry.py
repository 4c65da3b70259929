"""Logs that machines read and people search, and the numbers behind /metrics.

A log line names only what is safe to keep: correlation id, order id, restaurant, codes and
times. `FORBIDDEN` is the last net under that rule, not the rule itself.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bridge import fault

FORBIDDEN = frozenset(
    {"body", "password", "token", "authorization", "guest", "guest_name", "phone", "email"}
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# As syslog counts them.
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_FAST = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW = (0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


def configure_logs(level: str = "info", style: str = "json", stream: TextIO | None = None) -> None:
    """Set up structlog for the process; `style` is "json" or "console"."""
    out = stream if stream is not None else sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
        fault.describe_in_log,
    ]
    renderer: Any
    factory: Any
    if style == "json":
        renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str)
        if _is_journal(out):
            renderer = partial(_prioritise, renderer)
        factory = structlog.BytesLoggerFactory(file=out.buffer)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty())
        factory = structlog.WriteLoggerFactory(file=out)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )


def _is_journal(out: TextIO) -> bool:
    """True if systemd's journal reads that stream: it says so by device and inode."""
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _prioritise(
    render: Callable[..., bytes], logger: object, method: str, event: dict[str, Any]
) -> bytes:
    """A line with the mark that the journal takes for its priority, and takes away."""
    priority = _PRIORITIES.get(event["level"], _PRIORITIES["error"])
    return b"<%d>%b" % (priority, render(logger, method, event))


def redact(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask what must never be in a log line, should it ever get there."""
    for name in FORBIDDEN & event.keys():
        event[name] = "[redacted]"
    return event


class Metrics:
    """All numbers of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_ingress()
        self._add_worker()
        self._add_broker()
        self.ledger_errors = self._counter("ledger_errors", "Writes that the ledger could not keep")
        self.ledger_writable = self._gauge(
            "ledger_writable", "1 when a new order can be kept, else 0"
        )
        self.ledger_free = self._gauge("ledger_free_bytes", "Room on the ledger's disk")
        self.ledger_renewals = self._gauge(
            "ledger_renewals", "Copies of the ledger's file because its disk had failed"
        )
        self.ledger_damaged = self._gauge(
            "ledger_damaged_rows", "Rows in the side file, which a person must settle"
        )
        self.started = self._gauge("start_time_seconds", "When this process started")
        self.started.set(time.time())

    def render(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)

    def _add_ingress(self) -> None:
        self.requests = self._counter(
            "requests", "Calls of the ordering platform, by hook and answer", "hook", "status"
        )
        self.answer_seconds = self._histogram(
            "answer_seconds", "First byte of a call to the answer written", _FAST, "hook"
        )
        self.blocks = self._counter(
            "checkouts_blocked", "Calls that were refused, by reason", "restaurant", "code"
        )
        self.quote_problems = self._counter(
            "quote_problems", "What went wrong with quotes, by kind", "restaurant", "problem"
        )
        self.shed = self._counter(
            "calls_shed", "Calls that a crowd or a late loop left with less", "restaurant", "code"
        )
        self.loop_lag = self._gauge("loop_lag_seconds", "How late the ingress's loop turns")
        self.misread = self._counter(
            "calls_not_understood", "What was told and could not be read, by reason", "hook", "code"
        )
        self.late_answers = self._counter(
            "late_answers", "2XX decisions that came too late and were answered 503"
        )
        self.outbox = self._gauge("outbox_events", "Events that no worker has recorded yet")

    def _add_worker(self) -> None:
        self.attempts = self._counter(
            "attempts", "Tries to bring a ticket to a POS, by outcome", "restaurant", "outcome"
        )
        self.ticket_seconds = self._histogram(
            "ticket_seconds", "Order accepted to ticket in the POS", _SLOW
        )
        self.held = self._counter(
            "held",
            "Deliveries that began to wait for a person, by whose side",
            "restaurant",
            "side",
        )
        self.deliveries = self._gauge(
            "deliveries", "Deliveries that are not finished, by state", "restaurant", "state"
        )
        self.refunds_unplaced = self._gauge(
            "refunds_without_order", "Refunds of a week of which no order tells", "restaurant"
        )
        self.pos_up = self._gauge(
            "pos_up", "1 when the POS takes tickets, 0 when not, -1 when unknown", "restaurant"
        )

    def _add_broker(self) -> None:
        self.link_up = self._gauge("broker_link_up", "1 when the link to the broker is up", "link")
        self.publishes = self._counter("publishes", "Publishes to the broker, by result", "result")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"pos_bridge_{name}_total", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"pos_bridge_{name}", about, labels, registry=self.registry)

    def _histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"pos_bridge_{name}", about, labels, buckets=buckets, registry=self.registry
        )
