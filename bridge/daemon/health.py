"""What /readyz tells: can this process say yes durably? Everything else is named, not judged."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bridge.ledger import Ledger, LedgerError, Transaction, deliveries, requests
from bridge.model import PosState, Pulses
from bridge.telemetry import Metrics

LEDGER_LIMIT = 2.0

_UP = {PosState.UP: 1, PosState.CLOSED: 0, PosState.DOWN: 0, PosState.UNKNOWN: -1}


class Health:
    """Reads the state of one process; the numbers of /metrics are refreshed on the way."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        pulses: Pulses,
        metrics: Metrics,
        restaurants: tuple[str, ...],
        broker: Callable[[], dict[str, Any]],
    ) -> None:
        self._ledger = ledger
        self._pulses = pulses
        self._metrics = metrics
        self._restaurants = restaurants
        self._broker = broker

    async def read(self) -> dict[str, Any]:
        """{"ready": bool, "ledger": ..., "broker": ..., "restaurants": {id: ...}}."""
        ledger, counts = await self._read_ledger()
        return {
            "ready": bool(ledger["writable"]),
            "ledger": ledger,
            "broker": self._broker(),
            "restaurants": {
                name: {**self._describe(name), "deliveries": counts.get(name, {})}
                for name in self._restaurants
            },
        }

    async def _read_ledger(self) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
        try:
            async with asyncio.timeout(LEDGER_LIMIT):
                await self._ledger.check()
                backlog, counted = await self._ledger.read(_count)
        except LedgerError as error:
            return {"writable": False, "reason": str(error)}, {}
        except TimeoutError:
            return {"writable": False, "reason": f"no answer in {LEDGER_LIMIT:g} s"}, {}
        counts: dict[str, dict[str, int]] = {}
        for restaurant, state, number in counted:
            counts.setdefault(restaurant, {})[state] = number
        self._measure(int(backlog["events"]), counts)
        oldest = backlog["oldest"]
        return {
            "writable": True,
            "identity": self._ledger.identity,
            "events_waiting": backlog["events"],
            "oldest_waiting_at": datetime.fromtimestamp(oldest, UTC).isoformat()
            if oldest
            else None,
        }, counts

    def _measure(self, events: int, counts: dict[str, dict[str, int]]) -> None:
        self._metrics.outbox.set(events)
        self._metrics.deliveries.clear()
        for restaurant, states in counts.items():
            for state, number in states.items():
                self._metrics.deliveries.labels(restaurant, state).set(number)

    def _describe(self, restaurant: str) -> dict[str, Any]:
        heard = self._pulses.find(restaurant)
        if heard is None:
            self._metrics.pos_up.labels(restaurant).set(-1)
            return {"state": PosState.UNKNOWN, "reason": "no worker was heard yet"}
        pulse = heard.pulse
        known = pulse.availability
        self._metrics.pos_up.labels(restaurant).set(_UP[known.state])
        return {
            "state": known.state,
            "reason": known.reason,
            "sold_out": sorted(known.sold_out),
            "checked_at": known.checked_at.isoformat() if known.checked_at else None,
            "failing_since": pulse.failing_since.isoformat() if pulse.failing_since else None,
            "worker": pulse.worker,
            "console": pulse.console,
            "heard_s_ago": round(self._pulses.silence(restaurant), 1),
        }


def _count(
    tx: Transaction,
) -> tuple[dict[str, float | int], list[tuple[str, str, int]]]:
    return requests.backlog(tx), list(deliveries.count_states(tx))
