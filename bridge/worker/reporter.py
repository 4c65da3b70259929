"""Tells each ingress what this worker has recorded and what became of it, until it confirms."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

import structlog

from bridge.broker import Lines, PublishResult
from bridge.ledger import Ledger, LedgerError, Transaction, reports
from bridge.ledger.orders import REPORTS
from bridge.model import Handover, Outcome, Pulses, Recorded

PUBLISH_LIMIT = 5.0
REPEAT_AFTER = 60.0
GATHER = 0.1
IDLE = 5.0
PULSE_EVERY = 5.0

log = structlog.get_logger()


class Reporter:
    """The owner runs `run` and `run_pulses`."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        *,
        pulses: Pulses,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._publisher = lines.publisher
        self._names = lines.names
        self._pulses = pulses
        self._sleep = sleep
        self._recorded: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._wake = asyncio.Event()
        self._pulse_wake = asyncio.Event()

    def note_recorded(self, event: Handover, *, asked_again: bool) -> None:
        """Say so to its ingress, with the next message. If that is lost, the ingress asks."""
        self._recorded[event.ingress, event.restaurant].add(event.seq)
        if asked_again:
            log.info("state_asked_again", event_id=event.event_id, restaurant=event.restaurant)
        self._wake.set()

    def wake_pulses(self) -> None:
        """Something about a POS changed: tell now."""
        self._pulse_wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        forget = self._ledger.listen(REPORTS, self._wake.set)
        try:
            while True:
                await self._lines.wait_ready()
                self._wake.clear()
                if not await self._turn():
                    await self._rest(self._wake, IDLE)
                # Several changes of one order make one outcome.
                await self._sleep(GATHER)
        finally:
            forget()

    async def flush(self) -> None:
        """One last turn before the end."""
        if self._lines.is_ready:
            await self._turn()

    async def run_pulses(self, restaurants: tuple[str, ...]) -> None:
        """Until cancelled: every few seconds and on every change."""
        while True:
            await self._lines.wait_ready()
            self._pulse_wake.clear()
            for restaurant in restaurants:
                heard = self._pulses.find(restaurant)
                if heard is not None:
                    target = self._names.to_all_ingresses()
                    await self._publisher.publish(target, heard.pulse, timeout=PUBLISH_LIMIT)
            await self._rest(self._pulse_wake, PULSE_EVERY)
            await self._sleep(GATHER)

    async def _turn(self) -> bool:
        """True if there may be more at once."""
        try:
            await self._tell_recorded()
            due = await self._ledger.read(
                lambda tx: reports.list_due(
                    tx, self._ledger.identity, self._ledger.now(), repeat_after=REPEAT_AFTER
                )
            )
            told = await asyncio.gather(*(self._tell(to, outcome) for to, outcome in due))
            await self._note_sent([one for one, went in zip(due, told, strict=True) if went])
        except LedgerError as error:
            log.warning("outcomes_unknown", reason=str(error))
            await self._sleep(1.0)
            return False
        return bool(told) and all(told)

    async def _tell_recorded(self) -> None:
        waiting, self._recorded = self._recorded, defaultdict(set)
        for (ingress, restaurant), seqs in waiting.items():
            message = Recorded(
                worker=self._ledger.identity, restaurant=restaurant, seqs=tuple(sorted(seqs))
            )
            target = self._names.to_ingress(ingress)
            result = await self._publisher.publish(target, message, timeout=PUBLISH_LIMIT)
            if result is not PublishResult.CONFIRMED:
                self._recorded[ingress, restaurant] |= seqs

    async def _tell(self, ingress: str, outcome: Outcome) -> bool:
        target = self._names.to_ingress(ingress)
        result = await self._publisher.publish(target, outcome, timeout=PUBLISH_LIMIT)
        return result is PublishResult.CONFIRMED

    async def _note_sent(self, told: list[tuple[str, Outcome]]) -> None:
        if not told:
            return

        def job(tx: Transaction) -> None:
            for ingress, outcome in told:
                reports.sent(tx, ingress, outcome, self._ledger.now())

        await self._ledger.write(job)

    async def _rest(self, wake: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return
