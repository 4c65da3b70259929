import asyncio

import pytest

from bridge.ingress.uses import Limit, Uses, limits_of
from bridge.ledger import promotions
from bridge.ledger.promotions import RESERVED_FOR, Use
from tests.quoting import SlowLedger, promotion

LIMIT = Limit(restaurant="grill", code="welcome", guest="g-1")
OTHER = Limit(restaurant="grill", code="lunch", guest="g-1")
USE = Use(restaurant="grill", checkout_id="c-1", code="welcome", guest="g-1", at=1000.0)


@pytest.fixture
def ledger():
    made = SlowLedger()
    yield made
    made.close()


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def uses(ledger, clock):
    return Uses(ledger, now=lambda: clock[0])


@pytest.mark.parametrize(
    ("once_per", "guest", "limits"),
    [
        (None, "g-1", []),
        ("checkout", "g-1", [("", "c-1")]),
        ("guest", "", [("", "c-1")]),
        ("guest", "g-1", [("", "c-1"), ("g-1", "")]),
    ],
)
def test_a_promotion_limits_guests_or_checkouts(once_per, guest, limits):
    use = Use(restaurant="grill", checkout_id="c-1", code="welcome", guest=guest)
    found = limits_of(promotion(once_per=once_per), use)
    assert [(limit.guest, limit.checkout_id) for limit in found] == limits


async def test_what_the_ledger_holds_is_read_once(uses, ledger):
    ledger.post(lambda tx: promotions.reserve(tx, USE))
    await uses.learn([LIMIT])
    await uses.learn([LIMIT])
    assert ledger.reads == 1
    assert uses.is_used([LIMIT], "c-2")
    assert not uses.is_used([LIMIT], "c-1")


async def test_a_read_that_is_overtaken_is_not_believed(ledger, clock):
    uses = Uses(ledger, now=lambda: clock[0], capacity=1)
    answer = ledger.hold_next()
    slow = asyncio.create_task(uses.learn([LIMIT]))
    await asyncio.sleep(0)
    # Meanwhile another checkout takes the code, and is forgotten.
    await uses.learn([LIMIT])
    uses.reserve([LIMIT], "c-1")
    ledger.post(lambda tx: promotions.reserve(tx, USE))
    await uses.learn([OTHER])
    answer.set()
    await slow
    assert uses.is_used([LIMIT], "c-2")


async def test_many_who_ask_at_once_leave_one_memory(uses):
    await asyncio.gather(*(uses.learn([LIMIT]) for _ in range(5)))
    uses.reserve([LIMIT], "c-1")
    await uses.learn([LIMIT])
    assert uses.is_used([LIMIT], "c-2")


async def test_more_limits_than_memory_has_room_for_are_learnt_anew(ledger, clock):
    uses = Uses(ledger, now=lambda: clock[0], capacity=2)
    limits = [Limit(restaurant="grill", code="welcome", guest=f"g-{n}") for n in range(4)]
    for limit in (*limits, *limits):
        await uses.learn([limit, OTHER])
        assert not uses.is_used([limit, OTHER], "c-1")
    # The one that is asked for each time stays.
    assert ledger.reads == len(limits) * 2


async def test_what_is_paid_is_not_given_back(uses):
    await uses.learn([LIMIT])
    uses.reserve([LIMIT], "c-1")
    uses.commit([LIMIT], "c-1")
    uses.release([LIMIT], "c-1")
    assert uses.is_used([LIMIT], "c-2")
    assert uses.is_used([LIMIT], "c-1")


async def test_a_commit_that_comes_too_late_counts_nothing(uses, clock):
    await uses.learn([LIMIT])
    uses.reserve([LIMIT], "c-1")
    clock[0] += RESERVED_FOR
    uses.reserve([LIMIT], "c-2")
    uses.commit([LIMIT], "c-1")
    uses.release([LIMIT], "c-2")
    assert not uses.is_used([LIMIT], "c-3")


async def test_a_clock_that_goes_back_brings_nothing_back(uses, clock):
    await uses.learn([LIMIT])
    uses.reserve([LIMIT], "c-1")
    clock[0] += RESERVED_FOR
    uses.reserve([LIMIT], "c-2")
    clock[0] -= RESERVED_FOR
    assert not uses.is_used([LIMIT], "c-2")
