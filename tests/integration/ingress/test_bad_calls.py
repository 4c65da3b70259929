"""The README's table of bad calls, row by row, against the real ingress."""

import ast
import asyncio
import re
from pathlib import Path

import orjson
import pytest

from bridge.ingress.auth import UNAUTHORIZED
from bridge.ingress.guard import Limits
from bridge.ledger import history
from tests.doorway import (
    PAYLOADS,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    open_doorway,
)
from tests.webhooks import PARTNER_CALLS, a_finish, a_price_check, a_start

ROOT = Path(__file__).parents[3]
SECTION = (
    (ROOT / "README.md").read_text("utf-8").partition("\n## What a bad call gets\n")[2]
).partition("\n## ")[0]
ROWS = re.findall(r"^\| (.+?) \| (\d+)(\*?) \| `(\w+)` \| (.+?) \|$", SECTION, re.MULTILINE)
BODY = an_injection()


def altered(**changes):
    """The published injection with other things in its order; None takes one away."""
    document = orjson.loads(BODY)
    del document["restaurant_id"], document["order_id"]
    order = document["order"] | changes
    document["order"] = {name: value for name, value in order.items() if value is not None}
    return a_request(orjson.dumps(document))


def payload(name):
    return a_request((PAYLOADS / name).read_bytes())


