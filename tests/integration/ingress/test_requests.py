"""In how many forms an order may come to the ingress, and is taken."""

import asyncio
import gzip

import aiohttp
import pytest

from bridge.sources.bbot import Hook
from tests.doorway import (
    ENDPOINT,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    read_answer,
)

BODY = an_injection()


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
        pytest.param(a_request(BODY, headers={"Content-Type": None}), id="without a type"),
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
    url = f"{doorway.url}/bbot/{ENDPOINT}/order-injection"
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
