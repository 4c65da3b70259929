"""The bugs themselves: each takes the place of one function of the bridge while it is planted.

Nothing of this is in the product; each is what somebody might well write who had not thought of
the crash, the lost answer, or the second worker.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import aio_pika

from bridge import canonical
from bridge.adapter import Blind, OutcomeUnknown
from bridge.broker import consumer, dial, guard, link, lock, publisher, received, topology
from bridge.ingress.courier import Courier
from bridge.ledger import deliveries, ledger, requests
from bridge.ledger.book import Open
from bridge.ledger.deliveries import Verdict
from bridge.model import (
    Acceptance,
    DeliveryState,
    Operation,
    OrderChanged,
    OrderPlaced,
    Slip,
    SlipKind,
)
from bridge.worker import intake, policy, vendor
from bridge.worker.attempt import DONE, Attempts
from bridge.worker.inbox import Inbox
from bridge.worker.lane import Lane


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """`owner.name` is `value` meanwhile."""
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _together(*plants: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for plant in plants:
            stack.enter_context(plant)
        yield


def no_second_look() -> Any:
    """The ingress never asks what became of an event that no worker has recorded."""

    async def look(_self: Courier) -> None:
        return

    return replaced(Courier, "_look_for_late", look)


def ack_before_effect() -> Any:
    """The worker tells broker and ingress that it has an event before it is on its disk."""

    async def take(self: Inbox, event: Any, message: Any) -> None:
        await message.ack()
        self._reporter.note_recorded(event)
        await self._ledger.write(lambda tx: self._record(tx, event))

    return replaced(Inbox, "_take_event", take)


def answer_before_fsync() -> Any:
    """The yes goes out when the order is in memory, not on the disk."""

    connect = ledger._connect

    def connect_fast(path: Any) -> Any:
        connection = connect(path)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return replaced(ledger, "_connect", connect_fast)


def sending_after_send() -> Any:
    """The intent is written once the ticket is out."""

    async def bring(self: Attempts, work: Any) -> None:
        if work.state is DeliveryState.UNKNOWN and not await self._may_resend(work):
            return
        chosen = policy.choose_call(self._adapter.spec, work.operation, work.slip)
        ticket = await self._translate(work, chosen[1]) if chosen else None
        if ticket is None or not self._may_start():
            return
        limit = self._adapter.spec.submit_timeout
        try:
            taken = await vendor.call(self._call(work, chosen[0], ticket), Acceptance, limit=limit)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            number = await self._ledger.write(lambda tx: self._begin(tx, work, ticket))
            await self._fail(work, error, number)
            return
        number = await self._ledger.write(lambda tx: self._begin(tx, work, ticket))
        await self._finish(work, DONE, attempt=number, acceptance=taken)

    return replaced(Attempts, "bring", bring)


def timeout_is_failure() -> Any:
    """No answer from the POS counts as: nothing was sent."""

    decide = policy.decide

    def decide_rashly(error: Any, work: Any, spec: Any, now: float, random: Any) -> Any:
        if isinstance(error, TimeoutError | OutcomeUnknown):
            verdict = Verdict(
                state=DeliveryState.READY, outcome="failed", cause="no answer", next_at=now + 1.0
            )
            return policy.Decision(verdict=verdict)
        return decide(error, work, spec, now, random)

    return replaced(policy, "decide", decide_rashly)


def returns_swallowed() -> Any:
    """What the broker returns counts as confirmed, as the library does it by default."""

    async def open_plainly(self: Any) -> None:
        connection = self._link.connection
        if connection is None:
            raise guard.Disconnected("the link is down")
        self._exchanges = {}
        channel = connection.channel(publisher_confirms=True)
        await channel.initialize()
        self._channel, self._generation = channel, self._link.generation

    return replaced(publisher._Slot, "_open", open_plainly)


def shared_message_id() -> Any:
    """All publishes have the same message id, so the library mistakes one for another."""

    make = publisher._amqp

    def make_alike(envelope: Any) -> aio_pika.Message:
        message = make(envelope)
        message.message_id = "an event"
        return message

    return replaced(publisher, "_amqp", make_alike)


def cancel_before_effect() -> Any:
    """What is being sent at a stop is given up, as if nothing of it had gone out."""
    send = Attempts._send

    async def finish_at_once(self: Lane) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.sleep(0.1)

    async def send_or_leave(self: Any, work: Any, call: Any, ticket: Any, number: int) -> None:
        try:
            await send(self, work, call, ticket, number)
        except asyncio.CancelledError:
            again = Verdict(state=DeliveryState.READY, outcome="cancelled", next_at=0.0)
            self._ledger.post(
                lambda tx: deliveries.finish(tx, work, again, self._ledger.now(), attempt=number)
            )
            raise

    return _together(
        replaced(Lane, "_finish_running", finish_at_once),
        replaced(Attempts, "_send", send_or_leave),
    )


def retry_for_blind() -> Any:
    """A POS that cannot be asked gets the ticket again, unmarked."""

    resolve, unknown = policy.resolve, policy._unknown

    def resolve_rashly(spec: Any, work: Any, now: float) -> Any:
        if isinstance(spec.repeat, Blind):
            return policy.Resolution.RESEND
        return resolve(spec, work, now)

    def stay_unknown(error: Any, spec: Any, again_at: float) -> Any:
        verdict = unknown(error, spec, again_at)
        return replace(verdict, state=DeliveryState.UNKNOWN, next_at=again_at)

    return _together(
        replaced(policy, "resolve", resolve_rashly), replaced(policy, "_unknown", stay_unknown)
    )


def row_deleted_at_confirm() -> Any:
    """The ingress forgets an event as soon as the broker has confirmed it."""

    def forget(tx: Any, seq: int, _now: float) -> None:
        tx.execute("UPDATE request SET stage = NULL WHERE seq = ?", (seq,))
        tx.touch(requests.OUTBOX)

    return replaced(requests, "published", forget)


def dedupe_by_body() -> Any:
    """Another body is another order, whatever its id says."""
    decide, seen = intake.decide, set()

    def decide_by_body(book: Any, handover: Any, terms: Any, now: float, checkout: Any) -> Any:
        booking = decide(book, handover, terms, now, checkout)
        if not isinstance(handover.event, OrderPlaced | OrderChanged):
            return booking
        order, place = handover.event.order, book.place
        body = canonical.encode(order)
        is_known, _ = body in seen, seen.add(body)
        if is_known or place is None:
            return booking
        version = book.next_version
        another = Open(
            operation=Operation.PLACE,
            version=version,
            state=DeliveryState.READY,
            slip=Slip(kind=SlipKind.PLACE, version=version),
            content=order,
            promise_at=place.promise_at,
            next_at=now,
        )
        return replace(booking, actions=(another,))

    return replaced(intake, "decide", decide_by_body)


def no_self_fence() -> Any:
    """Who was given the lock once believes in it until somebody says no."""

    def is_held(self: lock.Lock) -> bool:
        return bool(self._generation) and self.state is not lock.LockState.REFUSED

    return replaced(lock.Lock, "is_held", property(is_held))


def cancellation_passes() -> Any:
    """The library's own cancellation ends whoever has called it."""

    async def call(awaitable: Any, *, limit: float) -> Any:
        try:
            async with asyncio.timeout(limit):
                return await awaitable
        except Exception as error:
            raise guard.translate(error) from error

    users = (consumer, dial, link, lock, publisher, received, topology)
    return _together(*(replaced(user, "call", call) for user in users))


def requeue_without_limit() -> Any:
    """What cannot be read goes back to the front of its queue, for ever."""

    async def give_back(self: consumer.Consumer, _incoming: Any, _reason: str) -> None:
        if self._subscription is not None:
            self._fail(self._subscription)

    return replaced(consumer.Consumer, "_bury", give_back)


def prefetch_after_crash() -> Any:
    """Each crash counts against all that was fetched, and the broker's own limit is low."""
    return replaced(topology, "DELIVERY_LIMIT", 20)
