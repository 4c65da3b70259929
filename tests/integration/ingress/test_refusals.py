"""What the ingress does not take, why it says so, and what it keeps of it."""

import asyncio
import gzip

import pytest
from structlog.testing import capture_logs

from bridge.model import PosState
from tests.doorway import (
    BBOT_ID,
    a_pulse,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    read_answer,
)

BODY = an_injection()
PROBLEM = "application/problem+json"
STRANGER = {"Authorization": None}


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        pytest.param(a_request(method="GET"), 405, "not_post", id="GET"),
        pytest.param(a_request(BODY, method="PUT"), 405, "not_post", id="PUT"),
        pytest.param(a_request(BODY, "order-deletion"), 404, "unknown_hook", id="unknown hook"),
        pytest.param(a_request(BODY, "%ff%00"), 404, "unknown_hook", id="no text in the address"),
        pytest.param(a_request(BODY, "a/b"), 404, "unknown_address", id="too deep"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, "unknown_address", id="the root"),
        pytest.param(
            b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 404, "unknown_address", id="CONNECT"
        ),
        pytest.param(
            a_request(BODY, endpoint="another"), 404, "unknown_endpoint", id="wrong endpoint"
        ),
        pytest.param(
            a_request(BODY, endpoint="another", headers=STRANGER),
            404,
            "unknown_endpoint",
            id="wrong endpoint without credentials",
        ),
        pytest.param(a_request(BODY, headers=STRANGER), 401, "unauthorized", id="nobody"),
        pytest.param(
            a_request(BODY, headers={"Authorization": authorization("bbot", "wrong")}),
            401,
            "unauthorized",
            id="wrong password",
        ),
        pytest.param(
            a_request(BODY, headers={"Authorization": "Basic \xff\xfe"}),
            401,
            "unauthorized",
            id="credentials that are no text",
        ),
        pytest.param(a_request(b""), 400, "empty_body", id="no body"),
        pytest.param(
            a_request(headers={"Content-Length": None}), 400, "empty_body", id="no length"
        ),
        pytest.param(
            a_request(b"x" * 70, headers={"Content-Encoding": "gzip"}),
            400,
            "broken_body",
            id="gzip that is none",
        ),
        pytest.param(
            a_request(BODY, headers={"Content-Encoding": "br"}),
            415,
            "unsupported_encoding",
            id="an encoding we lack",
        ),
        pytest.param(
            a_request(BODY, headers={"Content-Type": "image/png"}),
            415,
            "unsupported_media_type",
            id="a picture",
        ),
        pytest.param(a_request(b"x" * 300_000), 413, "too_big", id="300 kB"),
        pytest.param(a_request(b"x" * 5_000_000), 413, "too_big", id="5 MB"),
        pytest.param(in_chunks(b"x" * 5_000_000, 60_000), 413, "too_big", id="5 MB in chunks"),
        pytest.param(
            a_request(gzip.compress(b" " * 50_000_000, 6), headers={"Content-Encoding": "gzip"}),
            413,
            "too_big",
            id="50 MB in 50 kB",
        ),
        pytest.param(a_request(BODY, "x" * 9000), 431, "too_long", id="a long address"),
        pytest.param(
            a_request(BODY, headers={"X-Long": "x" * 9000}), 431, "too_long", id="a long header"
        ),
        pytest.param(
            a_request(BODY, headers={f"X-{n}": "x" for n in range(200)}),
            400,
            "bad_http",
            id="many headers",
        ),
        pytest.param(b"hello\r\n\r\n", 400, "bad_http", id="no HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400, "bad_http", id="TLS"),
        pytest.param(
            a_request(BODY, headers={"Content-Length": "-5"}), 400, "bad_http", id="negative length"
        ),
        pytest.param(
            a_request(BODY, headers={"Transfer-Encoding": "chunked"}),
            400,
            "bad_http",
            id="two lengths",
        ),
        pytest.param(
            a_request(BODY, headers={"X-Zero": "\0"}), 400, "bad_http", id="a zero in a header"
        ),
        pytest.param(
            in_chunks(BODY).replace(b"3e8\r\n", b"xyz\r\n"), 400, "bad_http", id="no chunk size"
        ),
        pytest.param(
            a_request(BODY).replace(b"POST /", b"POST http://[::1/"), 400, "bad_http", id="no URL"
        ),
    ],
)
async def test_everything_else_gets_a_problem_that_says_why(doorway, raw, status, code):
    answer = await doorway.exchange(raw)

    assert (answer.status, answer.document["code"]) == (status, code)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.document["correlation_id"]


