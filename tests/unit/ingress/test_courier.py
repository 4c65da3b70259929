import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.broker import PublishResult
from bridge.ingress import courier as module
from bridge.ingress.courier import ALIVE, ASIDE, LATE_AFTER, REST, Courier
from bridge.ledger import Ledger, LedgerError, requests
from bridge.model import Availability, Pulses
from bridge.telemetry import Metrics
from tests.engine import START, Clock, an_order
from tests.wires import FakeLines, a_pulse, put_event, rows, settle

RETURNED, UNKNOWN, NOT_SENT = (
    PublishResult.RETURNED,
    PublishResult.UNKNOWN,
    PublishResult.NOT_SENT,
)


@pytest.fixture
def wall():
    return Clock()


@pytest.fixture
async def ledger(tmp_path, wall):
    ledger = await Ledger.open(tmp_path, now=wall)
    yield ledger
    ledger.close()


@pytest.fixture
def clock():
    """The monotonic one."""
    return Clock(at=1000.0)


@pytest.fixture
def pulses(clock):
    return Pulses(clock)


@pytest.fixture
async def lines():
    return FakeLines()


@pytest.fixture
def courier(ledger, lines, pulses, clock):
    return Courier(
        ledger,
        lines,
        pulses=pulses,
        metrics=Metrics(),
        restaurants=("lopez", "sato"),
        clock=clock,
    )


@pytest.fixture
def put(ledger):
    """An event of an order, by the numbers of order and checkout."""

    async def put(order_id="o1", checkout="c1", restaurant="lopez"):
        order = an_order(order_id=order_id, checkout=checkout)
        return await put_event(ledger, replace(order, restaurant=restaurant))

    return put


@pytest.fixture
def carry(ledger, courier):
    """What the forwarder does in one turn."""

    async def carry():
        events = await ledger.read(
            lambda tx: requests.next_handovers(tx, ledger.identity, ("lopez", "sato"), 256)
        )
        return await courier.hand_over(events)

    return carry


@pytest.fixture
def stages(ledger):
    async def read():
        return [(row.stage, row.copies) for row in await rows(ledger)]

    return read


def orders(lines):
    """The order and the copy of each event that was published."""
    return [(event.event.order.id, event.copy) for event in lines.publisher.messages]


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


async def test_a_queue_that_takes_nothing_is_left_in_peace_for_a_while(put, carry, lines, clock):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED]
    await carry()
    await carry()
    assert len(lines.publisher.sent) == 1

    clock.pass_time(REST)
    assert await carry()
    assert len(lines.publisher.sent) == 2


async def test_after_trouble_one_event_feels_the_way(put, carry, lines, clock):
    for number in range(3):
        await put(f"o{number}", f"c{number}")
    lines.publisher.answers["lopez"] = [RETURNED] * 3
    await carry()
    clock.pass_time(REST)
    assert await carry()
    assert len(lines.publisher.sent) == 4

    await carry()
    assert len(lines.publisher.sent) == 6


async def test_a_lost_connection_is_no_reason_to_leave_a_queue_in_peace(put, carry, lines):
    def lose():
        lines.is_ready = False
        return NOT_SENT

    await put()
    lines.publisher.answers["lopez"] = [lose]
    assert not await carry()
    lines.is_ready = True

    assert await carry()


async def test_a_queue_that_is_missing_is_declared_again(put, carry, lines):
    await put()
    lines.publisher.answers["lopez"] = RETURNED
    await carry()

    assert lines.restored == ["t.orders.lopez.v1"]


async def test_one_restaurant_in_trouble_holds_up_no_other(put, carry, lines, stages):
    await put("o1", "c1", "lopez")
    await put("o2", "c2", "sato")
    lines.publisher.answers["lopez"] = RETURNED
    await carry()

    assert await stages() == [("open", 0), ("published", 1)]


async def test_one_restaurant_without_an_answer_holds_up_no_other(
    put, carry, lines, stages, monkeypatch
):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    await put("o1", "c1", "lopez")
    silent = lines.publisher.answers["lopez"] = asyncio.Event()
    assert not await carry()
    await put("o2", "c2", "sato")
    await carry()
    assert await stages() == [("open", 0), ("published", 1)]

    silent.set()
    await settle()
    await carry()
    assert await stages() == [("published", 1), ("published", 1)]
    assert orders(lines) == [("o1", 1), ("o2", 1)]


