"""What both halves of the bridge are built on."""

from collections.abc import Callable
from dataclasses import dataclass

from bridge.broker import Lines, LinkState, Names
from bridge.config import Broker, Config
from bridge.ledger import Ledger
from bridge.model import Pulses
from bridge.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Basics:
    """`pulses`: what this process has heard of each restaurant's POS."""

    config: Config
    ledger: Ledger
    metrics: Metrics
    pulses: Pulses

    @property
    def restaurants(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.config.restaurants)

    def build_lines(
        self, broker: Broker, name: str, on_ready: Callable[[], None] = lambda: None
    ) -> Lines:
        """Connections to the broker for the half of that name."""
        return Lines(
            broker.urls(),
            name,
            names=Names(broker.prefix, broker.idle_expiry),
            channels=broker.channels,
            on_change=self._measure_link,
            on_ready=on_ready,
        )

    def _measure_link(self, link: str, state: LinkState) -> None:
        self.metrics.link_up.labels(link).set(state is LinkState.UP)
