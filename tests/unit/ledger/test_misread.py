from dataclasses import replace

import pytest

from bridge.ledger import requests
from bridge.ledger.misread import MOST, Misread, list_misread
from bridge.ledger.requests import Request
from bridge.model import Answer

NOW = 1_700_000_000.0
CALL = Request(
    received_at=NOW,
    endpoint="e",
    hook="order-change",
    correlation_id="call-1",
    content_type="",
    body=b"{}",
    restaurant="lopez",
    order_id="o-1",
    error="bad_item: order.items[0] is not an object",
)
FOUND = Misread(restaurant="lopez", order_id="o-1", correlation_id="call-1", code="bad_item")


@pytest.fixture
def listed(ledger):
    async def record_and_list(*calls, status=200):
        answer = Answer(status=status, code="archived", body=b"")
        for call in calls:
            await ledger.write(
                lambda tx, call=call: requests.record(tx, call, answer, hand_over=False)
            )
        return await ledger.read(lambda tx: list_misread(tx, NOW))

    return record_and_list


@pytest.mark.parametrize("status", [200, 400])
async def test_a_change_that_could_not_be_read_is_listed_whatever_it_was_answered(listed, status):
    assert await listed(CALL, status=status) == [FOUND]


@pytest.mark.parametrize(
    "change", [{"error": None}, {"hook": "order-injection"}, {"received_at": NOW - 1}]
)
async def test_what_was_read_is_another_call_or_is_old_is_not(listed, change):
    assert await listed(replace(CALL, **change)) == []


async def test_the_newest_come_first_and_not_without_end(listed):
    calls = [
        replace(CALL, received_at=NOW + second, correlation_id=f"call-{second}")
        for second in range(MOST + 3)
    ]
    found = await listed(*calls)
    assert len(found) == MOST
    assert found[0].correlation_id == f"call-{MOST + 2}"
