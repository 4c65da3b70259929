"""The half that answers the platform, behind its listener: recorded events find their worker."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bridge.broker import Lines, ingress_items
from bridge.config import Broker
from bridge.daemon.basics import Basics
from bridge.daemon.parts import end_of, run_parts
from bridge.ingress.backlog import Backlog
from bridge.ingress.courier import Courier
from bridge.ingress.ear import Ear
from bridge.ingress.forwarder import Forwarder
from bridge.ingress.lag import Lag
from bridge.ingress.pace import Pace
from bridge.ingress.postbox import Postbox
from bridge.ledger import LedgerError, Transaction, requests
from bridge.ledger.retention import Retention
from bridge.model import Handover

# An answer is out, or will never be, long before this time.
FATE_LIMIT = 60.0
LOOK_EVERY = 30.0
LEDGER_RETRY = 1.0
LAST_HANDOVER = 1.0

Take = Callable[[list[Handover]], Awaitable[bool]]

log = structlog.get_logger()


class IngressService:
    """`take` is the worker of this process, for the shape without a broker.

    `backlog` and `lag` are for those who answer the calls.
    """

    def __init__(self, basics: Basics, take: Take | None) -> None:
        self._basics = basics
        self._take = take
        self.backlog = Backlog(basics.ledger, basics.restaurants)
        self.lag = Lag(measure=basics.metrics.loop_lag.set)
        self._lines: Lines | None = None
        self._courier: Courier | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self) -> None:
        broker = self._basics.config.broker
        serve = self._serve() if broker is None else self._serve_broker(broker)
        self._task = asyncio.create_task(serve, name="ingress")
        self._task.add_done_callback(self._note_end)

    async def stop(self) -> None:
        """What was answered last is still handed over, if that can be done at once."""
        if self._task is None:
            return
        if not self._task.done() and self._can_hand_over():
            await self._hand_over_last()
        self._is_stopping = True
        self._task.cancel()
        await asyncio.wait({self._task})

    def describe_links(self) -> dict[str, Any]:
        """Links, and which restaurants' events do not get through; empty without a broker."""
        if self._lines is None or self._courier is None:
            return {}
        return {**self._lines.describe(), "not_through": self._courier.describe_trouble()}

    async def _serve(self) -> None:
        take = self._take
        if take is None:
            raise ValueError("without a broker the worker must be in this process")
        await self._take_published(take)
        await run_parts(outbox=self._forwarder(take).run(), **self._looks())

    async def _serve_broker(self, broker: Broker) -> None:
        basics = self._basics

        def wake() -> None:
            forwarder.wake()

        lines = self._lines = basics.build_lines(broker, "ingress", wake)
        rates = {one.id: float(one.drain_rate) for one in basics.config.restaurants}
        pace = Pace(rates, now=basics.ledger.now)
        courier = self._courier = Courier(
            basics.ledger,
            lines,
            pulses=basics.pulses,
            metrics=basics.metrics,
            restaurants=basics.restaurants,
            pace=pace,
        )
        forwarder = self._forwarder(courier.hand_over, pace)
        items = ingress_items(lines.names, basics.ledger.identity, basics.restaurants)
        await run_parts(
            lines=lines.run(items),
            outbox=forwarder.run(),
            late_events=courier.run(),
            postbox=Postbox(basics.ledger, lines, basics.pulses).run(),
            ear=Ear(basics.ledger, lines, basics.pulses, basics.restaurants).run(),
            **self._looks(),
        )

    def _looks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What is looked after in every shape."""
        kept_for = self._basics.config.ledger.keep_carts * 3600.0
        return {
            "fates": self._settle_forgotten(),
            "backlog": self.backlog.run(),
            "lag": self.lag.run(),
            "carts": Retention(self._basics.ledger, kept_for).run(),
        }

    def _forwarder(self, hand_over: Take, pace: Pace | None = None) -> Forwarder:
        restaurants = self._basics.restaurants
        return Forwarder(self._basics.ledger, hand_over, restaurants=restaurants, pace=pace)

    async def _take_published(self, take: Take) -> None:
        """What went to a broker that is not configured any more, and that no worker recorded."""
        while True:
            try:
                events = await self._basics.ledger.read(self._find_published)
                if not events:
                    return
                log.warning("published_events_taken_back", number=len(events))
                await take(events)
            except LedgerError as error:
                log.warning("outbox_cannot_go_on", reason=str(error))
                await asyncio.sleep(LEDGER_RETRY)

    def _find_published(self, tx: Transaction) -> list[Handover]:
        names = list(self._basics.restaurants)
        return requests.late(tx, float("inf"), names, self._basics.ledger.identity)

    async def _settle_forgotten(self) -> None:
        """Nobody tells the fate of an answer whose handler was ended: do not wait for it."""
        ledger = self._basics.ledger

        def job(tx: Transaction) -> int:
            return requests.settle_forgotten(tx, ledger.now() - FATE_LIMIT)

        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                number = await ledger.write(job)
            except LedgerError as error:
                log.warning("fates_not_settled", reason=str(error))
                continue
            if number:
                log.warning("fates_settled_as_unsure", number=number)

    def _can_hand_over(self) -> bool:
        return self._basics.ledger.alive and (self._lines is None or self._lines.is_ready)

    async def _hand_over_last(self) -> None:
        moved = asyncio.Event()
        forget = self._basics.ledger.listen(requests.OUTBOX, moved.set)
        try:
            async with asyncio.timeout(LAST_HANDOVER):
                while await self._basics.ledger.read(self._find_open):
                    await moved.wait()
                    moved.clear()
        except (TimeoutError, LedgerError):
            log.warning("events_stay_in_the_outbox", hint="they go on at the next start")
        finally:
            forget()

    def _find_open(self, tx: Transaction) -> list[Handover]:
        basics = self._basics
        return requests.next_handovers(tx, basics.ledger.identity, basics.restaurants, 1)

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        error = end_of(task, "the ingress")
        if not self._is_stopping and not self.died.done():
            self.died.set_exception(error)
            # Whoever watches it hears of it; nobody may be left to.
            self.died.exception()
