import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bridge.ingress.forwarder import ASIDE, BAD_IN_A_ROW, Forwarder
from bridge.ledger import LedgerError, requests
from bridge.model import Fate
from tests.doorway import RESTAURANT, an_injection
from tests.unit.ingress.conftest import a_call
from tests.wires import rows


class Worker:
    """Takes events, except those of orders it chokes on."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.bad = set()
        self.took = []
        self.choked = []
        self.arrived = asyncio.Event()

    async def take(self, events):
        found = {event.event.order.id for event in events}
        if found & self.bad:
            self.choked.append(found)
            raise ValueError("Eric Wang")

        def job(tx):
            for event in events:
                requests.recorded(tx, event.restaurant, (event.seq,), 1.0)

        await self.ledger.write(job)
        self.took += [event.event.order.id for event in events]
        self.arrived.set()
        return True


@pytest.fixture
async def worker(ledger):
    return Worker(ledger)


@pytest.fixture
def accept(reception, ledger):
    """Order ids, received and answered."""

    async def receive(*order_ids, fate=Fate.WRITTEN):
        for order_id in order_ids:
            reply = await reception.answer(a_call(an_injection(order_id)))
            if fate:
                await ledger.write(lambda tx, seq=reply.seq: requests.settle(tx, seq, fate))
        return reply

    return receive


@asynccontextmanager
async def running(forwarder):
    task = asyncio.ensure_future(forwarder.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def forwarder_of(ledger, worker, **more):
    return Forwarder(ledger, worker.take, restaurants=(RESTAURANT,), **more)


async def test_what_is_open_is_handed_over_in_order(ledger, worker, accept):
    await accept("a", "b", "c")
    async with running(forwarder_of(ledger, worker)):
        await worker.arrived.wait()

    assert worker.took == ["a", "b", "c"]


async def test_an_event_without_a_fate_stays(ledger, worker, accept):
    await accept("a", fate=None)
    await accept("b")
    async with running(forwarder_of(ledger, worker)):
        await worker.arrived.wait()

    assert worker.took == ["b"]


async def test_a_late_yes_is_never_handed_over(ledger, worker, accept):
    await accept("a", fate=None)
    call = a_call()
    await ledger.write(lambda tx: requests.withdraw(tx, call.correlation_id, call.received_at))
    await accept("b")
    async with running(forwarder_of(ledger, worker)):
        await worker.arrived.wait()

    assert worker.took == ["b"]


async def test_a_fate_wakes_it(ledger, worker, accept):
    async with running(forwarder_of(ledger, worker)):
        await asyncio.sleep(0)
        await accept("a")
        await worker.arrived.wait()

    assert worker.took == ["a"]


async def test_a_restaurant_that_is_not_configured_stays(ledger, worker, accept):
    await accept("a")
    forwarder = Forwarder(ledger, worker.take, restaurants=("another",))

    assert not await forwarder._turn()


async def test_a_bad_event_holds_up_no_other(ledger, worker, accept):
    await accept("a", "b", "c")
    worker.bad = {"b"}
    with capture_logs() as logs:
        await forwarder_of(ledger, worker)._turn()

    assert worker.took == ["a", "c"]
    assert [(line["event"], line["order_id"]) for line in logs] == [("event_set_aside", "b")]
    assert "Eric" not in repr(logs)
    assert [row.order_id for row in await rows(ledger) if row.error] == ["b"]


async def test_a_bad_event_is_tried_again_later(ledger, worker, accept):
    await accept("a")
    worker.bad, now = {"a"}, 0.0
    forwarder = forwarder_of(ledger, worker, clock=lambda: now)
    await forwarder._turn()
    worker.bad = set()
    assert not await forwarder._turn()
    now = ASIDE
    await forwarder._turn()

    assert worker.took == ["a"]


async def test_trouble_with_every_event_ends_it_for_its_owner_to_see(ledger, worker, accept):
    worker.bad = {str(number) for number in range(BAD_IN_A_ROW)}
    await accept(*worker.bad)

    with pytest.raises(ValueError, match="Eric"):
        await forwarder_of(ledger, worker).run()


async def test_a_ledger_in_trouble_is_asked_again(monkeypatch, accept, ledger, worker):
    await accept("a")
    monkeypatch.setattr("bridge.ingress.forwarder.LEDGER_RETRY", 0.0)
    failures = [LedgerError("disk full")]
    read = ledger.read

    async def read_later(job):
        if failures:
            raise failures.pop()
        return await read(job)

    monkeypatch.setattr(ledger, "read", read_later)
    async with running(forwarder_of(ledger, worker)):
        await worker.arrived.wait()

    assert worker.took == ["a"]
