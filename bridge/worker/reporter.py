"""Tells each ingress what this worker has recorded and what became of it, until it confirms."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bridge import fault
from bridge.broker import Lines, PublishResult
from bridge.ledger import Ledger, LedgerError, Transaction, reports
from bridge.ledger.orders import REPORTS
from bridge.model import Handover, Outcome, Pulses, Recorded

PUBLISH_LIMIT = 5.0
REPEAT_AFTER = 60.0
PAGE = 64
GATHER = 0.1
IDLE = 5.0
PULSE_EVERY = 5.0
TROUBLE_PAUSE = 1.0

log = structlog.get_logger()


class Reporter:
    """The owner runs `run` and `run_pulses`; `serves` says whose lock this worker holds now."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Lines,
        *,
        pulses: Pulses,
        serves: Callable[[str], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._lines = lines
        self._publisher = lines.publisher
        self._names = lines.names
        self._pulses = pulses
        self._serves = serves
        self._sleep = sleep
        self._recorded: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._told_of_others: dict[tuple[str, str, str], int] = {}
        # Ingresses without a queue, and until when they are left alone.
        self._gone: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._pulse_wake = asyncio.Event()

    def note_recorded(self, event: Handover) -> None:
        """Say so to its ingress, with the next message. If that is lost, the ingress asks."""
        self._recorded[event.ingress, event.restaurant].add(event.seq)
        self._wake.set()

    def wake_pulses(self) -> None:
        """Something about a POS or a lock changed: tell now."""
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
        """Tell what is left to tell, before the end."""
        while self._lines.is_ready and await self._turn():
            pass

    async def run_pulses(self, restaurants: Sequence[str]) -> None:
        """Until cancelled: every few seconds and on every change, of the restaurants served."""
        while True:
            await self._lines.wait_ready()
            self._pulse_wake.clear()
            await self._tell_pulses(restaurants)
            await self._rest(self._pulse_wake, PULSE_EVERY)
            await self._sleep(GATHER)

    async def _tell_pulses(self, restaurants: Sequence[str]) -> None:
        # Of a restaurant that another worker serves only that one may speak.
        heard = [self._pulses.find(name) for name in restaurants if self._serves(name)]
        target = self._names.to_all_ingresses()
        await asyncio.gather(
            *(
                self._publisher.publish(target, one.pulse, timeout=PUBLISH_LIMIT)
                for one in heard
                if one is not None
            )
        )

    async def _turn(self) -> bool:
        """True if there may be more at once."""
        await self._tell_recorded()
        try:
            due = await self._ledger.read(self._list_due)
            told = [
                each
                for each, was_told in zip(
                    due, await asyncio.gather(*(self._tell(*each) for each in due)), strict=True
                )
                if was_told
            ]
            await self._note_sent(told)
        except LedgerError as error:
            log.warning("outcomes_wait", reason=str(error))
        except Exception:
            # What cannot be told must not end the lanes; it is tried, and complained of, again.
            log.exception("outcomes_failed")
        else:
            return len(told) == PAGE
        await self._sleep(TROUBLE_PAUSE)
        return False

    def _list_due(self, tx: Transaction) -> list[tuple[str, Outcome]]:
        now, worker = self._ledger.now(), self._ledger.identity
        self._gone = {name: until for name, until in self._gone.items() if until > now}
        return reports.list_due(
            tx, worker, now, repeat_after=REPEAT_AFTER, limit=PAGE, gone=self._gone
        )

    async def _tell_recorded(self) -> None:
        waiting, self._recorded = self._recorded, defaultdict(set)
        await asyncio.gather(
            *(self._tell_seqs(ingress, name, seqs) for (ingress, name), seqs in waiting.items())
        )

    async def _tell_seqs(self, ingress: str, restaurant: str, seqs: set[int]) -> None:
        message = Recorded(
            worker=self._ledger.identity, restaurant=restaurant, seqs=tuple(sorted(seqs))
        )
        target = self._names.to_ingress(ingress)
        result = await self._publisher.publish(target, message, timeout=PUBLISH_LIMIT)
        # Without a queue there is no such ingress now; should it come back, it asks.
        is_over = result in {PublishResult.CONFIRMED, PublishResult.RETURNED}
        if not is_over and not (result is PublishResult.UNKNOWN and self._lines.is_ready):
            self._recorded[ingress, restaurant] |= seqs

    async def _tell(self, ingress: str, outcome: Outcome) -> bool:
        """True if there is nothing more to do about it until it is time to repeat it."""
        key = (ingress, outcome.restaurant, outcome.order_id)
        serves = self._serves(outcome.restaurant)
        if not serves and self._told_of_others.get(key) == outcome.revision:
            # Another worker serves that restaurant: the confirmation goes to that one.
            return True
        target = self._names.to_ingress(ingress)
        try:
            result = await self._publisher.publish(target, outcome, timeout=PUBLISH_LIMIT)
        except Exception as error:  # noqa: BLE001  a mistake of ours about one order
            fault.tell(
                "outcome_not_told",
                error,
                restaurant=outcome.restaurant,
                order_id=outcome.order_id,
            )
            return True
        if result is PublishResult.NOT_SENT:
            return False
        if result is PublishResult.RETURNED:
            self._gone[ingress] = self._ledger.now() + REPEAT_AFTER
        if not serves:
            self._told_of_others[key] = outcome.revision
        return True

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
