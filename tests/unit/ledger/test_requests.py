from dataclasses import replace

import pytest

from bridge.ledger import reports, requests
from bridge.ledger.requests import Request
from bridge.model import Answer, Fate, OrderChanged, OrderPlaced, Outcome
from tests.engine import RESTAURANT, START, an_order, placed

YES = Answer(status=200, code="accepted", body=b"yes")
NO = Answer(status=503, code="pos_down", body=b"no")
WELCOME = Answer(status=200, code="accepted", body=b"welcome")
ORDER = an_order()


def a_request(order=ORDER, **more):
    fields = {
        "received_at": START,
        "endpoint": "e",
        "hook": "order-injection",
        "correlation_id": "x",
        "content_type": "application/json",
        "body": b"{}",
        "restaurant": RESTAURANT,
        "order_id": order.id,
        "checkout_id": order.checkout_id,
        "event": OrderPlaced(order=order),
    }
    return Request(**{**fields, **more})


@pytest.fixture
def write(ledger):
    async def run(function, *args, **kwargs):
        return await ledger.write(lambda tx: function(tx, *args, **kwargs))

    return run


@pytest.fixture
def inject(write):
    async def run(order=ORDER, verdict=YES, fate=None, **more):
        request = a_request(order, **more)
        recorded = await write(requests.record_injection, request, verdict, WELCOME)
        if fate is not None:
            await write(requests.settle, recorded.seq, fate)
        return recorded

    return run


@pytest.fixture
def withdraw(write):
    async def run(correlation_id="x", received_at=START):
        return await write(requests.withdraw, correlation_id, received_at)

    return run


@pytest.fixture
def ends(ledger):
    """Fate and stage of each call, oldest first."""

    async def read():
        rows = await ledger.read(
            lambda tx: tx.execute("SELECT fate, stage FROM request ORDER BY seq").fetchall()
        )
        return [tuple(row) for row in rows]

    return read


@pytest.fixture
def outbox(write):
    async def run(*restaurants):
        found = await write(requests.next_handovers, "i", restaurants or (RESTAURANT,), 100)
        return [event.seq for event in found]

    return run


async def test_a_yes_is_handed_over_once_its_fate_is_known(inject, outbox, write):
    seq = (await inject()).seq
    assert await outbox() == []
    await write(requests.settle, seq, Fate.WRITTEN)
    assert await outbox() == [seq]


async def test_what_is_handed_over_is_what_came_in(inject, ledger):
    await inject(fate=Fate.GONE)
    (event,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 100))
    assert (event.event, event.fate, event.copy) == (OrderPlaced(order=ORDER), "gone", 1)
    assert (event.event_id, event.received_at.timestamp()) == (f"i:{event.seq}", START)


async def test_a_no_hands_nothing_over(inject, outbox):
    await inject(verdict=NO)
    assert await outbox() == []


async def test_the_first_fate_told_stands(inject, ends, write):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.settle, seq, Fate.GONE)
    assert await ends() == [("written", "open")]


async def test_after_a_crash_a_yes_without_a_fate_is_unsure(inject, ledger, write):
    await inject()
    assert await write(requests.settle_after_crash) == 1
    (event,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9))
    assert (event.copy, event.fate) == (1, Fate.UNSURE)


async def test_what_may_have_been_published_just_before_a_crash_counts_as_a_copy(
    inject, ledger, write
):
    await inject(fate=Fate.WRITTEN)
    await write(requests.settle_after_crash)
    (event,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9))
    assert (event.copy, event.fate) == (2, Fate.WRITTEN)


async def test_a_yes_whose_fate_was_never_told_does_not_wait_for_a_restart(inject, outbox, write):
    seq = (await inject()).seq
    assert await write(requests.settle_forgotten, START) == 0
    assert await write(requests.settle_forgotten, START + 1) == 1
    assert await outbox() == [seq]


