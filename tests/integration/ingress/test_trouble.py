"""The ingress when the ledger is slow or fails, or has a bug itself."""

from bridge.ingress.gate import Gate
from bridge.ledger import LedgerError
from tests.doorway import an_injection

BODY = an_injection()


async def test_an_order_that_cannot_be_stored_in_time_is_refused_and_never_made(hasty, stall):
    go_on = stall(hasty)
    answer = await hasty.post(BODY)
    go_on.set()

    assert (answer.status, answer.document["code"]) == (503, "not_durable")
    assert [(row["fate"], row["stage"]) for row in await hasty.rows()] == [("late", None)]


async def test_an_order_that_cannot_be_stored_is_refused(doorway, monkeypatch):
    async def fail(_job):
        raise LedgerError("database or disk is full")

    monkeypatch.setattr(doorway.ledger, "write", fail)

    assert (await doorway.post(BODY)).document["code"] == "not_durable"


async def test_a_bug_of_ours_is_answered_and_the_body_kept(doorway, monkeypatch):
    async def fail(*_args):
        raise KeyError

    monkeypatch.setattr(Gate, "decide", fail)
    answer = await doorway.post(BODY)

    assert (answer.status, answer.document["code"]) == (503, "bridge_error")
    assert [row["body"] for row in await doorway.rows()] == [BODY]
