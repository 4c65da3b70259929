"""The ingress against callers that are slow, or silent."""

import asyncio

from bridge.ingress.guard import Limits
from tests.doorway import SlowPos, a_request, an_injection, open_doorway, read_answer

BODY = an_injection()


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