async def test_events_that_cannot_go_leave_room_for_the_others(
    put, lines, stages, ledger, courier, monkeypatch
):
    monkeypatch.setattr(module, "BATCH", 2)
    for number in range(3):
        await put(f"o{number}", f"c{number}", "lopez")
    await put("o9", "c9", "sato")
    lines.publisher.answers["lopez"] = RETURNED

    for _ in range(2):
        events = await ledger.read(
            lambda tx: requests.next_handovers(tx, ledger.identity, ("lopez", "sato"), 2)
        )
        await courier.hand_over(events)

    assert (await stages())[-1] == ("published", 1)


async def test_an_event_of_which_no_message_can_be_made_is_set_aside(
    put, carry, lines, stages, clock
):
    await put("o1", "c1")
    await put("o2", "c2")
    lines.publisher.answers["lopez"] = [ValueError("Eric Wang")]
    with capture_logs() as logs:
        await carry()
    assert await stages() == [("open", 0), ("published", 1)]
    assert [line["order_id"] for line in logs if line["event"] == "event_set_aside"] == ["o1"]
    assert "Eric" not in repr(logs)

    await carry()
    assert len(lines.publisher.sent) == 2
    clock.pass_time(ASIDE)
    await carry()
    assert await stages() == [("published", 1), ("published", 1)]


async def test_trouble_is_told_once_with_the_call_that_met_it(put, carry, lines, clock):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED, RETURNED]
    with capture_logs() as logs:
        for _ in range(3):
            await carry()
            clock.pass_time(REST)

    told = [(line["event"], line.get("correlation_id")) for line in logs]
    assert told == [("events_do_not_get_through", "call-o1"), ("publishing_again", None)]


async def test_trouble_is_described_while_it_lasts(put, carry, lines, courier, clock):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED]
    await carry()
    assert courier.describe_trouble() == {"lopez": "returned"}

    clock.pass_time(REST)
    await carry()
    assert courier.describe_trouble() == {}


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


# Late events


@pytest.fixture
def worker_is_alive(pulses):
    pulses.put(a_pulse("lopez", Availability.up()))


@pytest.fixture
def look(courier):
    return courier._look_for_late


async def test_a_late_event_is_published_again_as_a_copy(
    put, carry, look, lines, wall, worker_is_alive
):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert orders(lines) == [("o1", 1), ("o1", 2)]


async def test_an_event_is_not_late_before_its_time(put, carry, look, lines, wall, worker_is_alive):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER - 1)
    await look()

    assert len(lines.publisher.sent) == 1


async def test_what_was_published_again_is_late_again_after_the_same_time(
    put, carry, look, lines, wall, worker_is_alive
):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    await look()
    await look()
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert [copy for _order, copy in orders(lines)] == [1, 2, 3]


async def test_an_event_that_a_worker_recorded_is_never_late(
    put, carry, look, lines, wall, *, worker_is_alive, ledger
):
    seq = await put()
    await carry()
    await ledger.write(lambda tx: requests.recorded(tx, "lopez", (seq,), START))
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert len(lines.publisher.sent) == 1


async def test_without_a_worker_that_is_heard_nothing_is_published_again(
    put, carry, look, lines, wall
):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert len(lines.publisher.sent) == 1


async def test_a_worker_that_fell_silent_is_not_asked(
    put, carry, look, lines, wall, *, clock, worker_is_alive
):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    clock.pass_time(ALIVE + 1)
    await look()

    assert len(lines.publisher.sent) == 1


@pytest.mark.parametrize(
    ("first", "published"), [(UNKNOWN, ["o0"]), (PublishResult.CONFIRMED, ["o0", "o1", "o2"])]
)
async def test_the_late_events_of_a_checkout_keep_their_order(
    put, carry, look, lines, wall, *, worker_is_alive, first, published
):
    for number in range(3):
        await put(f"o{number}", "c1")
        await carry()
    lines.publisher.sent.clear()
    lines.publisher.answers["lopez"] = [first]
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert [order for order, _copy in orders(lines)] == published


async def test_a_late_event_is_told_of_with_its_call(
    put, carry, look, lines, wall, worker_is_alive
):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    with capture_logs() as logs:
        await look()

    (line,) = logs
    assert (line["event"], line["correlation_id"]) == ("event_published_again", "call-o1")


async def test_a_ledger_in_trouble_does_not_end_the_look_out(look, ledger, monkeypatch):
    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "read", fail)
    with capture_logs() as logs:
        await look()

    assert [line["event"] for line in logs] == ["late_events_wait"]
