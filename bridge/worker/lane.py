"""The deliveries of one restaurant, in order per checkout, several checkouts at once.

The lane asks the ledger for what is ready, commits the intent (`sending`), calls the adapter, and
commits the outcome. Time, order and state live in the ledger; the lane holds only what runs now.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bridge.ledger import Ledger, LedgerError, Transaction, deliveries, recovery, timers
from bridge.ledger.deliveries import Work
from bridge.ledger.orders import lane_topic
from bridge.worker.attempt import Attempts
from bridge.worker.pos import Pos

IDLE = 30.0
LEDGER_RETRY = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    work: list[Work]
    next_at: float | None


class Lane:
    """`may_start` says whether this worker serves the restaurant now (the broker's lock)."""

    def __init__(
        self,
        pos: Pos,
        ledger: Ledger,
        *,
        attempts: Attempts,
        may_start: Callable[[], bool] = lambda: True,
    ) -> None:
        self.restaurant = pos.restaurant
        self._pos = pos
        self._ledger = ledger
        self._attempts = attempts
        self._may_start = may_start
        self._wake = asyncio.Event()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._checkouts: set[str] = set()
        self._stopping = False
        # What people let go out late, and the other orders, take turns.
        self._answered_first = False

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`; then the attempts that run are finished first. Cancelled: at once."""
        forget = self._ledger.listen(lane_topic(self.restaurant), self.wake)
        self._pos.on_change(self.wake)
        try:
            while not self._stopping:
                self._wake.clear()
                await self._sleep_until(await self._turn())
            await self._finish_running()
        finally:
            forget()
            for task in self._running.values():
                task.cancel()
            await self._finish_running()

    def stop(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self._wake.set()

    async def _finish_running(self) -> None:
        if self._running:
            await asyncio.wait(tuple(self._running.values()))

    async def _turn(self) -> float | None:
        """Start what may start; returns when the clock has something to do next."""
        # As it is now, on this loop: the plan itself is made on the ledger's thread.
        running, limit = frozenset(self._running), self._count_free()
        first = self._answered_first
        try:
            plan = await self._ledger.write(lambda tx: self._plan(tx, running, limit, first))
        except LedgerError as error:
            log.warning("lane_cannot_read", restaurant=self.restaurant, reason=str(error))
            await asyncio.sleep(LEDGER_RETRY)
            self._wake.set()
            return None
        for work in plan.work:
            self._start(work)
        return self._next_turn(plan.next_at)

    def _next_turn(self, next_at: float | None) -> float | None:
        """Also when the POS has rested: what is ready then was ready before."""
        moments = [at for at in (next_at, self._pos.rests_until) if at is not None]
        return min(moments, default=None)

    def _count_free(self) -> int:
        """How many deliveries to look at: those that are being prepared are still listed."""
        limit = self._pos.limit()
        return limit if self._is_able() and limit > len(self._running) else 0

    def _is_able(self) -> bool:
        return not self._stopping and self._may_start() and self._pos.takes_tickets

    def _plan(
        self, tx: Transaction, running: frozenset[int], limit: int, answered_first: bool
    ) -> _Plan:
        now = self._ledger.now()
        recovery.recover_lost(tx, self.restaurant, running, now)
        moved = (
            timers.run_timers(tx, self.restaurant, now),
            timers.hold_late(tx, self.restaurant, now),
        )
        if timers.STEP in moved:
            # The rest at once, in a write of its own; what is late must not be sent before.
            return _Plan(work=[], next_at=now)
        return _Plan(
            work=deliveries.list_work(
                tx, self.restaurant, now, limit, answered_first=answered_first
            ),
            next_at=timers.next_moment(tx, self.restaurant, now),
        )

    def _start(self, work: Work) -> None:
        if not self._is_able() or len(self._running) >= self._pos.limit():
            return
        if work.id in self._running or work.checkout_id in self._checkouts:
            return
        self._checkouts.add(work.checkout_id)
        self._answered_first = work.answered_for is None
        task = asyncio.create_task(self._bring(work), name=f"delivery-{work.id}")
        self._running[work.id] = task
        task.add_done_callback(lambda _task: self._finished(work))

    async def _bring(self, work: Work) -> None:
        try:
            await self._attempts.bring(work)
        except Exception:
            # A bug of ours, or no ledger: if the intent is written, the next turn finds it lost.
            log.exception("attempt_failed", restaurant=self.restaurant, order_id=work.order_id)
            await asyncio.sleep(LEDGER_RETRY)

    def _finished(self, work: Work) -> None:
        self._running.pop(work.id, None)
        self._checkouts.discard(work.checkout_id)
        self._wake.set()

    async def _sleep_until(self, next_at: float | None) -> None:
        seconds = IDLE if next_at is None else max(0.0, min(IDLE, next_at - self._ledger.now()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
