"""The outbox: hands recorded events over, in order per checkout, until a worker has them."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bridge.ledger import Ledger, LedgerError, Transaction, requests
from bridge.model import Handover

IDLE = 5.0
BATCH = 256
LEDGER_RETRY = 0.5

# Hands events over; False when some could not be, so that asking again at once is no use.
HandOver = Callable[[list[Handover]], Awaitable[bool]]

log = structlog.get_logger()


class Forwarder:
    """Wakes when an answer's fate is known. `restaurants` are those that are configured."""

    def __init__(
        self, ledger: Ledger, hand_over: HandOver, *, restaurants: tuple[str, ...]
    ) -> None:
        self._ledger = ledger
        self._hand_over = hand_over
        self._restaurants = restaurants
        self._wake = asyncio.Event()

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
            events = await self._ledger.read(self._next)
            return bool(events) and await self._hand_over(events)
        except LedgerError as error:
            log.warning("outbox_cannot_go_on", reason=str(error))
            await asyncio.sleep(LEDGER_RETRY)
            return True

    def _next(self, tx: Transaction) -> list[Handover]:
        return requests.next_handovers(tx, self._ledger.identity, self._restaurants, BATCH)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(IDLE):
                await self._wake.wait()
        except TimeoutError:
            return
