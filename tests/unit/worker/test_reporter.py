import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.broker import PublishResult
from bridge.ledger import LedgerError, reports
from bridge.model import Availability, Confirmed, Outcome, Pulse, Recorded
from bridge.worker import intake
from bridge.worker import reporter as module
from bridge.worker.booking import Terms
from bridge.worker.reporter import PAGE, REPEAT_AFTER, Reporter
from tests.engine import RESTAURANT, an_order, changed, later, placed
from tests.wires import NOT_SENT, RETURNED, UNKNOWN, a_pulse, settle


@pytest.fixture
def served():
    """The restaurants whose lock is held."""
    return {RESTAURANT}


@pytest.fixture
def reporter(ledger, lines, pulses, served):
    async def sleep(_seconds):
        await asyncio.sleep(0)

    return Reporter(ledger, lines, pulses=pulses, serves=served.__contains__, sleep=sleep)


@pytest.fixture
def take(ledger):
    """Events, recorded as the inbox does it."""

    async def take(*events):
        def job(tx):
            return intake.take(tx, events, {RESTAURANT: Terms()}, ledger.now(), report=True)

        await ledger.write(job)

    return take


@pytest.fixture
def confirm(ledger):
    async def confirm(*revisions):
        message = Confirmed(ingress="i", worker="w", restaurant=RESTAURANT, revisions=revisions)
        await ledger.write(lambda tx: reports.confirmed(tx, message))

    return confirm


def told(lines, kind=Outcome):
    return [message for message in lines.publisher.messages if isinstance(message, kind)]


# Recorded


async def test_what_was_recorded_is_told_to_its_ingress(reporter, lines):
    for number in (2, 1):
        reporter.note_recorded(placed(an_order(), seq=number))
    await reporter._turn()

    (message,) = told(lines, Recorded)
    assert (message.restaurant, message.seqs) == (RESTAURANT, (1, 2))
    assert lines.publisher.sent[0][0] == "i"


async def test_it_is_told_once(reporter, lines):
    reporter.note_recorded(placed(an_order(), seq=1))
    await reporter._turn()
    await reporter._turn()

    assert len(told(lines, Recorded)) == 1


async def test_what_a_lost_connection_kept_back_is_told_later(reporter, lines):
    def lose():
        lines.is_ready = False
        return UNKNOWN

    reporter.note_recorded(placed(an_order(), seq=1))
    lines.publisher.answers["i"] = [lose]
    await reporter._turn()
    lines.is_ready = True
    reporter.note_recorded(placed(an_order(), seq=2))
    await reporter._turn()

    assert told(lines, Recorded)[-1].seqs == (1, 2)


async def test_an_ingress_that_is_gone_is_not_told_again(reporter, lines):
    lines.publisher.answers["i"] = [RETURNED]
    reporter.note_recorded(placed(an_order(), seq=1))
    await reporter._turn()
    await reporter._turn()

    assert len(told(lines, Recorded)) == 1


# Outcomes


async def test_an_outcome_is_told(reporter, lines, take):
    await take(placed(an_order()))
    await reporter._turn()

    (outcome,) = told(lines)
    assert outcome.order_id == "o1"
    assert outcome.document["state"] == "ready"


async def test_it_is_repeated_while_it_is_not_confirmed(reporter, lines, take, wall):
    await take(placed(an_order()))
    for _ in range(3):
        await reporter._turn()
        wall.pass_time(REPEAT_AFTER + 1)

    assert len(told(lines)) == 3


async def test_it_is_not_repeated_before_its_time(reporter, lines, take, wall):
    await take(placed(an_order()))
    await reporter._turn()
    wall.pass_time(REPEAT_AFTER - 1)
    await reporter._turn()

    assert len(told(lines)) == 1


async def test_once_confirmed_it_is_told_no_more(reporter, lines, take, wall, confirm):
    await take(placed(an_order()))
    await reporter._turn()
    await confirm(("o1", told(lines)[0].revision))
    wall.pass_time(REPEAT_AFTER + 1)
    await reporter._turn()

    assert len(told(lines)) == 1


async def test_a_new_revision_is_told_at_once(reporter, lines, take):
    order = an_order()
    await take(placed(order))
    await reporter._turn()
    await take(changed(later(order, "Tacos")))
    await reporter._turn()

    first, second = told(lines)
    assert second.revision > first.revision


async def test_without_a_connection_it_waits_for_the_next_one(reporter, lines, take):
    await take(placed(an_order()))
    lines.publisher.answers["i"] = [NOT_SENT]
    await reporter._turn()
    await reporter._turn()

    assert len(told(lines)) == 2


@pytest.mark.parametrize("result", [UNKNOWN, PublishResult.NACKED])
async def test_what_does_not_get_through_leaves_room_for_the_others(
    reporter, lines, take, result, monkeypatch
):
    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(4):
        await take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    lines.publisher.answers["i"] = [result] * 2
    while await reporter._turn():
        pass

    assert {outcome.order_id for outcome in told(lines)} == {"o0", "o1", "o2", "o3"}


