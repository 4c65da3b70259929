"""One restaurant's POS as the lane sees it: its adapter, opened and probed, and what is known."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from bridge.adapter import (
    Adapter,
    AdapterMisconfigured,
    Capability,
    OperatorNeeded,
    PosUnreachable,
    Promotions,
)
from bridge.model import Availability, Cart, Deadline, PosState
from bridge.worker import vendor
from bridge.worker.breaker import Breaker
from bridge.worker.policy import describe
from bridge.worker.watch import Watch

OPEN_LIMIT = 30.0
PROBE_LIMIT = 3.0
# A checkout in a hurry may ask for less: that its time was short says nothing about the POS.
ENOUGH = 0.9 * PROBE_LIMIT
CLOSE_LIMIT = 5.0

log = structlog.get_logger()


class Pos:
    """Opens the adapter until it opens, probes it for ever; tells `on_change` of each turn."""

    def __init__(
        self,
        restaurant: str,
        adapter: Adapter,
        *,
        probe_every: float,
        now: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self.restaurant = restaurant
        self.adapter = adapter
        self.watch = Watch()
        self.opened = asyncio.Event()
        self.paused = ""
        self._listeners: list[Callable[[], None]] = []
        self._probe_every = probe_every
        self._now = now
        self._random = random
        self._breaker = Breaker(adapter.spec.max_in_flight, random=random)

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    @property
    def takes_tickets(self) -> bool:
        """True when the lane may start an attempt."""
        return self.opened.is_set() and not self.paused and self.watch.takes_tickets

    def limit(self) -> int:
        """So many tickets may be under way now."""
        return self._breaker.limit(self._seconds()) if self.takes_tickets else 0

    @property
    def rests_until(self) -> float | None:
        """When it may get tickets again, None if it does not rest from what came of the last."""
        is_resting = self._breaker.rests(self._seconds())
        return self._breaker.rests_until if is_resting else None

    async def run(self) -> None:
        """Until cancelled; the caller owns the task."""
        try:
            await self._open()
            while True:
                await self.probe(Deadline.after(PROBE_LIMIT))
                await asyncio.sleep(self._probe_every * (0.8 + 0.4 * self._random()))
        finally:
            await self._close()

    async def probe(self, deadline: Deadline) -> bool | None:
        """Ask the POS: True good, False it does not take tickets, None unclear (a time-out)."""
        if self._is_paused():
            return False
        if not self.opened.is_set():
            return False if self.watch.failing_since else None
        limit = deadline.left
        try:
            heard = await vendor.call(self._ask(deadline), Availability, limit=limit)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            return self._take_no_answer(error, deadline, limit)
        if self._is_paused():  # meanwhile, by an attempt
            return False
        if heard.state is PosState.DOWN and deadline.passed:
            return self._take_no_answer(TimeoutError(), deadline, limit)
        self._turn(lambda: self.watch.heard(heard, self._now()))
        return heard.state is not PosState.DOWN

    async def quote(self, cart: Cart, deadline: Deadline) -> object:
        """What the adapter says to a cart, unchecked; None while it says nothing.

        Raises what the adapter raised, TimeoutError or an error of `vendor`.
        """
        if not self.opened.is_set() or self._is_paused():
            return None
        return await vendor.call(self._ask_quote(cart, deadline), object, limit=deadline.left)

    def _take_no_answer(self, error: Exception, deadline: Deadline, limit: float) -> bool | None:
        """False if the POS does not take tickets; a "no" for want of time proves nothing."""
        too_late = deadline.passed and isinstance(error, PosUnreachable)
        if not too_late and not isinstance(error, TimeoutError):
            self._note_error(error)
            return False
        if limit >= ENOUGH:
            self.failed("no answer in time")
        return None

    def took_ticket(self) -> None:
        self._breaker.went_well(self._seconds())
        if self._is_paused():
            return
        self._turn(lambda: self.watch.took_ticket(self._now()))

    def left_in_doubt(self) -> None:
        """Nobody knows what became of a ticket."""
        self._breaker.went_wrong(self._seconds())

    def rest(self, until: float) -> None:
        """It is busy, and asked for that."""
        self._breaker.rest(until)

    def failed(self, reason: str) -> None:
        self._breaker.start_slowly()
        self._turn(lambda: self.watch.failed(reason, self._now()))

    def pause(self, reason: str) -> None:
        """Nothing more is started for this restaurant until `resume`."""
        self.paused = reason
        log.error("restaurant_paused", restaurant=self.restaurant, reason=reason)
        self._turn(lambda: self.watch.stopped(reason, self._now()))

    def resume(self) -> None:
        """A person says that it is mended; the next probe tells."""
        self.paused = ""
        self._turn(self.watch.trust)
        self._tell()

    def _seconds(self) -> float:
        return self._now().timestamp()

    def _is_paused(self) -> bool:
        return bool(self.paused)

    async def _ask(self, deadline: Deadline) -> object:
        return await self.adapter.probe(deadline)

    async def _ask_quote(self, cart: Cart, deadline: Deadline) -> object:
        adapter = self.adapter
        if not isinstance(adapter, Promotions):
            return None
        may_know = Capability.CONTACT in adapter.spec.capabilities
        return await adapter.quote(cart if may_know else cart.without_contact(), deadline)

    async def _open(self) -> None:
        async for attempt in AsyncRetrying(
            wait=wait_random_exponential(multiplier=0.5, max=15),
            retry=retry_if_exception_type(Exception),
        ):
            with attempt:
                await self._try_open()
        self.opened.set()
        self._tell()

    async def _close(self) -> None:
        try:
            await vendor.call(self.adapter.close(), object, limit=CLOSE_LIMIT)
        except Exception:
            log.exception("adapter_close_failed", restaurant=self.restaurant)

    async def _try_open(self) -> None:
        try:
            await vendor.call(self.adapter.open(), object, limit=OPEN_LIMIT)
        except Exception as error:
            self._note_error(error)
            raise

    def _note_error(self, error: Exception) -> None:
        reason = describe(error)
        if isinstance(error, AdapterMisconfigured | OperatorNeeded):
            self._turn(lambda: self.watch.stopped(reason, self._now()))
        else:
            self.failed(reason)

    def _turn(self, apply: Callable[[], None]) -> None:
        before = self._visible()
        apply()
        after = self._visible()
        if before != after:
            self._log(after[0])
            self._tell()

    def _visible(self) -> tuple[bool, Availability]:
        known = self.watch.availability
        return self.watch.takes_tickets, Availability(
            state=known.state, reason=known.reason, sold_out=known.sold_out
        )

    def _log(self, good: bool) -> None:
        known = self.watch.availability
        # Not yet proof that it is down, but no tickets go there either.
        state = known.state if good or self.watch.proven_down else "failing"
        event = log.info if good else log.warning
        event("pos_turned", restaurant=self.restaurant, state=state, reason=known.reason)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
