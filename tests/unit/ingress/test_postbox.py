import asyncio

import orjson
import pytest
from structlog.testing import capture_logs

from bridge.ingress import postbox as module
from bridge.ingress.postbox import Postbox
from bridge.ledger import LedgerError, bounces, history
from bridge.ledger.side_file import SIDE_FILE
from bridge.model import (
    Confirmed,
    Fate,
    Handover,
    OrderPlaced,
    Outcome,
    Recorded,
)
from bridge.model.bounce import MOST_BOUNCES
from tests.engine import RESTAURANT, START, an_order, moment
from tests.wires import FakeConsumer, FakeReceived, put_event, rows, settle


@pytest.fixture
def postbox(ledger, lines, pulses):
    async def sleep(_seconds):
        await asyncio.sleep(0)

    return Postbox(ledger, lines, pulses, sleep=sleep)


@pytest.fixture
def aside(tmp_path):
    """What lies in the side file."""

    def read():
        text = (tmp_path / "ledger" / SIDE_FILE).read_text()
        return [orjson.loads(line) for line in text.splitlines()]

    return read


@pytest.fixture
async def confirming(postbox):
    task = asyncio.create_task(postbox._confirm())
    yield
    task.cancel()
    await asyncio.wait({task})


def an_outcome(revision=3, order_id="o1", worker="w"):
    document = {"order_id": order_id, "state": "done", "revision": revision, "deliveries": []}
    return Outcome(
        worker=worker,
        restaurant=RESTAURANT,
        order_id=order_id,
        revision=revision,
        document=document,
    )


def a_handover(ledger, seq, *, ingress=None):
    ingress = ingress or ledger.identity
    return Handover(
        event_id=f"{ingress}:{seq}",
        ingress=ingress,
        seq=seq,
        restaurant=RESTAURANT,
        correlation_id="x1",
        received_at=moment(START),
        fate=Fate.WRITTEN,
        event=OrderPlaced(order=an_order()),
    )


async def stages(ledger):
    return [row.stage for row in await rows(ledger)]


# Recorded


async def test_what_a_worker_recorded_is_recorded_here(postbox, ledger):
    seq = await put_event(ledger, an_order())
    received = FakeReceived(Recorded(worker="w", restaurant=RESTAURANT, seqs=(seq,)))
    await postbox._take_outcome(received)

    assert await stages(ledger) == ["recorded"]
    assert received.is_acked


async def test_a_worker_speaks_for_its_own_restaurant_only(postbox, ledger):
    seq = await put_event(ledger, an_order())
    received = FakeReceived(Recorded(worker="w", restaurant="sato", seqs=(seq,)))
    await postbox._take_outcome(received)

    assert await stages(ledger) == ["open"]


async def test_nothing_is_acknowledged_before_it_is_durable(postbox, ledger, monkeypatch):
    async def fail(_job):
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "write", fail)
    for message in (Recorded(worker="w", restaurant=RESTAURANT, seqs=(1,)), an_outcome()):
        received = FakeReceived(message)
        with pytest.raises(LedgerError):
            await postbox._take_outcome(received)
        assert not received.is_acked


# Outcomes


async def test_an_outcome_makes_the_order_complete_here(postbox, ledger):
    await put_event(ledger, an_order())
    await postbox._take_outcome(FakeReceived(an_outcome()))

    order = await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, "o1"))
    assert order["state"] == "done"


async def test_an_outcome_is_confirmed(postbox, lines, ledger, confirming):
    await postbox._take_outcome(FakeReceived(an_outcome()))
    await settle()

    assert lines.publisher.sent == [
        (
            RESTAURANT,
            Confirmed(
                ingress=ledger.identity, worker="w", restaurant=RESTAURANT, revisions=(("o1", 3),)
            ),
        )
    ]


async def test_outcomes_that_come_together_are_confirmed_together(postbox, lines, confirming):
    for number in range(3):
        await postbox._take_outcome(FakeReceived(an_outcome(order_id=f"o{number}")))
    postbox._has_kept.set()
    await settle()

    revisions = [pair for message in lines.publisher.messages for pair in message.revisions]
    assert sorted(revisions) == [("o0", 3), ("o1", 3), ("o2", 3)]


async def test_an_outcome_that_is_repeated_is_confirmed_again(postbox, lines, confirming):
    for _ in range(2):
        await postbox._take_outcome(FakeReceived(an_outcome()))
        await settle()

    assert len(lines.publisher.sent) == 2


async def test_an_old_revision_beside_a_new_one_does_not_take_its_place(postbox):
    for revision in (4, 3):
        await postbox._take_outcome(FakeReceived(an_outcome(revision)))

    assert postbox._kept == {(RESTAURANT, "w"): {"o1": 4}}


async def test_a_message_that_is_not_for_an_ingress_goes_to_the_side_with_an_alert(
    postbox, ledger, aside
):
    received = FakeReceived(a_handover(ledger, 1, ingress="another"))
    with capture_logs() as logs:
        await postbox._take_outcome(received)

    assert received.is_acked
    assert [line["event"] for line in logs] == ["message_put_aside"]
    (line,) = aside()
    assert "Handover for an ingress" in line["why"]