@pytest.mark.parametrize("garbage", [b"hello\r\n\r\n", a_request(BODY, headers={"X": "\0"})])
async def test_after_garbage_the_connection_ends(doorway, garbage):
    async with doorway.connection() as (reader, writer):
        writer.write(garbage)
        await read_answer(reader)

        assert await reader.read() == b""


@pytest.mark.parametrize(
    "refused",
    [
        a_request(method="GET"),
        a_request(BODY, headers=STRANGER),
        a_request(BODY, "order-deletion"),
        a_request(b"{"),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_after_a_refusal_the_connection_goes_on(doorway, refused):
    async with doorway.connection() as (reader, writer):
        writer.write(refused)
        await read_answer(reader)
        writer.write(a_request(BODY))

        assert (await read_answer(reader)).status == 200


async def test_head_is_answered_without_a_body(doorway):
    async with doorway.connection() as (reader, writer):
        writer.write(a_request(method="HEAD"))
        assert (await read_answer(reader, has_body=False)).status == 405
        writer.write(a_request(BODY))

        assert (await read_answer(reader)).status == 200


async def test_a_body_that_is_too_big_is_refused_before_it_is_sent(doorway):
    async with doorway.connection() as (reader, writer):
        writer.write(a_request(headers={"Content-Length": "300000"}))

        assert (await read_answer(reader)).status == 413


async def test_a_caller_that_goes_on_sending_still_reads_the_413(doorway):
    async with doorway.connection() as (reader, writer):
        writer.write(a_request(headers={"Content-Length": "400000"}))
        for _ in range(40):
            writer.write(b"x" * 10_000)
            await writer.drain()
            await asyncio.sleep(0)

        assert (await read_answer(reader)).status == 413


async def test_a_length_that_is_too_short_does_not_let_the_rest_through(doorway):
    raw = a_request(BODY, headers={"Content-Length": str(len(BODY) - 20)})

    assert (await doorway.exchange(raw)).status == 400
    assert [row for row in await doorway.rows() if row["status"] == 200] == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (a_request(b"x" * 300_000), "too_big"),
        (a_request(b"{"), "bad_json"),
        (a_request(an_injection(restaurant="somebody-elses")), "foreign_restaurant"),
        (a_request(b"x" * 70, headers={"Content-Encoding": "gzip"}), "broken_body"),
    ],
)
async def test_a_refusal_of_a_known_caller_is_recorded(doorway, raw, code):
    await doorway.exchange(raw)

    assert [row["code"] for row in await doorway.rows()] == [code]


@pytest.mark.parametrize(
    "raw",
    [
        a_request(BODY, headers=STRANGER),
        a_request(BODY, endpoint="another"),
        a_request(b"x" * 300_000, headers=STRANGER),
    ],
)
async def test_nothing_of_a_stranger_is_recorded(doorway, raw):
    await doorway.exchange(raw)

    assert await doorway.rows() == []


@pytest.mark.parametrize(
    ("raw", "is_http"),
    [
        (b"hello\r\n\r\n", False),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", False),
        (a_request(BODY, headers={"Content-Length": "-5"}), True),
        (a_request(BODY, headers={"X-Zero": "\0"}), True),
        (a_request(BODY, headers={f"X-{n}": "x" for n in range(200)}), True),
        (in_chunks(BODY).replace(b"3e8\r\n", b"xyz\r\n"), True),
        (a_request(BODY).replace(b"POST /", b"POST http://[::1/"), True),
    ],
)
async def test_only_what_is_not_http_is_called_so(doorway, raw, is_http):
    detail = (await doorway.exchange(raw)).document["detail"]

    assert detail.startswith("this is not HTTP/1.1") is not is_http


async def test_a_flood_of_wrong_passwords_is_one_line_in_the_log(doorway):
    with capture_logs() as logs:
        for _ in range(20):
            await doorway.post(BODY, headers=STRANGER)

    assert [line["calls"] for line in logs if line["event"] == "call_turned_away"] == [1]


async def test_a_refusal_tells_the_guest_why_and_when_to_come_again(doorway):
    doorway.pulses.put(a_pulse(PosState.DOWN, reason="no answer", proven_down=True))
    answer = await doorway.post(BODY)

    assert (answer.status, answer.document["detail"]) == (503, "no answer")
    assert answer.headers["retry-after"] == "10"


async def test_one_endpoint_serves_only_its_own_restaurants(doorway):
    assert (await doorway.post(an_injection(restaurant=BBOT_ID))).status == 200
    assert (await doorway.post(an_injection(restaurant="somebody-elses"))).status == 403
    assert (await doorway.post(an_injection(restaurant="nobodys"))).status == 422