async def test_an_ingress_that_is_gone_takes_no_room_from_the_others(
    reporter, lines, take, monkeypatch
):
    monkeypatch.setattr(module, "PAGE", 1)
    for number in range(3):
        order = an_order(order_id=f"o{number}", checkout=f"c{number}")
        await take(replace(placed(order), ingress="gone", event_id=f"gone:{number}"))
    await take(placed(an_order(order_id="here", checkout="c9")))
    lines.publisher.answers["gone"] = [RETURNED]
    while await reporter._turn():
        pass

    assert [outcome.order_id for outcome in told(lines)] == ["o0", "here"]


async def test_an_ingress_that_comes_back_is_told_after_a_while(reporter, lines, take, wall):
    await take(placed(an_order()))
    lines.publisher.answers["i"] = [RETURNED]
    await reporter._turn()
    wall.pass_time(REPEAT_AFTER + 1)
    await reporter._turn()

    assert len(told(lines)) == 2


async def test_a_full_page_may_have_another_behind_it(reporter, take):
    for number in range(PAGE + 1):
        await take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))

    assert await reporter._turn()
    assert not await reporter._turn()


async def test_what_another_worker_serves_now_is_told_once(reporter, lines, take, wall, served):
    await take(placed(an_order()))
    served.clear()
    for _ in range(3):
        await reporter._turn()
        wall.pass_time(REPEAT_AFTER + 1)

    assert len(told(lines)) == 1


async def test_it_is_repeated_again_when_the_restaurant_comes_back(
    reporter, lines, take, wall, served
):
    await take(placed(an_order()))
    served.clear()
    await reporter._turn()
    served.add(RESTAURANT)
    wall.pass_time(REPEAT_AFTER + 1)
    await reporter._turn()

    assert len(told(lines)) == 2


async def test_an_outcome_that_cannot_be_put_into_words_holds_up_no_other(reporter, lines, take):
    for number in range(2):
        await take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    lines.publisher.answers["i"] = [ValueError("Eric Wang")]
    with capture_logs() as logs:
        await reporter._turn()

    assert len(told(lines)) == 2
    assert [line["event"] for line in logs] == ["outcome_not_told"]
    assert "Eric" not in repr(logs)


@pytest.mark.parametrize("error", [LedgerError("disk full"), KeyError("a bug")])
async def test_trouble_of_any_kind_is_told_and_does_not_end_it(
    reporter, ledger, error, monkeypatch
):
    async def fail(_job):
        raise error

    monkeypatch.setattr(ledger, "read", fail)
    with capture_logs() as logs:
        assert not await reporter._turn()

    assert len(logs) == 1


async def test_a_flush_tells_all_that_is_left(reporter, lines, take, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(5):
        await take(placed(an_order(order_id=f"o{number}", checkout=f"c{number}")))
    await reporter.flush()

    assert len(told(lines)) == 5


async def test_a_flush_without_a_connection_is_over_at_once(reporter, lines, take):
    await take(placed(an_order()))
    lines.is_ready = False
    await reporter.flush()

    assert lines.publisher.sent == []


async def test_a_change_in_the_ledger_wakes_it(reporter, lines, take):
    heard = asyncio.Event()
    lines.publisher.answers["i"] = lambda: heard.set() or PublishResult.CONFIRMED
    running = asyncio.create_task(reporter.run())
    await settle()
    await take(placed(an_order()))
    await heard.wait()
    running.cancel()
    await asyncio.wait({running})

    assert told(lines)[0].order_id == "o1"


# Pulses


async def test_the_pulse_of_a_restaurant_is_told_to_all(reporter, lines, pulses):
    pulses.put(a_pulse(RESTAURANT, Availability.up()))
    await reporter._tell_pulses((RESTAURANT,))

    assert lines.publisher.sent == [("t.availability", pulses.find(RESTAURANT).pulse)]


async def test_who_does_not_hold_the_lock_is_silent(reporter, lines, pulses, served):
    pulses.put(a_pulse(RESTAURANT, Availability.up()))
    served.clear()
    await reporter._tell_pulses((RESTAURANT,))

    assert lines.publisher.sent == []


async def test_a_restaurant_that_was_not_asked_yet_is_passed_over(reporter, lines):
    await reporter._tell_pulses((RESTAURANT,))

    assert lines.publisher.sent == []


async def test_a_turn_of_the_pos_is_told_at_once(reporter, lines, pulses):
    running = asyncio.create_task(reporter.run_pulses((RESTAURANT,)))
    await settle()
    pulses.put(a_pulse(RESTAURANT, Availability.up()))
    reporter.wake_pulses()
    await settle()
    running.cancel()
    await asyncio.wait({running})

    assert len(told(lines, Pulse)) == 1
