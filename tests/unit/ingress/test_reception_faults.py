"""A ledger in trouble, or a bug of ours: no yes that cannot be kept."""

import asyncio

from bridge.ledger import requests
from bridge.sources.bbot import Hook
from tests.doorway import an_injection
from tests.unit.ingress.conftest import CLOSED, FailingLedger, a_call

CHANGE = Hook.ORDER_CHANGE


async def test_a_full_disk_means_no(reception_on, metrics):
    reply = await reception_on(FailingLedger()).answer(a_call())

    assert (reply.answer.status, reply.answer.code) == (503, "not_durable")
    assert "pos_bridge_ledger_errors_total 1.0" in metrics.render().decode()


async def test_a_full_disk_means_no_for_a_change_too(reception_on):
    assert (await reception_on(FailingLedger()).answer(a_call(hook=CHANGE))).answer.status == 503


async def test_a_full_disk_does_not_hide_a_refusal(reception_on, gate):
    gate.judgement = CLOSED

    assert (await reception_on(FailingLedger()).answer(a_call())).answer.status == 409


async def test_a_hanging_disk_means_no(reception, stall):
    stall()

    assert (await reception.answer(a_call(left=0.0))).answer.code == "not_durable"


async def test_a_yes_that_comes_true_later_never_reaches_the_kitchen(
    reception, ledger, stall, rows
):
    go_on = stall()
    await reception.answer(a_call(left=0.0))
    go_on.set()
    (row,) = await rows()

    assert (row["fate"], row["stage"]) == ("late", None)
    assert await ledger.read(requests.settle_after_crash) == 0


async def test_a_yes_that_was_committed_after_the_time_out_is_marked(
    reception_on, ledger, gate, rows
):
    committed = asyncio.Event()

    class Slow:
        """Tells of a commit later than it was made."""

        post = ledger.post

        async def write(self, job):
            recorded = await ledger.write(job)
            await committed.wait()
            return recorded

    reply = asyncio.ensure_future(reception_on(Slow()).answer(a_call(left=0.01)))
    assert (await reply).answer.status == 503
    committed.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert [(row["fate"], row["stage"]) for row in await rows()] == [("late", None)]


async def test_a_change_that_is_recorded_too_late_counts_all_the_same(reception, stall, rows):
    go_on = stall()
    reply = await reception.answer(a_call(hook=CHANGE, left=0.0))
    go_on.set()
    (row,) = await rows()

    assert reply.answer.status == 503
    assert (row["fate"], row["stage"]) == ("gone", "open")


async def test_a_call_that_is_cancelled_leaves_no_ghost(reception, stall, rows):
    go_on = stall()
    call = asyncio.ensure_future(reception.answer(a_call()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait({call})
    go_on.set()

    assert [row["fate"] for row in await rows()] == ["late"]


async def test_a_refusal_does_not_wait_for_a_hanging_disk(reception, gate, stall):
    gate.judgement = CLOSED
    stall()

    assert (await reception.answer(a_call(left=0.0))).answer.status == 409


# --- a bug of ours


async def test_a_crash_means_no_and_the_body_is_kept(reception, gate, rows):
    gate.error = KeyError("Eric Wang")
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code) == (503, "bridge_error")
    assert (row["body"], row["error"]) == (an_injection(), "KeyError in the bridge")
    assert row["stage"] is None


async def test_a_crash_inside_the_write_keeps_the_body_too(reception, rows, monkeypatch):
    def fail(*_args):
        raise OverflowError

    monkeypatch.setattr(requests, "record_injection", fail)
    reply = await reception.answer(a_call())

    assert reply.answer.status == 503
    assert [row["body"] for row in await rows()] == [an_injection()]


async def test_a_call_whose_body_never_came_is_recorded(reception, rows):
    answer = (await reception.answer(a_call(b""))).answer
    reply = reception.refuse(a_call(b"", hook=None), answer)

    assert reply.answer is answer
    assert [row["hook"] for row in await rows()] == ["order-injection", ""]
