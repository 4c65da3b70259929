"""The ingress against slow callers, lost connections, a slow ledger and its own end."""

import asyncio
import socket
import threading
from contextlib import suppress

import pytest

from bridge.ingress.gate import Gate
from bridge.ingress.guard import GuardedHandler, Limits
from bridge.ledger import LedgerError
from bridge.model import PosState
from tests.doorway import a_pulse, a_request, an_injection, open_doorway, read_answer

BODY = an_injection()
NO_ANSWER = (asyncio.IncompleteReadError, ConnectionError)


@pytest.fixture
async def doorway(tmp_path):
    async with open_doorway(tmp_path) as doorway:
        yield doorway


@pytest.fixture
async def hasty(tmp_path):
    """One with so short a patience that a test can wait for its end."""
    limits = Limits(header_timeout=0.2, keep_alive=0.4)
    async with open_doorway(tmp_path, limits=limits, budget=0.3) as doorway:
        yield doorway


@pytest.fixture
def stall():
    """Keeps the thread of a ledger busy until it is told to go on."""
    go_on = threading.Event()

    def begin(doorway):
        doorway.ledger.post(lambda _tx: go_on.wait(10))
        return go_on

    yield begin
    go_on.set()


class SlowPos:
    """A POS whose answer the test gives."""

    def __init__(self, doorway):
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        doorway.probe = self.ask
        doorway.pulses.put(a_pulse(PosState.UNKNOWN))

    async def ask(self, _restaurant, _deadline):
        self.asked.set()
        await self.may_answer.wait()
        return True


# --- slow callers


async def test_half_a_header_and_then_silence_ends_the_connection(hasty):
    async with hasty.connection() as (reader, writer):
        writer.write(a_request(BODY)[:50])

        assert await reader.read() == b""


async def test_headers_that_trickle_end_the_connection(hasty):
    async with hasty.connection() as (reader, writer):
        ended = asyncio.ensure_future(reader.read())
        for byte in a_request(BODY):
            if ended.done() or writer.is_closing():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

        assert await ended == b""


async def test_silence_from_the_start_ends_the_connection(hasty):
    async with hasty.connection() as (reader, _writer):
        assert await reader.read() == b""


async def test_silence_after_an_answer_ends_the_connection(hasty):
    async with hasty.connection() as (reader, writer):
        writer.write(a_request(BODY))
        await read_answer(reader)

        assert await reader.read() == b""


async def test_half_a_header_after_an_answer_ends_the_connection(hasty):
    async with hasty.connection() as (reader, writer):
        writer.write(a_request(BODY) + a_request(BODY)[:50])
        await read_answer(reader)

        assert await reader.read() == b""


async def test_half_a_body_and_then_silence_is_told(hasty):
    answer = await hasty.exchange(a_request(BODY)[:-10])

    assert (answer.status, answer.document["code"]) == (408, "slow_body")
    assert answer.headers["connection"] == "close"
    assert [row["code"] for row in await hasty.rows()] == ["slow_body"]


async def test_a_body_that_trickles_is_told(hasty):
    raw = a_request(BODY)
    async with hasty.connection() as (reader, writer):
        writer.write(raw[:-100])
        answer = asyncio.ensure_future(read_answer(reader))
        for byte in raw[-100:-1]:
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

        assert (await answer).status == 408


async def test_without_keep_alive_every_answer_ends_its_connection(tmp_path):
    limits = Limits(keep_alive=0, header_timeout=0.2)
    async with (
        open_doorway(tmp_path, limits=limits) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(a_request(BODY))

        assert (await read_answer(reader)).headers["connection"] == "close"
        assert await reader.read() == b""


async def test_without_keep_alive_silence_ends_the_connection_too(tmp_path):
    limits = Limits(keep_alive=0, header_timeout=0.2)
    async with (
        open_doorway(tmp_path, limits=limits) as doorway,
        doorway.connection() as (reader, _writer),
    ):
        assert await reader.read() == b""


async def test_slow_headers_behind_a_request_do_not_cost_its_answer(hasty):
    pos = SlowPos(hasty)
    async with hasty.connection() as (reader, writer):
        writer.write(a_request(BODY))
        await pos.asked.wait()
        writer.write(a_request(BODY)[:50])
        await asyncio.sleep(0.22)
        pos.may_answer.set()

        assert (await read_answer(reader)).status in {200, 503}
        assert await reader.read() == b""


# --- the budget begins with the first byte


async def test_slow_headers_use_up_the_budget(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(a_request(BODY)[:50])
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY)[50:])

        assert (await read_answer(reader)).status == 503


async def test_the_second_request_of_a_connection_has_a_budget_of_its_own(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        statuses = []
        for number in range(3):
            writer.write(a_request(an_injection(f"order-{number}")))
            statuses.append((await read_answer(reader)).status)
            await asyncio.sleep(0.25)

    assert statuses == [200, 200, 200]


async def test_slow_headers_of_the_second_request_use_up_its_budget(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(a_request(BODY))
        await read_answer(reader)
        writer.write(a_request(BODY)[:50])
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY)[50:])

        assert (await read_answer(reader)).status == 503


async def test_a_request_that_waits_behind_another_spends_its_own_budget(tmp_path, stall):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        go_on = stall(doorway)
        writer.write(a_request(BODY) + a_request(an_injection("order-2")))
        first = await read_answer(reader)
        go_on.set()

        assert (first.status, (await read_answer(reader)).status) == (503, 503)


