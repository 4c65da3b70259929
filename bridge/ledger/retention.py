"""What carts leave behind is kept for a time: they are many, and most never become an order."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bridge.ledger import requests
from bridge.ledger.ledger import Ledger
from bridge.ledger.transaction import LedgerError, Transaction

# Seconds between two looks, and between two steps of one: others write meanwhile.
LOOK_EVERY = 300.0
PAUSE = 0.2
# Calls in one step, which is one write of some milliseconds.
STEP = 200

_OLD = """
SELECT seq FROM request INDEXED BY request_cart
WHERE hook = 'promo' AND body <> x'' AND received_at < ? ORDER BY received_at LIMIT ?
"""
Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


def forget_carts(tx: Transaction, before: float, most: int = STEP) -> int:
    """Of carts from before that time: price checks go, of checkout starts the body; how many.

    What an order is made of, and what is still to be handed over, came by other hooks. That a
    checkout started, and what it was told, stays in the history of its orders.
    """
    found = [row["seq"] for row in tx.execute(_OLD, (before, most)).fetchall()]
    marks = ",".join("?" * len(found))
    tx.execute(f"DELETE FROM request WHERE seq IN ({marks}) AND {requests.IS_PRICE_CHECK}", found)  # noqa: S608  marks
    tx.execute(f"UPDATE request SET body = x'', digest = NULL WHERE seq IN ({marks})", found)  # noqa: S608  marks
    return len(found)


class Retention:
    """Owned by the ingress; `kept_for` in seconds."""

    def __init__(self, ledger: Ledger, kept_for: float, *, sleep: Sleep = asyncio.sleep) -> None:
        self._ledger = ledger
        self._kept_for = kept_for
        self._sleep = sleep

    async def run(self) -> None:
        """Until cancelled, a little at a time. A ledger that cannot be written is asked later."""
        while True:
            try:
                pause = PAUSE if await self._step() == STEP else LOOK_EVERY
            except LedgerError as error:
                log.warning("carts_not_forgotten", reason=str(error))
                pause = LOOK_EVERY
            await self._sleep(pause)

    async def _step(self) -> int:
        before = self._ledger.now() - self._kept_for
        # Most looks find nothing: they must not wait for the disk.
        if not await self._ledger.read(lambda tx: tx.execute(_OLD, (before, 1)).fetchone()):
            return 0
        return await self._ledger.write(lambda tx: forget_carts(tx, before))
