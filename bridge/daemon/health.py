"""What /readyz tells: can this process say yes durably? Everything else is named, not judged."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bridge.ledger import Ledger, LedgerError, Transaction, deliveries, requests
from bridge.ledger.room import MEGABYTE
from bridge.ledger.unplaced import WEEK, Unplaced, list_unplaced
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
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ledger = ledger
        self._pulses = pulses
        self._metrics = metrics
        self._restaurants = restaurants
        self._broker = broker
        self._is_open = is_open

    async def read(self) -> dict[str, Any]:
        """{"ready": bool, "ledger": ..., "disk": ..., "broker": ..., "restaurants": {id: ...}}."""
        ledger, counts = await self._read_ledger()
        disk = self._describe_disk()
        self._metrics.ledger_writable.set(ledger["writable"])
        return {
            # Not before its doors are open: who asks would send guests to one that is shut.
            "ready": bool(ledger["writable"]) and self._is_open(),
            "ledger": ledger,
            "disk": disk,
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
                since = self._ledger.now() - WEEK
                backlog, counted, unplaced = await self._ledger.read(lambda tx: _count(tx, since))
                damaged = await self._ledger.count_damaged()
        except LedgerError as error:
            return {"writable": False, "reason": str(error)}, {}
        except TimeoutError:
            return {"writable": False, "reason": f"no answer in {LEDGER_LIMIT:g} s"}, {}
        counts: dict[str, dict[str, int]] = {}
        for restaurant, state, number in counted:
            counts.setdefault(restaurant, {})[state] = number
        self._measure(int(backlog["events"]), counts)
        self._measure_refunds(unplaced)
        oldest = backlog["oldest"]
        self._metrics.ledger_damaged.set(damaged)
        return {
            **self._judge_room(),
            "identity": self._ledger.identity,
            "damaged_rows": damaged,
            "events_waiting": backlog["events"],
            "oldest_waiting_at": datetime.fromtimestamp(oldest, UTC).isoformat()
            if oldest
            else None,
        }, counts

    def _judge_room(self) -> dict[str, Any]:
        if not self._ledger.is_short:
            return {"writable": True}
        reason = "the disk is nearly full; what is left is for orders that got a yes"
        return {"writable": False, "reason": reason}

    def _describe_disk(self) -> dict[str, Any]:
        """From memory, for the disk may not answer."""
        ledger, metrics = self._ledger, self._metrics
        metrics.ledger_free.set(ledger.free)
        metrics.ledger_renewals.set(ledger.renewals)
        return {
            "room": ledger.room,
            "free_mb": ledger.free // MEGABYTE,
            "renewals": ledger.renewals,
        }

    def _measure(self, events: int, counts: dict[str, dict[str, int]]) -> None:
        self._metrics.outbox.set(events)
        self._metrics.deliveries.clear()
        for restaurant, states in counts.items():
            for state, number in states.items():
                self._metrics.deliveries.labels(restaurant, state).set(number)

    def _measure_refunds(self, unplaced: list[Unplaced]) -> None:
        self._metrics.refunds_unplaced.clear()
        counts = Counter(one.restaurant for one in unplaced)
        for restaurant in self._restaurants:
            self._metrics.refunds_unplaced.labels(restaurant).set(counts.pop(restaurant, 0))
        # Of whomever the others are.
        self._metrics.refunds_unplaced.labels("").set(counts.total())

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
            "heard_s_ago": round(self._pulses.age(restaurant), 1),
        }


def _count(
    tx: Transaction, since: float
) -> tuple[dict[str, float | int], list[tuple[str, str, int]], list[Unplaced]]:
    counts = list(deliveries.count_states(tx))
    return requests.backlog(tx), counts, list_unplaced(tx, since)