WITHOUT_CREDENTIALS = a_request(BODY, headers={"Authorization": None})
# Every kind of the table with calls of that kind; of each kind the table says what it gets.
CALLS = {
    "no HTTP, such as TLS": [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"hello\r\n\r\n"],
    "broken HTTP": [a_request(BODY, headers={"Content-Length": "-5"})],
    "a long address or header": [a_request(BODY, "x" * 9000)],
    "a `Content-Encoding` but gzip, deflate": [a_request(BODY, headers={"Content-Encoding": "br"})],
    "another address": [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", a_request(BODY, "a/b")],
    "an unknown endpoint": [a_request(BODY, endpoint="another")],
    "an unknown hook": [a_request(BODY, "order-deletion")],
    "anything but POST": [a_request(method="GET"), a_request(BODY, "promo", method="PUT")],
    "wrong credentials, or none where needed": [
        WITHOUT_CREDENTIALS,
        a_request(BODY, "promo", headers={"Authorization": None}),
        a_request(a_price_check(), "promo", headers={"Authorization": authorization("a", "b")}),
    ],
    "a body over `max_body`, not kept": [
        a_request(b"x" * 300_000),
        a_request(b"x" * 300_000, "promo"),
        in_chunks(b"x" * 300_000, 60_000),
    ],
    "a slow body, not kept": [a_request(BODY)[:-10], a_request(a_price_check(), "promo")[:-10]],
    "broken gzip, not kept": [a_request(b"x" * 70, headers={"Content-Encoding": "gzip"})],
    "no body": [a_request(b""), a_request(b" \r\n", "promo"), a_request(b"", "items-refunded")],
    "another kind of body": [a_request(BODY, headers={"Content-Type": "image/png"})],
    "an unknown charset": [a_request(BODY, headers={"Content-Type": "text/plain; charset=cp037"})],
    "no UTF-8": [a_request(b'{"\xff": 1}'), a_request(b'{"\xff": 1}', "")],
    "no JSON": [a_request(b'{"order": '), a_request(b"{", "order-change"), a_request(b"{", "")],
    "JSON, no object": [a_request(b"[]"), a_request(b'"order"', "promo")],
    "a key twice": [a_request(b'{"order": 1, "order": 2}')],
    "too deep": [a_request(b"[" * 40 + b"]" * 40)],
    "too many items, modifiers or prompts": [
        a_request(b'{"order": {"items": [' + b"{}," * 3000 + b"{}]}}"),
        a_request(b'{"cart_items_this_restaurant": [' + b"1," * 3000 + b"1]}", "promo"),
        a_request(b"a=1&" * 3000 + b"b=1"),
    ],
    "a form without nested data": [payload("32_form_that_lost_the_order.txt")],
    "an order without an order": [a_request(b'{"order_id": "1", "restaurant_id": "2"}')],
    "without its restaurant": [altered(restaurant_id=None)],
    "without its id": [altered(id=None)],
    "without items": [altered(items=[]), altered(items=None), altered(items="none")],
    "with an item that is none": [altered(items=["Ceviche"])],
    "with the price or tax of an item in doubt": [
        altered(items=[{"name": "Dish", "pretax_cents": 4.5}]),
        altered(items=[{"name": "Dish", "tax_cents": "0.78"}]),
    ],
    "of a restaurant nobody configured": [
        a_request(an_injection(restaurant="nobodys")),
        a_request(an_injection(restaurant="nobodys"), ""),
    ],
    "of a restaurant of another endpoint": [
        a_request(an_injection(restaurant="somebody-elses")),
        a_request(an_injection(restaurant="somebody-elses"), "order-change"),
        a_request(a_finish(restaurant_id="somebody-elses"), "checkout-finished"),
    ],
}
# A caller that closed the connection hears nothing any more; its row has a test of its own.
UNHEARD = "half a body, not kept"
# What the gate says stands below the table.
OF_THE_RESTAURANT = {"sold_out", "closed", "pos_down"}
MAKERS = {"refuse", "syntax", "content", "DecodeError", "Disowned"}
NO_CODES = {"code", "detail", "correlation_id", "max_body", "allow_checkout"}
# In a refund, a cart or the end of a checkout: nobody is refused for it.
ARCHIVED = {"no_checkout", "bad_line"}


@pytest.fixture
async def doorway(tmp_path):
    limits = Limits(header_timeout=0.5)
    async with open_doorway(tmp_path, limits=limits, body_timeout=0.3) as doorway:
        yield doorway


def matches(sentence, detail):
    """Whether the detail is the table's sentence, where "…" stands for anything."""
    pattern = ".+".join(map(re.escape, sentence.split("…")))
    return re.fullmatch(pattern, detail, re.DOTALL) is not None


async def bodies(doorway, name):
    """What `show --raw` has under that name."""

    def read(tx):
        places = history.find_restaurants(tx, name)
        return [body for place in places for body in history.find_bodies(tx, place, name)]

    return await doorway.ledger.read(read)


def body_of(raw):
    return raw.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("row", "raw"),
    [
        pytest.param(row, raw, id=f"{row[0]} {number}")
        for row in ROWS
        for number, raw in enumerate(CALLS.get(row[0], []))
    ],
)
async def test_a_bad_call_gets_what_the_table_says(doorway, row, raw):
    kind, status, star, code, sentence = row
    answer = await doorway.exchange(raw)
    rows = await doorway.rows()

    assert (str(answer.status), answer.document["code"]) == (status, code)
    assert matches(sentence, answer.document["detail"]), answer.document["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    if star:
        assert rows == []
    else:
        assert [row["body"] for row in rows] == [b"" if "not kept" in kind else body_of(raw)]
        assert await bodies(doorway, rows[0]["order_id"] or answer.document["correlation_id"])


async def test_half_a_body_is_recorded_with_what_the_table_says(doorway):
    ((_, status, _, code, sentence),) = [row for row in ROWS if row[0] == UNHEARD]
    async with doorway.connection() as (_reader, writer):
        writer.write(a_request(BODY)[:-10])
        await writer.drain()
    async with asyncio.timeout(20):
        while not (rows := await doorway.rows()):
            continue

    assert [(str(row["status"]), row["code"]) for row in rows] == [(status, code)]
    assert matches(sentence, orjson.loads(rows[0]["answer"])["detail"])


def test_every_row_is_tried():
    assert {row[0] for row in ROWS} == {*CALLS, UNHEARD}


def test_the_table_has_every_code_there_is():
    named = set(re.findall(r"`([a-z_]+)`", SECTION)) - NO_CODES

    assert named == (codes() - ARCHIVED) | OF_THE_RESTAURANT | {"archived", UNAUTHORIZED}


def codes():
    """Every code of a refusal, as it stands in the source: a word behind a status, or the first."""
    found = set()
    for folder in ("bridge/ingress", "bridge/sources/bbot"):
        for path in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found |= {word for word in words(node) if re.fullmatch("[a-z]+(_[a-z]+)*", word)}
    return found


def words(node):
    """The texts among the first two parts of a refusal."""
    parts = []
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
        parts = node.args[:2]
    elif isinstance(node, ast.Tuple):
        status, *rest = [getattr(part, "value", None) for part in node.elts] or [None]
        parts = node.elts[1:2] if isinstance(status, int) and rest else []
    return {part.value for part in parts if isinstance(getattr(part, "value", None), str)}


# --- what stands below the table


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        ("order-change", b'{"order": {"id": "1"}}'),
        ("order-change", an_injection(restaurant="nobodys")),
        ("checkout-finished", a_finish(checkout_id=None)),
        ("checkout-finished", a_finish(restaurant_id="nobodys")),
        ("items-refunded", b'{"event_type": "items_refunded", "checkout_id": "1"}'),
        ("integration-changed", b"{}"),
    ],
)
async def test_the_other_hooks_are_archived(doorway, hook, body):
    answer = await doorway.post(body, hook)

    assert (answer.status, answer.document["result"]) == (200, "archived")
    assert [row["body"] for row in await doorway.rows()] == [body]


@pytest.mark.parametrize("restaurant", ["nobodys", "somebody-elses", None])
@pytest.mark.parametrize("make", [a_price_check, a_start])
async def test_a_cart_of_any_restaurant_is_answered_without_a_quote(doorway, make, restaurant):
    body = make(restaurant_id=restaurant)
    answer = await doorway.post(body, "promo")

    assert (answer.status, answer.document["discounts"]) == (200, None)
    assert [row["body"] for row in await doorway.rows()] == [body]


@pytest.mark.parametrize(("hook", "_body"), PARTNER_CALLS)
async def test_nothing_is_too_odd_for_an_answer(doorway, hook, _body):
    for body in (b"{}", b'{"event_type": 7}', b'{"checkout_id": [[[]]]}'):
        assert (await doorway.post(body, hook)).status == 200
