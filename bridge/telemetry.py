"""Logs that machines read and people search, and the numbers behind /metrics.

A log line names only what is safe to keep: correlation id, order id, restaurant, codes and
times. `FORBIDDEN` is the last net under that rule, not the rule itself.
"""

import sys
import time
from typing import Any, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FORBIDDEN = frozenset(
    {"body", "password", "token", "authorization", "guest", "guest_name", "phone", "email"}
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
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
        structlog.processors.format_exc_info,
    ]
    renderer: Any
    factory: Any
    if style == "json":
        renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str)
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


def redact(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask what must never be in a log line, should it ever get there."""
    for name in FORBIDDEN & event.keys():
        event[name] = "[redacted]"
    return event


class Metrics:
    """All numbers of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pos_bridge_requests_total",
            "Calls of the ordering platform, by hook and answer",
            ["hook", "status"],
            registry=self.registry,
        )
        self.answer_seconds = Histogram(
            "pos_bridge_answer_seconds",
            "First byte of a call to the answer written",
            ["hook"],
            buckets=_FAST,
            registry=self.registry,
        )
        self.blocks = Counter(
            "pos_bridge_checkouts_blocked_total",
            "Checkouts that were refused, by reason",
            ["restaurant", "code"],
            registry=self.registry,
        )
        self.late_answers = Counter(
            "pos_bridge_late_answers_total",
            "2XX decisions that came too late and were answered 503",
            registry=self.registry,
        )
        self.attempts = Counter(
            "pos_bridge_attempts_total",
            "Tries to bring a ticket to a POS, by outcome",
            ["restaurant", "outcome"],
            registry=self.registry,
        )
        self.ticket_seconds = Histogram(
            "pos_bridge_ticket_seconds",
            "Order accepted to ticket in the POS",
            buckets=_SLOW,
            registry=self.registry,
        )
        self.deliveries = Gauge(
            "pos_bridge_deliveries",
            "Deliveries that are not finished, by state",
            ["restaurant", "state"],
            registry=self.registry,
        )
        self.pos_up = Gauge(
            "pos_bridge_pos_up",
            "1 when the POS takes tickets, 0 when not, -1 when unknown",
            ["restaurant"],
            registry=self.registry,
        )
        self.outbox = Gauge(
            "pos_bridge_outbox_events",
            "Events that no worker has recorded yet",
            registry=self.registry,
        )
        self.link_up = Gauge(
            "pos_bridge_broker_link_up",
            "1 when the link to the broker is up",
            ["link"],
            registry=self.registry,
        )
        self.publishes = Counter(
            "pos_bridge_publishes_total",
            "Publishes to the broker, by result",
            ["result"],
            registry=self.registry,
        )
        self.ledger_errors = Counter(
            "pos_bridge_ledger_errors_total",
            "Writes that the ledger could not keep",
            registry=self.registry,
        )
        self.started = Gauge(
            "pos_bridge_start_time_seconds", "When this process started", registry=self.registry
        )
        self.started.set(time.time())

    def render(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
