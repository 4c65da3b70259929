"""The connections of the ingress: too many, lost, not read, and at its end."""

import asyncio
import socket
from contextlib import suppress

import pytest

from bridge.ingress.guard import GuardedHandler, Limits
from tests.doorway import SlowPos, a_request, an_injection, open_doorway, read_answer

BODY = an_injection()
NO_ANSWER = (asyncio.IncompleteReadError, ConnectionError)


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
