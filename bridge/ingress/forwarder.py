"""The outbox: hands recorded events over, in order per checkout, until a worker has them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bridge import fault
from bridge.ingress.pace import BATCH, IDLE, Pace
from bridge.ledger import Ledger, LedgerError, Transaction, outbox, requests
from bridge.model import Handover

LEDGER_RETRY = 0.5
# An event that cannot be handed over is tried again after this time; so many of them without a
# good one in between are no matter of the events, and end the forwarder.
ASIDE = 60.0
BAD_IN_A_ROW = 3

# Hands events over; False when some could not be, so that asking again at once is no use.
HandOver = Callable[[list[Handover]], Awaitable[bool]]

log = structlog.get_logger()


class Forwarder:
    """Wakes when an answer's fate is known. `restaurants` are those that are configured.

    Without a `pace` everything goes as it came.
    """

    def __init__(
        self,
        ledger: Ledger,
        hand_over: HandOver,
        *,
        restaurants: tuple[str, ...],
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._hand_over = hand_over
        self._restaurants = restaurants
        self._pace = pace
        self._clock = clock
        self._wake = asyncio.Event()
        self._aside: dict[int, float] = {}
        self._bad_in_a_row = 0

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        forget = self._ledger.listen(requests.OUTBOX, self.wake)
        try:
            while True:
                self._wake.clear()
                if not await self._turn():
                    await self._sleep()
        finally:
            forget()

    async def _turn(self) -> bool:
        """Hand over what is open; True if there may be more at once."""
        try:
            events = await self._ledger.read(self._find())
            events = [event for event in events if self._is_its_turn(event)]
            return bool(events) and await self._pass_on(events)
        except LedgerError as error:
            log.warning("outbox_cannot_go_on", reason=str(error))
            await asyncio.sleep(LEDGER_RETRY)
            return True

    async def _pass_on(self, events: list[Handover]) -> bool:
        """All at once; if that fails each alone, so that a bad one holds up no other."""
        try:
            went = await self._hand_over(events)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  told of, or raised, in `_set_aside`
            if len(events) > 1:
                return all([await self._pass_on([event]) for event in events])
            self._set_aside(events[0], error)
            return True
        self._bad_in_a_row = 0
        return went

    def _set_aside(self, event: Handover, error: Exception) -> None:
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= BAD_IN_A_ROW:
            raise error
        self._aside[event.seq] = self._clock() + ASIDE
        self._ledger.post(lambda tx: outbox.mark(tx, event.seq, outbox.SET_ASIDE))
        fault.tell(
            "event_set_aside",
            error,
            correlation_id=event.correlation_id,
            restaurant=event.restaurant,
            order_id=event.event.order_id,
        )

    def _is_its_turn(self, event: Handover) -> bool:
        if self._aside.get(event.seq, 0.0) > self._clock():
            return False
        self._aside.pop(event.seq, None)
        return True

    def _find(self) -> Callable[[Transaction], list[Handover]]:
        identity, names = self._ledger.identity, self._restaurants
        if self._pace is not None:
            return self._pace.find(identity, names)
        return lambda tx: requests.next_handovers(tx, identity, names, BATCH)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._pace.rest if self._pace else IDLE):
                await self._wake.wait()
        except TimeoutError:
            return
