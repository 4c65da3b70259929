import orjson
import pytest
import structlog

from bridge.ledger import requests
from bridge.sources.bbot import Hook
from tests.doorway import an_injection
from tests.unit.ingress.conftest import a_call
from tests.webhooks import PARTNER_CALLS, a_finish, a_price_check

# --- what a call turns out to be


@pytest.mark.parametrize(("hook", "body"), PARTNER_CALLS[:-1])
@pytest.mark.parametrize("address", [None, *Hook])
async def test_a_call_with_an_event_type_is_what_that_says_at_every_address(
    reception, rows, address, hook, body
):
    reply = await reception.answer(a_call(body, address))

    assert (reply.answer.status, reply.hook) == (200, hook)
    assert [row["hook"] for row in await rows()] == [hook]


@pytest.mark.parametrize("address", [None, *(set(Hook) - {Hook.ORDER_CHANGE})])
async def test_an_order_is_an_injection_everywhere_but_at_the_address_of_changes(
    reception, rows, address
):
    reply = await reception.answer(a_call(hook=address))

    assert (reply.answer.code, reply.hook) == ("accepted", "order-injection")


# --- who may call


@pytest.mark.parametrize(("hook", "body"), PARTNER_CALLS)
async def test_where_the_address_is_enough_no_credentials_are_needed(reception, hook, body):
    for address in (Hook(hook), None):
        reply = await reception.answer(a_call(body, address, has_credentials=False))
        assert reply.answer.status == 200


@pytest.mark.parametrize(
    "address", [None, Hook.PROMO, Hook.CHECKOUT_FINISHED, Hook.INTEGRATION_CHANGED]
)
async def test_an_order_needs_credentials_wherever_it_comes(reception, gate, rows, address):
    reply = await reception.answer(a_call(hook=address, has_credentials=False))

    assert (reply.answer.status, reply.answer.code) == (401, "unauthorized")
    assert (await rows(), gate.asked) == ([], [])


@pytest.mark.parametrize("body", [b"{", b"", b'{"order": {"id": 1}}', b"\xff"])
async def test_what_cannot_be_read_counts_as_an_order_at_the_address_for_all(reception, rows, body):
    reply = await reception.answer(a_call(body, None, has_credentials=False))

    assert (reply.answer.status, await rows()) == (401, [])


@pytest.mark.parametrize("body", [b"{", b""])
async def test_what_cannot_be_read_is_refused_where_the_address_is_enough(reception, rows, body):
    reply = await reception.answer(a_call(body, Hook.PROMO, has_credentials=False))

    assert (reply.answer.status, len(await rows())) == (400, 1)


async def test_half_an_order_at_a_partners_address_needs_credentials(reception, rows):
    call = a_call(b'{"order": {"id": 1}}', Hook.PROMO, has_credentials=False)

    assert (await reception.answer(call)).answer.status == 401
    assert await rows() == []


# --- what cannot be read


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"[]", 400), (b'{"order": {}}', 422), (b"\xff\xfe{", 400)]
)
async def test_an_order_that_cannot_be_read_is_refused_and_kept(reception, rows, body, status):
    reply = await reception.answer(a_call(body))
    (row,) = await rows()

    assert reply.answer.status == row["status"] == status
    assert row["body"] == body
    assert row["error"].startswith(f"{reply.answer.code}: ")


async def test_half_an_order_at_the_address_for_all_is_refused(reception):
    assert (await reception.answer(a_call(b'{"order": {"id": 1}}', None))).answer.status == 422


# --- a bug of ours


async def test_a_crash_means_no_and_the_body_is_kept(reception, gate, rows):
    gate.error = KeyError("Eric Wang")
    reply = await reception.answer(a_call())
    (row,) = await rows()

    assert (reply.answer.status, reply.answer.code) == (503, "bridge_error")
    assert (row["body"], row["error"]) == (an_injection(), "KeyError in the bridge")
    assert row["stage"] is None


async def test_a_crash_inside_the_write_keeps_the_body_too(reception, rows, monkeypatch):
    def fail(*_args):
        raise OverflowError

    monkeypatch.setattr(requests, "record_injection", fail)
    reply = await reception.answer(a_call())

    assert reply.answer.status == 503
    assert [row["body"] for row in await rows()] == [an_injection()]


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        (Hook.PROMO, a_price_check(), 200),
        (Hook.CHECKOUT_FINISHED, a_finish(), 503),
        (None, a_finish(), 503),
    ],
)
async def test_a_crash_in_decoding_spoils_no_cart(
    reception, rows, monkeypatch, address, body, status
):
    def fail(*_args):
        raise RecursionError

    monkeypatch.setattr("bridge.ingress.reception.decode", fail)
    reply = await reception.answer(a_call(body, address))

    assert (reply.answer.status, reply.answer.code) == (status, "bridge_error")
    assert [row["error"] for row in await rows()] == ["RecursionError in the bridge"]


async def test_a_call_whose_body_never_came_is_recorded(reception, rows):
    answer = (await reception.answer(a_call(b""))).answer
    reply = reception.refuse(a_call(b"", hook=None), answer)

    assert reply.answer is answer
    assert [row["hook"] for row in await rows()] == ["order-injection", ""]


# --- what was told and could not be read

NOTE = "ALLERGIC TO NUTS"


def a_change(**order):
    document = orjson.loads(an_injection())
    document["order"] |= order
    return orjson.dumps(document)


def misread(metrics, hook, code):
    return metrics.misread.labels(hook, code)._value.get()


async def test_a_change_with_a_tip_in_doubt_is_a_change_all_the_same(reception, rows, metrics):
    order = orjson.loads(an_injection())["order"]
    items = [{**order["items"][0], "special_instructions": NOTE}]
    body = a_change(tip_cents=12.5, items=items)
    reply = await reception.answer(a_call(body, Hook.ORDER_CHANGE))
    (row,) = await rows()

    assert (reply.answer.code, row["error"]) == ("recorded", None)
    assert NOTE in row["event"]
    assert misread(metrics, "order-change", "bad_money") == 0


@pytest.mark.parametrize(
    ("hook", "body", "code"),
    [
        (Hook.ORDER_CHANGE, a_change(items=["Ceviche"]), "bad_item"),
        (Hook.ORDER_CHANGE, b"{", "bad_json"),
        (Hook.ITEMS_REFUNDED, b'{"event_type": "items_refunded"}', "no_checkout"),
        (Hook.CHECKOUT_CANCELLED, b'{"event_type": "checkout_cancelled"}', "no_checkout"),
    ],
)
async def test_what_was_told_and_cannot_be_read_is_counted_and_told_of(
    reception, metrics, hook, body, code
):
    with structlog.testing.capture_logs() as logs:
        await reception.answer(a_call(body, hook))

    (line,) = [line for line in logs if line["event"] == "call_not_understood"]
    assert (line["log_level"], line["hook"], line["code"]) == ("warning", hook, code)
    assert line["correlation_id"] == "c-1"
    assert misread(metrics, hook, code) == 1


async def test_what_gets_a_no_or_an_open_answer_is_counted_elsewhere(reception, metrics):
    for hook in (Hook.ORDER_INJECTION, Hook.PROMO):
        await reception.answer(a_call(b"{", hook))
        assert misread(metrics, hook, "bad_json") == 0
