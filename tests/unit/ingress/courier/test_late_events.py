"""Published, and not recorded by any worker: the event goes out again."""

from collections import Counter

import pytest
from structlog.testing import capture_logs

from bridge.broker import PublishResult
from bridge.ingress.courier import ALIVE, LATE_AFTER
from bridge.ledger import LedgerError, requests
from bridge.model import Availability
from tests.engine import START
from tests.unit.ingress.courier.conftest import orders
from tests.wires import UNKNOWN, a_pulse

MANY = 100


@pytest.fixture
def worker_is_alive(pulses):
    pulses.put(a_pulse("lopez", Availability.up()))


@pytest.fixture
def other_is_alive(pulses):
    pulses.put(a_pulse("sato", Availability.up()))


@pytest.fixture
def look(courier):
    return courier._look_for_late


@pytest.fixture
async def late(put, carry, wall):
    """An event that was published, and of which nothing was heard for too long; its seq."""
    seq = await put()
    await carry()
    wall.pass_time(LATE_AFTER + 1)
    return seq


async def test_a_late_event_is_published_again_as_a_copy(late, look, lines, worker_is_alive):
    await look()

    assert orders(lines) == [("o1", 1), ("o1", 2)]


async def test_an_event_is_not_late_before_its_time(put, carry, look, lines, wall, worker_is_alive):
    await put()
    await carry()
    wall.pass_time(LATE_AFTER - 1)
    await look()

    assert len(lines.publisher.sent) == 1


async def test_what_was_published_again_is_late_again_after_the_same_time(
    late, look, lines, wall, worker_is_alive
):
    await look()
    await look()
    wall.pass_time(LATE_AFTER + 1)
    await look()

    assert [copy for _order, copy in orders(lines)] == [1, 2, 3]


async def test_an_event_that_a_worker_recorded_is_never_late(
    late, look, lines, ledger, worker_is_alive
):
    await ledger.write(lambda tx: requests.recorded(tx, "lopez", (late,), START))
    await look()

    assert len(lines.publisher.sent) == 1


async def test_without_a_worker_that_is_heard_nothing_is_published_again(late, look, lines):
    await look()

    assert len(lines.publisher.sent) == 1


async def test_a_worker_that_fell_silent_is_not_asked(late, look, lines, clock, worker_is_alive):
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


@pytest.fixture
async def very_late(put, carry, wall):
    """More than are looked at together, and one of another restaurant behind them."""
    for number in range(MANY):
        await put(f"o{number}", f"c{number}")
    await put("last", "last", "sato")
    await carry()
    wall.pass_time(LATE_AFTER + 1)


async def test_when_very_many_are_late_one_look_is_enough_for_all(
    very_late, look, lines, worker_is_alive, other_is_alive
):
    await look()

    assert Counter(copy for _order, copy in orders(lines)) == {1: MANY + 1, 2: MANY + 1}


async def test_late_events_that_cannot_go_leave_room_for_the_others(
    very_late, look, lines, worker_is_alive, other_is_alive
):
    lines.publisher.answers["lopez"] = PublishResult.NACKED
    await look()
    await look()

    assert orders(lines)[-1] == ("last", 2)


async def test_a_late_event_is_told_of_with_its_call(late, look, worker_is_alive):
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
