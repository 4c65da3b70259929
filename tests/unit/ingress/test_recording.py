import asyncio

import pytest

from bridge.ingress.recording import Recorder
from bridge.ledger import Ledger, LedgerError, requests
from bridge.sources.bbot import Hook
from tests.unit.ingress.conftest import CLOSED, YES, FailingLedger, a_call

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
    committed, told = asyncio.Event(), asyncio.Event()

    class Slow:
        """Tells of a commit later than it was made."""

        is_short = False
        post = ledger.post

        async def write(self, job):
            recorded = await ledger.write(job)
            committed.set()
            await told.wait()
            return recorded

    reply = asyncio.ensure_future(reception_on(Slow()).answer(a_call(left=0.01)))
    assert (await reply).answer.status == 503
    await committed.wait()
    told.set()
    for _ in range(3):
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


# A no where the ledger may hold a yes


class Liar:
    """Keeps what it is given, and says that it could not."""

    alive = True
    is_short = False

    def __init__(self, ledger):
        self._ledger = ledger
        self.post = ledger.post

    async def write(self, job):
        await self._ledger.write(job)
        raise LedgerError("disk I/O error")


@pytest.mark.parametrize("hook", [Hook.ORDER_INJECTION, CHANGE])
async def test_what_may_be_on_the_disk_although_it_failed_is_withdrawn(
    reception_on, ledger, rows, hook
):
    reply = await reception_on(Liar(ledger)).answer(a_call(hook=hook))

    assert (reply.answer.code, reply.withdraws) == ("not_durable", True)
    assert [row["status"] for row in await rows()] == [200]


async def test_a_refusal_withdraws_the_repeated_yes_that_it_knows_nothing_of(
    reception, reception_on, ledger, gate, rows
):
    await reception.answer(a_call())
    gate.judgement = CLOSED
    reply = await reception_on(Liar(ledger)).answer(a_call())

    assert (reply.answer.code, reply.withdraws) == ("closed", True)
    assert [row["status"] for row in await rows()] == [200, 200]


async def test_a_mistake_behind_the_record_withdraws_it(reception, rows, monkeypatch):
    def fail(*_args, **_more):
        raise KeyError

    monkeypatch.setattr(Recorder, "tell_taken", fail)
    reply = await reception.answer(a_call())

    assert (reply.answer.code, reply.withdraws) == ("bridge_error", True)
    assert [row["status"] for row in await rows()] == [200, 503]


@pytest.mark.parametrize("judgement", [YES, CLOSED])
async def test_an_answer_that_the_ledger_holds_withdraws_nothing(reception, gate, judgement):
    gate.judgement = judgement

    assert not (await reception.answer(a_call())).withdraws


# When there is hardly any room left


@pytest.fixture
def make_short(ledger, monkeypatch):
    def make_short():
        monkeypatch.setattr(Ledger, "is_short", True)

    return make_short


async def test_a_new_order_gets_no_yes_when_room_is_short(reception, rows, make_short):
    make_short()
    reply = await reception.answer(a_call())

    assert (reply.answer.status, reply.answer.code) == (503, "not_durable")
    assert await rows() == []


async def test_an_order_that_got_its_yes_before_gets_it_again(reception, rows, make_short):
    first = await reception.answer(a_call())
    make_short()
    second = await reception.answer(a_call())

    assert second.is_repeat
    assert second.answer.body == first.answer.body
    assert len(await rows()) == 2


async def test_news_of_old_orders_goes_in_all_the_same(reception, rows, make_short):
    make_short()

    assert (await reception.answer(a_call(hook=CHANGE))).answer.status == 200
    assert [row["stage"] for row in await rows()] == ["open"]


async def test_a_refusal_goes_out_and_is_not_kept(reception, gate, rows, make_short):
    gate.judgement = CLOSED
    make_short()

    assert (await reception.answer(a_call())).answer.status == 409
    assert (await reception.answer(a_call(b"{"))).answer.status == 400
    assert await rows() == []