async def test_nothing_of_a_checkout_overtakes_what_is_still_open(inject, outbox, write):
    first = (await inject()).seq
    second = (await inject(an_order(order_id="o2"), fate=Fate.WRITTEN)).seq
    other = (await inject(an_order(order_id="o3", checkout="c3"), fate=Fate.WRITTEN)).seq
    assert await outbox() == [other]
    await write(requests.settle, first, Fate.WRITTEN)
    assert await outbox() == [first, other]
    await write(requests.recorded, RESTAURANT, (first,), START)
    assert await outbox() == [second, other]


async def test_one_event_that_cannot_be_read_stops_only_its_checkout(inject, outbox, write, ledger):
    bad = (await inject(fate=Fate.WRITTEN)).seq
    good = (await inject(an_order(order_id="o3", checkout="c3"), fate=Fate.WRITTEN)).seq
    await ledger.write(
        lambda tx: tx.execute("UPDATE request SET event = '{}' WHERE seq = ?", (bad,))
    )
    assert await outbox() == [good]
    row = await ledger.read(
        lambda tx: tx.execute("SELECT error FROM request WHERE seq = ?", (bad,)).fetchone()
    )
    assert row["error"].startswith("cannot be handed over")


# Withdrawn: something else was answered


@pytest.mark.parametrize("fate", [None, Fate.UNSURE, Fate.GONE])
async def test_a_yes_that_was_never_said_hands_nothing_over_whatever_was_thought_of_it(
    inject, withdraw, write, ends, fate
):
    await inject(fate=fate)
    assert await withdraw()
    assert await write(requests.settle_after_crash) == 0
    assert await ends() == [("late", None)]


async def test_a_yes_that_was_said_cannot_be_withdrawn(inject, withdraw, ends):
    await inject(fate=Fate.WRITTEN)
    await withdraw()
    assert await ends() == [("written", "open")]


async def test_what_a_worker_has_cannot_be_withdrawn(inject, withdraw, write, ends):
    seq = (await inject(fate=Fate.UNSURE)).seq
    await write(requests.recorded, RESTAURANT, (seq,), START)
    assert not await withdraw()
    assert await ends() == [("unsure", "recorded")]


async def test_what_was_told_counts_although_it_was_answered_with_no(write, withdraw, ends):
    change = a_request(hook="order-change", event=OrderChanged(order=ORDER))
    await write(requests.record, change, YES, hand_over=True)
    assert await withdraw()
    assert await ends() == [("gone", "open")]


async def test_another_calls_yes_stays(inject, withdraw, ends):
    await inject()
    await inject(correlation_id="y")
    await inject(an_order(order_id="o2"), received_at=START + 1)
    await withdraw()
    assert await ends() == [("late", None), (None, "open"), (None, "open")]


async def test_where_nothing_was_recorded_there_is_nothing_to_withdraw(withdraw, ends):
    assert await withdraw()
    assert await ends() == []


# Asking again


async def test_a_yes_is_repeated_byte_for_byte(inject):
    first = await inject(fate=Fate.WRITTEN)
    again = await inject(verdict=replace(YES, body=b"another"))
    assert (again.answer.body, again.is_repeat) == (b"yes", True)
    assert again.seq != first.seq


async def test_a_yes_is_repeated_even_if_the_verdict_would_be_no_by_now(inject):
    await inject(fate=Fate.WRITTEN)
    assert (await inject(verdict=NO)).answer.body == b"yes"


async def test_a_no_is_judged_anew(inject):
    await inject(verdict=NO)
    again = await inject()
    assert (again.answer.status, again.is_repeat) == (200, False)


async def test_a_yes_that_never_went_out_is_judged_anew(inject, withdraw):
    await inject()
    await withdraw()
    assert (await inject(verdict=NO)).answer.status == 503


