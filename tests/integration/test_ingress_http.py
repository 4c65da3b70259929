"""The ingress on real sockets: what a platform may send, and what it must get."""

import asyncio
import gzip

import aiohttp
import pytest
from structlog.testing import capture_logs

from bridge.model import PosState
from bridge.sources.bbot import Hook
from tests.doorway import (
    BBOT_ID,
    a_pulse,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    open_doorway,
    read_answer,
)

BODY = an_injection()
PROBLEM = "application/problem+json"


@pytest.fixture
async def doorway(tmp_path):
    async with open_doorway(tmp_path) as doorway:
        yield doorway


def without(*names):
    return dict.fromkeys(names)


# --- what is taken


async def test_an_order_is_taken(doorway):
    answer = await doorway.post(BODY)
    (row,) = await doorway.settled()

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.document["order_id"] == "order-1"
    assert (row["fate"], row["stage"]) == ("written", "open")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(a_request(BODY, version="1.0"), id="HTTP/1.0"),
        pytest.param(a_request(BODY, hook=""), id="the bare address"),
        pytest.param(a_request(BODY, "order-change"), id="a change"),
        pytest.param(in_chunks(BODY), id="in chunks"),
        pytest.param(in_chunks(BODY, size=1), id="in chunks of one byte"),
        pytest.param(
            a_request(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}), id="gzip"
        ),
        pytest.param(a_request(BODY, headers={"Content-Type": "text/plain"}), id="as text"),
        pytest.param(a_request(BODY, headers=without("Content-Type")), id="without a type"),
        pytest.param(
            a_request(BODY, headers={"Content-Type": "application/json; charset=\xff"}),
            id="a type that is no text",
        ),
        pytest.param(
            a_request(BODY, headers={"X-Note": "\xff\xfe"}), id="a header that is no text"
        ),
        pytest.param(
            a_request(BODY, headers={"Authorization": authorization(scheme="basic")}),
            id="the scheme in small letters",
        ),
        pytest.param(
            a_request(
                BODY,
                headers={
                    "Connection": "Upgrade, HTTP2-Settings",
                    "Upgrade": "h2c",
                    "HTTP2-Settings": "AAMAAABkAAQAAP__",
                },
            ),
            id="a client that offers HTTP/2",
        ),
        pytest.param(
            a_request(BODY).replace(b"POST /", b"POST http://bridge.test/"), id="a whole URL"
        ),
        pytest.param(a_request(BODY, hook="order-injection?attempt=2"), id="a query behind it"),
    ],
)
async def test_an_order_is_taken_in_every_form(doorway, raw):
    answer = await doorway.exchange(raw)

    assert (answer.status, [row["order_id"] for row in await doorway.rows()]) == (200, ["order-1"])


@pytest.mark.parametrize("hook", Hook)
async def test_every_hook_has_its_address(doorway, hook):
    assert (await doorway.post(BODY, hook)).status == 200


async def test_a_caller_that_asks_first_is_told_to_go_on(doorway):
    raw = a_request(BODY, headers={"Expect": "100-continue"})
    async with doorway.connection() as (reader, writer):
        writer.write(raw.removesuffix(BODY))
        assert (await read_answer(reader)).status == 100
        writer.write(BODY)

        assert (await read_answer(reader)).status == 200


async def test_a_caller_that_asks_first_is_told_when_not_to(doorway):
    raw = a_request(BODY, headers={"Expect": "100-continue", "Content-Length": "300000"})

    assert (await doorway.exchange(raw.removesuffix(BODY))).status == 413


async def test_a_usual_client_keeps_its_connection(doorway):
    auth = {"Authorization": authorization()}
    url = f"{doorway.url}/bbot/an-endpoint-nobody-guesses/order-injection"
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector, headers=auth) as client:
        statuses = []
        for number in range(5):
            async with client.post(url, data=an_injection(f"order-{number}")) as response:
                statuses.append(response.status)

    assert statuses == [200] * 5


async def test_many_requests_in_a_row_without_waiting_are_answered_in_order(doorway):
    async with doorway.connection() as (reader, writer):
        writer.write(b"".join(a_request(an_injection(f"order-{n}")) for n in range(40)))
        found = [(await read_answer(reader)).document["order_id"] for _ in range(40)]

    assert found == [f"order-{n}" for n in range(40)]


async def test_an_order_that_comes_byte_by_byte_is_taken(doorway):
    async with doorway.connection() as (reader, writer):
        for byte in a_request(BODY):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

        assert (await read_answer(reader)).status == 200


# --- what is not


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
            a_request(BODY, endpoint="another", headers=without("Authorization")),
            404,
            "unknown_endpoint",
            id="wrong endpoint without credentials",
        ),
        pytest.param(
            a_request(BODY, headers=without("Authorization")), 401, "unauthorized", id="nobody"
        ),
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
            a_request(headers=without("Content-Length")), 400, "empty_body", id="no length"
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
        a_request(BODY, headers=without("Authorization")),
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
        a_request(BODY, headers=without("Authorization")),
        a_request(BODY, endpoint="another"),
        a_request(b"x" * 300_000, headers=without("Authorization")),
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
            await doorway.post(BODY, headers=without("Authorization"))

    assert [line["calls"] for line in logs if line["event"] == "call_turned_away"] == [1]


# --- asked again, and the POS


async def test_twenty_equal_posts_at_once_get_twenty_equal_answers(doorway):
    answers = await asyncio.gather(*(doorway.post(BODY) for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


async def test_a_repeat_during_the_first_try_gets_the_same_answer(doorway):
    go_on = asyncio.Event()

    async def ask(_restaurant, _deadline):
        await go_on.wait()
        return True

    doorway.probe = ask
    doorway.pulses.put(a_pulse(PosState.UNKNOWN))
    tries = [asyncio.ensure_future(doorway.post(BODY)) for _ in range(2)]
    await asyncio.sleep(0.05)
    go_on.set()
    first, again = await asyncio.gather(*tries)

    assert (first.status, first.body) == (200, again.body)


async def test_the_same_yes_though_the_pos_went_down(doorway):
    first = await doorway.post(BODY)
    doorway.pulses.put(a_pulse(PosState.DOWN, proven_down=True))
    again = await doorway.post(BODY)

    assert (again.status, again.body) == (200, first.body)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_refusal_tells_the_guest_why_and_when_to_come_again(doorway):
    doorway.pulses.put(a_pulse(PosState.DOWN, reason="no answer", proven_down=True))
    answer = await doorway.post(BODY)

    assert (answer.status, answer.document["detail"]) == (503, "no answer")
    assert answer.headers["retry-after"] == "10"


async def test_one_endpoint_serves_only_its_own_restaurants(doorway):
    assert (await doorway.post(an_injection(restaurant=BBOT_ID))).status == 200
    assert (await doorway.post(an_injection(restaurant="somebody-elses"))).status == 403
    assert (await doorway.post(an_injection(restaurant="nobodys"))).status == 422
