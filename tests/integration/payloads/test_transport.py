"""34, 35, 42 to 44: how a call travels. The bodies themselves are in `test_orders`."""

import gzip

import pytest

from bridge.sources.bbot import Hook
from tests.daemons import PASSWORD, USER
from tests.doorway import a_request, authorization
from tests.integration.payloads.house import payload
from tests.integration.payloads.test_orders import CEVICHE, SAMPLE_ORDER

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODY = payload("02_injection_sample.json")


async def check_made(house, answer):
    assert (answer.status, answer.document["result"]) == (200, "accepted")
    assert await house.deliveries(SAMPLE_ORDER) == ["place 1 done"]
    assert await house.lines() == [CEVICHE]


async def check_nothing(house):
    assert (await house.rows(), await house.tickets()) == ([], [])


async def test_34_an_order_that_is_gzipped_is_made(house):
    here = house()
    await check_made(here, await here.post(gzip.compress(BODY), Content_Encoding="gzip"))


async def test_34_an_order_that_comes_in_chunks_is_made(house):
    here = house()
    head = {
        "Authorization": authorization(USER, PASSWORD),
        "Content-Length": None,
        "Transfer-Encoding": "chunked",
    }
    pieces = [BODY[at : at + 700] for at in range(0, len(BODY), 700)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    raw = a_request(endpoint=here.endpoint, headers=head) + framed

    await check_made(here, await here.exchange(raw))


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", None])
async def test_35_an_order_that_is_called_plain_text_is_made(house, kind):
    here = house()
    await check_made(here, await here.post(BODY, Content_Type=kind))


@pytest.mark.parametrize("hook", ["order-injection", "order-change", "promo", ""])
async def test_42_a_body_of_five_megabytes_is_refused_at_every_address(house, hook):
    here = house()
    answer = await here.post(b'{"order": "' + b"x" * 5_000_000 + b'"}', hook)
    (row,) = await here.rows()

    assert (answer.status, answer.document["code"]) == (413, "too_big")
    assert (row["code"], row["body"], row["stage"]) == ("too_big", b"", None)
    assert await here.tickets() == []


@pytest.mark.parametrize(
    "given",
    [
        None,
        "Basic",
        "Bearer abc",
        authorization(USER, "wrong"),
        authorization("somebody", PASSWORD),
        authorization(USER, "pa:ss:word"),
        authorization("bbôt", "pässwörd"),
        authorization("bbôt", "pässwörd", encoding="latin-1"),
    ],
)
async def test_43_an_order_with_wrong_credentials_or_none_gets_nowhere(house, given):
    here = house()
    for hook in ("order-injection", "order-change", ""):
        answer = await here.post(BODY, hook, Authorization=given)
        assert (answer.status, answer.document["code"]) == (401, "unauthorized")

    await check_nothing(here)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_44_only_a_post_is_a_call(house, method):
    here = house()
    login = {"Authorization": authorization(USER, PASSWORD)}
    for hook in Hook:
        raw = a_request(b"", hook, endpoint=here.endpoint, method=method, headers=login)
        answer = await here.exchange(raw, has_body=method != "HEAD")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")

    await check_nothing(here)