async def test_a_repeat_that_went_out_stands_although_the_first_try_was_late(inject, withdraw):
    """The second call got the yes of the first while the first was still being written."""
    await inject()
    await inject(correlation_id="y")
    await withdraw()
    third = await inject(verdict=NO)
    assert (third.answer.body, third.is_repeat) == (b"yes", True)


@pytest.fixture
def come_to_nothing(inject, engine, ledger, write):
    """The order was accepted, booked, and is over."""

    async def run(state="voided"):
        seq = (await inject(fate=Fate.WRITTEN)).seq
        await engine.take(placed(ORDER))
        await write(requests.recorded, RESTAURANT, (seq,), START)
        await ledger.write(lambda tx: tx.execute("UPDATE delivery SET state = ?", (state,)))

    return run


@pytest.mark.parametrize("state", ["voided", "refused"])
async def test_what_came_to_nothing_is_judged_anew(inject, come_to_nothing, state):
    await come_to_nothing(state)
    assert (await inject(verdict=NO)).answer.status == 503


async def test_copies_of_a_new_try_get_one_answer_before_it_is_booked(inject, come_to_nothing):
    await come_to_nothing()
    second = await inject()
    third = await inject(verdict=NO)
    assert (second.is_repeat, third.is_repeat) == (False, True)
    assert third.answer.body == second.answer.body


def told_by_a_worker(*deliveries):
    """The worker elsewhere says so: its deliveries' operations and states, and the order's."""
    *_, (_operation, state) = deliveries
    document = {
        "state": state,
        "deliveries": [{"operation": operation, "state": each} for operation, each in deliveries],
    }
    return Outcome(
        worker="w", restaurant=RESTAURANT, order_id=ORDER.id, revision=1, document=document
    )


async def test_what_came_to_nothing_elsewhere_is_judged_anew(inject, write):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.recorded, RESTAURANT, (seq,), START)
    await write(reports.keep, told_by_a_worker(("place", "refused")), START)
    assert (await inject(verdict=NO)).answer.status == 503


async def test_a_ticket_elsewhere_stands_although_its_change_was_refused(inject, write):
    await inject(fate=Fate.WRITTEN)
    outcome = told_by_a_worker(("place", "done"), ("change", "refused"))
    await write(reports.keep, outcome, START)
    assert (await inject(verdict=NO)).answer.body == b"yes"


async def test_an_order_that_is_there_already_is_welcome(inject, engine):
    """An order-change was faster, and the POS went down meanwhile."""
    await engine.take(placed(ORDER))
    again = await inject(verdict=NO)
    assert (again.answer.body, again.is_repeat) == (b"welcome", False)


# Publishing


async def test_a_confirmed_event_never_goes_back_behind_recorded(inject, write, ledger):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.recorded, RESTAURANT, (seq,), START)
    await write(requests.published, seq, START)
    row = await ledger.read(lambda tx: tx.execute("SELECT stage FROM request").fetchone())
    assert row["stage"] == "recorded"


async def test_every_publish_is_another_copy(inject, write, ledger):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.tried, seq)
    (event,) = await ledger.read(lambda tx: requests.next_handovers(tx, "i", (RESTAURANT,), 9))
    assert event.copy == 2


async def test_another_restaurants_worker_records_nothing(inject, outbox, write):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.recorded, "elsewhere", (seq,), START)
    assert await outbox() == [seq]


async def test_a_published_event_is_late_once_its_time_has_passed(inject, write):
    seq = (await inject(fate=Fate.WRITTEN)).seq
    await write(requests.published, seq, START)
    assert await write(requests.late, START, [RESTAURANT], "i") == []
    (event,) = await write(requests.late, START + 60, [RESTAURANT], "i")
    assert (event.seq, event.copy) == (seq, 2)


async def test_the_backlog_counts_what_no_worker_has(inject, write):
    await inject(fate=Fate.WRITTEN)
    await inject(an_order(order_id="o2"))
    assert await write(requests.backlog) == {"events": 1, "oldest": START}
