"""A queue that takes nothing, an event that cannot go: whom it holds up, and what is told."""

import asyncio

from structlog.testing import capture_logs

from bridge.ingress import courier as module
from bridge.ingress.courier import ASIDE, REST
from bridge.ledger import requests
from bridge.model.bounce import MOST_BOUNCES
from tests.unit.ingress.courier.conftest import orders
from tests.wires import NACKED, NOT_SENT, RETURNED, rows, settle


async def test_a_queue_that_takes_nothing_is_left_in_peace_for_a_while(put, carry, lines, clock):
    await put()
    lines.publisher.answers["lopez"] = [NACKED]
    await carry()
    await carry()
    assert len(lines.publisher.sent) == 1

    clock.pass_time(REST)
    assert await carry()
    assert len(lines.publisher.sent) == 2


async def test_what_no_queue_took_goes_out_again_as_soon_as_there_is_one(
    put, carry, lines, bounced
):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED]
    await carry()
    assert await bounced() == [("open", "returned", 1)]

    assert await carry()
    assert await bounced() == [("published", "", 0)]


async def test_a_queue_that_is_gone_again_and_again_is_left_in_peace(put, carry, lines, clock):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED] * 2
    for _ in range(3):
        await carry()
    assert len(lines.publisher.sent) == 2

    clock.pass_time(REST)
    assert await carry()


async def test_that_a_queue_cannot_be_made_says_nothing_of_the_event(put, carry, lines, bounced):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED]
    lines.can_restore = False
    await carry()

    assert await bounced() == [("open", "", 0)]


async def test_people_are_told_once_of_what_comes_back_and_it_goes_on(
    put, carry, lines, clock, bounced
):
    await put()
    lines.publisher.answers["lopez"] = [RETURNED] * (MOST_BOUNCES + 3)
    with capture_logs() as logs:
        for _ in range(MOST_BOUNCES + 3):
            await carry()
            clock.pass_time(REST)
    told = [line for line in logs if line["event"] == "event_bounces"]
    assert [(line["order_id"], line["bounces"]) for line in told] == [("o1", MOST_BOUNCES)]

    assert await carry()
    assert await bounced() == [("published", "", 0)]


async def test_after_trouble_one_event_feels_the_way(put, carry, lines, clock):
    for number in range(3):
        await put(f"o{number}", f"c{number}")
    lines.publisher.answers["lopez"] = [NACKED] * 3
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
    lines.publisher.answers["lopez"] = NACKED

    for _ in range(2):
        events = await ledger.read(
            lambda tx: requests.next_handovers(tx, ledger.identity, ("lopez", "sato"), 2)
        )
        await courier.hand_over(events)

    assert (await stages())[-1] == ("published", 1)


async def test_an_event_of_which_no_message_can_be_made_is_set_aside(
    ledger, put, carry, lines, stages, clock
):
    await put("o1", "c1")
    await put("o2", "c2")
    lines.publisher.answers["lopez"] = [ValueError("Eric Wang")]
    with capture_logs() as logs:
        await carry()
    assert await stages() == [("open", 0), ("published", 1)]
    assert [line["order_id"] for line in logs if line["event"] == "event_set_aside"] == ["o1"]
    assert "Eric" not in repr(logs)
    assert [row.order_id for row in await rows(ledger) if row.error] == ["o1"]

    await carry()
    assert len(lines.publisher.sent) == 2
    clock.pass_time(ASIDE)
    await carry()
    assert await stages() == [("published", 1), ("published", 1)]


async def test_trouble_is_told_once_with_the_call_that_met_it(put, carry, lines, clock):
    await put()
    lines.publisher.answers["lopez"] = [NACKED, NACKED]
    with capture_logs() as logs:
        for _ in range(3):
            await carry()
            clock.pass_time(REST)

    told = [(line["event"], line.get("correlation_id")) for line in logs]
    assert told == [("events_do_not_get_through", "call-o1"), ("publishing_again", None)]


async def test_trouble_is_described_while_it_lasts(put, carry, lines, courier, clock):
    await put()
    lines.publisher.answers["lopez"] = [NACKED]
    await carry()
    assert courier.describe_trouble() == {"lopez": "nacked"}

    clock.pass_time(REST)
    await carry()
    assert courier.describe_trouble() == {}
