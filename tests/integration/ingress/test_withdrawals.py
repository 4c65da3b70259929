"""A no that stands in for a yes which is on the disk already: nothing of that yes may count."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.ingress import app
from bridge.ingress.app import Front
from bridge.ledger import LedgerError, requests
from tests.doorway import a_request, an_injection

BODY = an_injection()
INJECTION, CHANGE = "order-injection", "order-change"


async def ends(doorway, hook=INJECTION):
    """Fate and stage of what that hook has left in the ledger."""
    return [(row["fate"], row["stage"]) for row in await doorway.rows() if row["hook"] == hook]


@pytest.fixture
def fail_behind_the_record(doorway, monkeypatch):
    answer = doorway.reception.answer

    async def fail(_self, call):
        await answer(call)
        raise KeyError

    monkeypatch.setattr(type(doorway.reception), "answer", fail)


@pytest.fixture
def fail_before_the_first_byte(monkeypatch):
    respond, failed = app.respond, []

    def fail_once(*args, **more):
        if not failed:
            failed.append(True)
            raise KeyError
        return respond(*args, **more)

    monkeypatch.setattr(app, "respond", fail_once)


MISTAKES = pytest.mark.parametrize(
    "mistake", ["fail_behind_the_record", "fail_before_the_first_byte"]
)


@MISTAKES
@pytest.mark.parametrize(
    ("hook", "left"), [(INJECTION, ("late", None)), (CHANGE, ("gone", "open"))]
)
async def test_what_is_answered_with_no_by_mistake_is_no_yes(doorway, request, mistake, hook, left):
    request.getfixturevalue(mistake)
    answer = await doorway.post(BODY, hook)

    assert (answer.status, answer.document["code"]) == (503, "bridge_error")
    assert await ends(doorway, hook) == [left]


@MISTAKES
async def test_the_yes_is_gone_from_the_disk_before_the_no_is_said(
    doorway, request, mistake, monkeypatch
):
    """Who is killed right after the no has written nothing more."""
    monkeypatch.setattr(doorway.ledger, "post", lambda _job: None)
    request.getfixturevalue(mistake)

    assert (await doorway.post(BODY)).status == 503
    assert await doorway.ledger.write(requests.settle_after_crash) == 0


async def test_the_no_bears_the_number_under_which_the_call_is_kept(
    doorway, fail_behind_the_record
):
    answer = await doorway.post(BODY)
    (row,) = await doorway.rows()

    assert answer.document["correlation_id"] == row["correlation_id"]


async def test_a_yes_that_was_committed_although_it_failed_is_withdrawn(doorway, monkeypatch):
    write, failed = doorway.ledger.write, []

    async def fail_once(job):
        result = await write(job)
        if not failed:
            failed.append(True)
            raise LedgerError("disk I/O error")
        return result

    monkeypatch.setattr(doorway.ledger, "write", fail_once)

    assert (await doorway.post(BODY)).document["code"] == "not_durable"
    assert await ends(doorway) == [("late", None)]


async def test_what_the_disk_does_not_let_be_withdrawn_is_withdrawn_later(
    doorway, fail_behind_the_record, monkeypatch
):
    write, writes = doorway.ledger.write, []

    async def fail_from_the_second_on(job):
        writes.append(job)
        if len(writes) > 1:
            raise LedgerError("database or disk is full")
        return await write(job)

    monkeypatch.setattr(doorway.ledger, "write", fail_from_the_second_on)

    assert (await doorway.post(BODY)).status == 503
    assert [(row["fate"], row["stage"]) for row in await doorway.settled()] == [("late", None)]


async def test_a_no_that_comes_after_the_worker_is_told_of_loudly(doorway, monkeypatch):
    """The process stood still for so long that the answer was given up meanwhile."""
    answer = doorway.reception.answer

    def hand_over(tx):
        tx.execute("UPDATE request SET fate = 'unsure', stage = 'recorded'")

    async def answer_much_later(_self, call):
        await answer(call)
        await doorway.ledger.write(hand_over)
        raise KeyError

    monkeypatch.setattr(type(doorway.reception), "answer", answer_much_later)
    with capture_logs() as logs:
        reply = await doorway.post(BODY)

    (told,) = [line for line in logs if line["event"] == "withdrawn_too_late"]
    assert told["correlation_id"] == reply.document["correlation_id"]


async def test_a_yes_that_was_said_stands_whatever_fails_then(doorway, monkeypatch):
    def fail(*_args):
        raise KeyError

    monkeypatch.setattr(Front, "_measure", fail)

    assert (await doorway.post(BODY)).status == 200
    assert [(row["fate"], row["stage"]) for row in await doorway.settled()] == [("written", "open")]


async def test_a_caller_that_is_gone_when_we_fail_gets_no_order(doorway, monkeypatch):
    answer, went = doorway.reception.answer, asyncio.Event()

    async def fail_when_alone(_self, call):
        await answer(call)
        await went.wait()
        raise KeyError

    monkeypatch.setattr(type(doorway.reception), "answer", fail_when_alone)
    async with doorway.connection() as (_reader, writer):
        writer.write(a_request(BODY))
    went.set()

    assert [(row["fate"], row["stage"]) for row in await doorway.settled()] == [("late", None)]