async def test_what_was_answered_without_looking_does_not_shift_the_budget(tmp_path):
    nothing = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(nothing)
        await read_answer(reader)
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY))

        assert (await read_answer(reader)).status == 200


# --- connections


async def test_a_connection_too_many_is_closed(tmp_path):
    limits = Limits(max_per_source=2)
    async with (
        open_doorway(tmp_path, limits=limits) as doorway,
        doorway.connection(),
        doorway.connection(),
    ):
        with pytest.raises(NO_ANSWER):
            await doorway.post(BODY)


async def test_a_closed_connection_makes_room(tmp_path):
    async with open_doorway(tmp_path, limits=Limits(max_per_source=1)) as doorway:
        async with doorway.connection() as (reader, writer):
            writer.write(a_request(BODY, headers={"Connection": "close"}))
            await reader.read()

        assert (await doorway.post(BODY)).status == 200


@pytest.mark.parametrize("end", ["close", "abort"])
async def test_a_caller_that_leaves_before_the_answer_makes_it_gone(doorway, end):
    pos = SlowPos(doorway)
    async with doorway.connection() as (_reader, writer):
        writer.write(a_request(BODY))
        await pos.asked.wait()
        getattr(writer.transport, end)()
        await asyncio.sleep(0.05)
        pos.may_answer.set()
        (row,) = await doorway.settled()

    assert (row["status"], row["fate"], row["stage"]) == (200, "gone", "open")


@pytest.mark.parametrize("length", [10, 200, -10])
async def test_a_caller_that_leaves_in_the_middle_of_a_request_does_no_harm(doorway, length):
    async with doorway.connection() as (_reader, writer):
        writer.write(a_request(BODY)[:length])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await asyncio.sleep(0.05)

    assert [row["status"] for row in await doorway.rows()] in ([], [400])
    assert (await doorway.post(BODY)).status == 200


async def test_a_caller_that_does_not_read_makes_the_answer_gone(tmp_path, monkeypatch):
    original = GuardedHandler.connection_made

    def narrow(handler, transport):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        original(handler, transport)

    monkeypatch.setattr(GuardedHandler, "connection_made", narrow)
    async with open_doorway(tmp_path, budget=1.5) as doorway:
        caller = socket.socket()
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        caller.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(caller, (doorway.host, doorway.port))
        sending = asyncio.ensure_future(loop.sock_sendall(caller, a_request(BODY) * 100))
        rows = await doorway.settled("gone")
        await asyncio.wait({sending})
        heard = b""
        with suppress(ConnectionError):
            while some := await loop.sock_recv(caller, 65536):
                heard += some
        caller.close()
        in_the_end = await doorway.rows()

    fates = [row["fate"] for row in rows]
    assert fates[-1] == "gone"
    assert heard.count(b"correlation_id") <= fates.count("written")
    assert len(in_the_end) == len(rows) < 100


# --- the ledger


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


async def test_a_yes_after_the_budget_is_not_given(hasty, monkeypatch):
    answer_in_time = hasty.reception.answer

    async def answer_late(call):
        reply = await answer_in_time(call)
        await asyncio.sleep(call.deadlines.order.left + 0.01)
        return reply

    monkeypatch.setattr(type(hasty.reception), "answer", lambda _self, call: answer_late(call))
    answer = await hasty.post(BODY)

    assert (answer.status, answer.document["code"]) == (503, "too_late")
    assert [(row["fate"], row["stage"]) for row in await hasty.settled()] == [("late", None)]


async def test_news_after_the_budget_counts_though_it_was_answered_with_no(hasty, monkeypatch):
    answer_in_time = hasty.reception.answer

    async def answer_late(call):
        reply = await answer_in_time(call)
        await asyncio.sleep(call.deadlines.order.left + 0.01)
        return reply

    monkeypatch.setattr(type(hasty.reception), "answer", lambda _self, call: answer_late(call))
    answer = await hasty.post(BODY, "order-change")

    assert answer.status == 503
    assert [(row["fate"], row["stage"]) for row in await hasty.settled()] == [("gone", "open")]


async def test_a_bug_of_ours_is_answered_and_the_body_kept(doorway, monkeypatch):
    async def fail(*_args):
        raise KeyError

    monkeypatch.setattr(Gate, "decide", fail)
    answer = await doorway.post(BODY)

    assert (answer.status, answer.document["code"]) == (503, "bridge_error")
    assert [row["body"] for row in await doorway.rows()] == [BODY]


# --- the end


async def test_an_answer_that_is_being_made_goes_out_when_the_listener_ends(tmp_path):
    opened = open_doorway(tmp_path)
    doorway = await opened.__aenter__()
    pos = SlowPos(doorway)
    answer = asyncio.ensure_future(doorway.post(BODY))
    await pos.asked.wait()
    ending = asyncio.ensure_future(opened.__aexit__(None, None, None))
    await asyncio.sleep(0.05)
    pos.may_answer.set()

    assert (await answer).status == 200
    await ending


async def test_nobody_new_is_let_in_when_the_listener_ends(tmp_path):
    async with open_doorway(tmp_path) as doorway:
        pass

    with pytest.raises(ConnectionRefusedError):
        await doorway.post(BODY)


async def test_an_idle_connection_does_not_hold_up_the_end(tmp_path):
    async with open_doorway(tmp_path) as doorway, doorway.connection() as (reader, writer):
        writer.write(a_request(BODY))
        await read_answer(reader)