# Dead letters


async def test_a_dead_letter_of_ours_is_a_state_and_stays_ours_to_bring(postbox, ledger, wall):
    seq = await put_event(ledger, an_order())
    wall.pass_time(5)
    headers = {"x-first-death-reason": "rejected", "x-first-death-queue": "t.orders"}
    received = FakeReceived(a_handover(ledger, seq), headers)
    await postbox._take_dead(received)

    (row,) = await rows(ledger)
    assert (row.stage, row.sent_at, row.bounced) == ("published", START + 5, "dead")
    assert row.error == "dead-lettered: rejected in t.orders"
    assert received.is_acked


async def test_a_dead_letter_that_a_worker_has_after_all_changes_nothing(postbox, ledger):
    seq = await put_event(ledger, an_order())
    await postbox._take_outcome(
        FakeReceived(Recorded(worker="w", restaurant=RESTAURANT, seqs=(seq,)))
    )
    await postbox._take_dead(FakeReceived(a_handover(ledger, seq)))

    assert await stages(ledger) == ["recorded"]


async def test_a_dead_letter_of_another_ingress_is_sent_to_it(postbox, lines, ledger):
    seq = await put_event(ledger, an_order())
    message = a_handover(ledger, seq, ingress="another")
    received = FakeReceived(message)
    await postbox._take_dead(received)

    assert await stages(ledger) == ["open"]
    assert lines.publisher.sent == [("another", message)]
    assert received.is_acked


async def test_a_dead_letter_that_another_ingress_found_is_a_state_here(postbox, ledger):
    seq = await put_event(ledger, an_order())
    received = FakeReceived(a_handover(ledger, seq))
    await postbox._take_outcome(received)

    (row,) = await rows(ledger)
    assert (row.stage, row.bounced) == ("published", "dead")
    assert received.is_acked


async def test_what_comes_back_too_often_is_left_to_a_person(postbox, ledger):
    seq = await put_event(ledger, an_order())
    with capture_logs() as logs:
        for _ in range(MOST_BOUNCES + 2):
            await postbox._take_dead(FakeReceived(a_handover(ledger, seq)))

    assert await stages(ledger) == ["stuck"]
    told = [line for line in logs if line["event"] == "event_stuck"]
    assert [line["order_id"] for line in told] == ["o1"]
    order = await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, "o1"))
    assert order["state"] == "held"


async def test_what_is_stuck_is_recorded_if_a_worker_has_it_after_all(postbox, ledger):
    seq = await put_event(ledger, an_order())
    for _ in range(MOST_BOUNCES):
        await postbox._take_dead(FakeReceived(a_handover(ledger, seq)))
    await postbox._take_outcome(
        FakeReceived(Recorded(worker="w", restaurant=RESTAURANT, seqs=(seq,)))
    )

    assert await stages(ledger) == ["recorded"]
    assert await ledger.read(bounces.list_bounced) == []


async def test_a_dead_letter_that_nobody_can_read_goes_to_the_side_with_the_cause(postbox, aside):
    headers = {"x-first-death-reason": "rejected", "x-first-death-queue": "t.orders"}
    await postbox._dead._on_bad(b"{}", headers, "unknown type")

    (line,) = aside()
    assert line == {
        "queue": "t.orders",
        "why": "unknown type (rejected in t.orders)",
        "body": "{}",
    }


async def test_a_dead_letter_is_an_alert_with_its_call(postbox, ledger):
    headers = {"correlation_id": "x1", "order_id": "o1", "event_id": "i:1"}
    with capture_logs() as logs:
        await postbox._take_dead(FakeReceived(a_handover(ledger, 1), headers))

    (line,) = logs
    assert line["log_level"] == "error"
    assert (line["event"], line["correlation_id"], line["order_id"]) == ("dead_letter", "x1", "o1")


# Queues


@pytest.fixture
def declared(lines, monkeypatch):
    """The names of the queues that were declared."""
    monkeypatch.setattr(module, "Consumer", FakeConsumer)
    monkeypatch.setattr(FakeConsumer, "made", [])
    return lines.restored


async def test_the_queues_for_outcomes_and_dead_letters_are_declared_again_each_alone(
    declared, ledger, lines, pulses
):
    Postbox(ledger, lines, pulses)
    for consumer in FakeConsumer.made:
        await consumer.on_lost()

    assert declared == [lines.names.outcomes_queue(ledger.identity), lines.names.dead_queue]


async def test_a_consumer_that_dies_ends_the_postbox(declared, ledger, lines, pulses):
    postbox = Postbox(ledger, lines, pulses)

    async def die():
        raise RuntimeError("a bug")

    FakeConsumer.made[0].run = die
    with pytest.raises(ExceptionGroup) as caught:
        await postbox.run()

    assert caught.group_contains(RuntimeError, match="a bug")
