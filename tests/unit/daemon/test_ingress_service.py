import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.daemon import ingress_service as module
from bridge.daemon.ingress_service import FATE_LIMIT, IngressService
from bridge.daemon.parts import PartEnded
from bridge.ledger import LedgerError, requests
from tests.daemons import NO_BROKER, until
from tests.engine import RESTAURANT, START, an_order, moment
from tests.wires import put_event, rows


class FakeWorker:
    """Takes events, unless it is told not to."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.copies = []
        self.error = None
        self.took = asyncio.Event()

    async def take(self, events):
        if self.error is not None:
            raise self.error

        def job(tx):
            for event in events:
                requests.recorded(tx, event.restaurant, (event.seq,), START)

        await self.ledger.write(job)
        self.copies += [event.copy for event in events]
        self.took.set()
        return True


@pytest.fixture
async def worker(ledger):
    return FakeWorker(ledger)


@pytest.fixture
async def service(basics, worker):
    service = IngressService(basics, worker.take)
    yield service
    await service.stop()


async def stages(ledger):
    return [row.stage for row in await rows(ledger)]


async def test_without_a_broker_the_worker_takes_what_is_open(service, worker, ledger):
    await put_event(ledger, an_order())
    service.start()
    await worker.took.wait()

    assert await stages(ledger) == ["recorded"]


async def test_what_the_worker_does_not_take_waits_for_the_gate_to_see(service, worker, ledger):
    worker.error = LedgerError("disk full")
    await put_event(ledger, an_order())
    service.start()
    await until(lambda: service.backlog.waiting_since(RESTAURANT) == moment(START))


async def test_what_was_published_to_a_broker_that_is_gone_is_taken_back(service, worker, ledger):
    seq = await put_event(ledger, an_order())
    await ledger.write(lambda tx: requests.published(tx, seq, START))
    service.start()
    await worker.took.wait()

    assert await stages(ledger) == ["recorded"]
    assert worker.copies == [2]


async def test_what_was_answered_last_is_handed_over_before_the_end(service, worker, ledger):
    service.start()
    await put_event(ledger, an_order())
    await service.stop()

    assert await stages(ledger) == ["recorded"]


async def test_what_cannot_be_handed_over_stays_for_the_next_start(
    service, worker, ledger, monkeypatch
):
    monkeypatch.setattr(module, "LAST_HANDOVER", 0.01)
    worker.error = LedgerError("disk full")
    service.start()
    await put_event(ledger, an_order())
    with capture_logs() as logs:
        await service.stop()

    assert await stages(ledger) == ["open"]
    assert "events_stay_in_the_outbox" in [line["event"] for line in logs]


async def test_a_stop_without_a_broker_that_answers_is_over_at_once(basics, ledger):
    config = basics.config.model_copy(update={"broker": NO_BROKER})
    service = IngressService(replace(basics, config=config), None)
    await put_event(ledger, an_order())
    service.start()
    await asyncio.sleep(0)
    assert set(service.describe_links()) == {"ingress-publish", "ingress-consume", "not_through"}
    await service.stop()

    assert await stages(ledger) == ["open"]


async def test_before_its_link_is_up_a_broker_makes_no_silence(basics, ledger):
    config = basics.config.model_copy(update={"broker": NO_BROKER})
    service = IngressService(replace(basics, config=config), None)
    service.start()
    await until(lambda: not basics.pulses.hears)
    await service.stop()


async def test_without_a_broker_silence_always_counts(service, worker, basics, ledger):
    await put_event(ledger, an_order())
    service.start()
    await worker.took.wait()

    assert basics.pulses.hears


async def test_its_death_is_noticed(service, monkeypatch):
    async def die(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr(module.Forwarder, "run", die)
    service.start()

    with pytest.raises(RuntimeError, match="a bug"):
        await service.died


async def test_an_end_of_its_own_is_a_death_too(service):
    service.start()
    service._task.cancel()

    with pytest.raises(PartEnded):
        await service.died


async def test_a_stop_is_no_death(service):
    service.start()
    await service.stop()

    assert not service.died.done()


async def test_an_answer_whose_fate_nobody_tells_is_unsure_after_a_while(
    service, worker, ledger, clock, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    await put_event(ledger, an_order(), fate=None)
    clock.pass_time(FATE_LIMIT + 1)
    service.start()
    settled = asyncio.create_task(_until_settled(ledger))
    await settled

    assert settled.result() == "unsure"


async def _until_settled(ledger):
    while True:
        (row,) = await rows(ledger)
        if row.fate:
            return row.fate


def test_the_restaurant_is_the_configured_one(basics):
    assert basics.restaurants == (RESTAURANT,)
