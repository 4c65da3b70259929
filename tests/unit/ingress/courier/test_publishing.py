"""Events on their way to the broker, and what is known of them afterwards."""

import asyncio

import pytest

from bridge.ingress import courier as module
from bridge.ingress.courier import REST
from bridge.ledger import LedgerError
from tests.unit.ingress.courier.conftest import orders
from tests.wires import NOT_SENT, RETURNED, UNKNOWN, settle


async def test_what_the_broker_confirms_is_published(put, carry, stages):
    await put()

    assert await carry()
    assert await stages() == [("published", 1)]


async def test_without_a_connection_nothing_is_published(put, carry, lines):
    await put()
    lines.is_ready = False

    assert not await carry()
    assert lines.publisher.sent == []


@pytest.mark.parametrize(("result", "copies"), [(RETURNED, 0), (NOT_SENT, 0), (UNKNOWN, 1)])
async def test_what_is_not_confirmed_stays_open(put, carry, lines, stages, result, copies):
    await put()
    lines.publisher.answers["lopez"] = result

    assert not await carry()
    assert await stages() == [("open", copies)]


async def test_a_publish_whose_outcome_is_unknown_makes_the_next_one_a_copy(
    put, carry, lines, clock
):
    await put()
    lines.publisher.answers["lopez"] = [UNKNOWN]
    await carry()
    clock.pass_time(REST)
    await carry()

    assert orders(lines) == [("o1", 1), ("o1", 2)]


async def test_while_the_ledger_cannot_write_no_event_goes_out_again_and_again(
    put, carry, lines, stages, ledger, monkeypatch
):
    await put()
    write = ledger.write

    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "write", fail)
    for _ in range(3):
        with pytest.raises(LedgerError):
            await carry()
    assert len(lines.publisher.sent) == 1

    monkeypatch.setattr(ledger, "write", write)
    assert await carry()
    assert await stages() == [("published", 1)]
    assert len(lines.publisher.sent) == 1


async def test_a_publish_that_a_stop_interrupts_counts_as_a_copy(
    put, carry, lines, stages, courier, monkeypatch
):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    running = asyncio.create_task(courier.run())
    await settle()
    await put()
    lines.publisher.answers["lopez"] = asyncio.Event()
    await carry()
    running.cancel()
    await asyncio.wait({running})
    await settle()

    assert await stages() == [("open", 1)]
