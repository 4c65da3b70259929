"""The fake POS over real sockets, seen through the adapters that are made for it."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace

import aiohttp
import pytest

from bridge.adapter import (
    AdapterMisconfigured,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.model import Deadline, PosState, Refund, RefundLine, Slip, SlipKind
from bridge.testing.behaviour import (
    busy,
    drop,
    error,
    hang,
    needs_operator,
    refuse_login,
    reject,
    slow,
    up,
)
from bridge.testing.fake_adapter import (
    FakeAdapter,
    FakeBlindAdapter,
    FakeReadBackAdapter,
    FakeSettings,
)
from bridge.testing.fake_pos import FakePos
from bridge.testing.orders import OrderFactory
from bridge.testing.services import open_services

# What it does, what the adapter makes of it, and how many tickets there are then.
BEHAVIOURS = [
    (busy(3.0), PosBusy, 0),
    (reject("unknown dish"), TicketRejected, 0),
    (needs_operator(), OperatorNeeded, 0),
    (refuse_login(), AdapterMisconfigured, 0),
    (error(), OutcomeUnknown, 0),
    (error(keeps=True), OutcomeUnknown, 1),
    (drop(keeps=False), OutcomeUnknown, 0),
    (drop(keeps=True), OutcomeUnknown, 1),
    (hang(), OutcomeUnknown, 0),
    (hang(keeps=True), OutcomeUnknown, 1),
    (slow(5.0), OutcomeUnknown, 1),
]
SOUP = Refund(lines=(RefundLine(id="u1", name="Soup", price_cents=300, tax_cents=25),))


@pytest.fixture
async def pos():
    async with FakePos() as pos:
        yield pos


@pytest.fixture
async def services():
    async with open_services() as services:
        yield services


@pytest.fixture
def adapter(pos, services):
    return FakeAdapter(FakeSettings(url=pos.url, timeout=0.5), services)


@pytest.fixture
def ticket(adapter, order):
    return adapter.translate(order, Slip(kind=SlipKind.PLACE))


@pytest.fixture
def order():
    return OrderFactory(1).order()


@pytest.fixture
def refund(adapter, order):
    return adapter.translate(order, Slip(kind=SlipKind.REFUND, version=2, refund=SOUP))


async def test_a_ticket_is_kept_with_its_key_and_order_of_arrival(pos, adapter, ticket):
    first, second = await adapter.submit(ticket, "a"), await adapter.submit(ticket, "b")
    assert (first.pos_ref, second.pos_ref) == ("T-1", "T-2")
    assert pos.keys == ["a", "b"]
    assert pos.tickets[0].body == ticket.body.decode()


async def test_an_idempotent_pos_prints_a_key_once(pos, adapter, ticket):
    await adapter.submit(ticket, "a")
    assert (await adapter.submit(ticket, "a")).duplicate
    assert pos.keys == ["a"]
    assert pos.attempts == ["a", "a"]


async def test_another_pos_prints_it_twice(services, ticket):
    async with FakePos(idempotent=False) as pos:
        adapter = FakeBlindAdapter(FakeSettings(url=pos.url), services)
        await adapter.submit(ticket, "a")
        await adapter.submit(ticket, "a")
        assert pos.keys == ["a", "a"]


@pytest.mark.parametrize(
    ("behaviour", "raised", "kept"),
    BEHAVIOURS,
    ids=lambda value: getattr(value, "name", None),
)
async def test_each_behaviour_comes_out_as_the_error_it_means(
    pos, adapter, ticket, behaviour, raised, kept
):
    pos.script(behaviour)
    with pytest.raises(raised):
        await adapter.submit(ticket, "a")
    assert len(pos.tickets) == kept


@pytest.mark.parametrize(
    ("behaviour", "raised", "kept"),
    BEHAVIOURS,
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_refund_is_treated_as_a_ticket_is(pos, adapter, refund, behaviour, raised, kept):
    pos.script(behaviour)
    with pytest.raises(raised):
        await adapter.refund(refund, "a", "")
    assert len(pos.refunds) == kept
    assert pos.attempts == ["a"]


async def test_a_refund_is_booked_with_its_key_order_lines_and_cents(
    pos, adapter, ticket, refund, order
):
    paid = await adapter.submit(ticket, "a")
    accepted = await adapter.refund(refund, "b", paid.pos_ref)
    (booked,) = pos.refunds
    assert (accepted.pos_ref, accepted.duplicate) == ("R-1", False)
    assert (booked.key, booked.ticket, booked.order_id) == ("b", "T-1", order.id)
    (line,) = booked.lines
    assert (line.id, line.name, line.price_cents, line.tax_cents) == ("u1", "Soup", 300, 25)
    assert booked.amount_cents == 325
    assert pos.keys == ["a"]


async def test_an_idempotent_pos_books_a_key_once(pos, adapter, refund):
    await adapter.refund(refund, "a", "")
    again = await adapter.refund(refund, "a", "")
    assert (again.pos_ref, again.duplicate) == ("R-1", True)
    assert [booked.key for booked in pos.refunds] == ["a"]


async def test_another_pos_books_it_twice(services, refund):
    async with FakePos(idempotent=False) as pos:
        adapter = FakeReadBackAdapter(FakeSettings(url=pos.url), services)
        await adapter.refund(refund, "a", "")
        await adapter.refund(refund, "a", "")
        assert [booked.key for booked in pos.refunds] == ["a", "a"]


async def test_a_closed_pos_gives_nothing_back(pos, adapter, refund):
    pos.closed = "kitchen closed at ten"
    with pytest.raises(OperatorNeeded, match="kitchen closed"):
        await adapter.refund(refund, "a", "")
    assert pos.refunds == []


async def test_a_refund_on_a_ticket_that_is_not_there_is_refused(pos, adapter, refund):
    with pytest.raises(TicketRejected, match="no such ticket") as caught:
        await adapter.refund(refund, "a", "T-7")
    assert (caught.value.field, pos.refunds) == ("ticket", [])


async def test_a_refund_on_the_ticket_of_another_order_is_refused(pos, adapter, refund, order):
    other = adapter.translate(replace(order, id="other"), Slip(kind=SlipKind.PLACE))
    paid = await adapter.submit(other, "a")
    with pytest.raises(TicketRejected, match="another order"):
        await adapter.refund(refund, "b", paid.pos_ref)
    assert pos.refunds == []


async def test_a_refund_that_cannot_be_read_is_refused_with_its_field(pos, adapter, ticket):
    with pytest.raises(TicketRejected) as caught:
        await adapter.refund(ticket, "a", "")
    assert (caught.value.field, pos.refunds) == ("refund", [])


async def test_a_look_up_finds_tickets_and_refunds(services, ticket, refund):
    async with FakePos(idempotent=False) as pos:
        adapter = FakeReadBackAdapter(FakeSettings(url=pos.url), services)
        await adapter.submit(ticket, "a")
        accepted = await adapter.refund(refund, "b", "T-1")
        assert await adapter.find("b") == accepted
        assert await adapter.find("c") is None


async def test_a_lagging_look_up_finds_a_refund_only_later(services, refund):
    now = 100.0
    async with FakePos(idempotent=False, clock=lambda: now) as pos:
        adapter = FakeReadBackAdapter(FakeSettings(url=pos.url), services)
        pos.lag = 0.5
        accepted = await adapter.refund(refund, "a", "")
        assert await adapter.find("a") is None
        now = 100.6
        assert await adapter.find("a") == accepted


async def test_refunds_are_told_to_another_process(pos, adapter, refund, services):
    await adapter.refund(refund, "a", "")
    async with services.http.get(pos.control_url) as reply:
        (told,) = (await reply.json())["refunds"]
    assert (told["key"], told["amount_cents"], len(told["lines"])) == ("a", 325, 1)
    assert told["kept_at"] == pos.refunds[0].kept_at


async def test_after_the_script_the_pos_is_as_always(pos, adapter, ticket):
    pos.script(error(), error())
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await adapter.submit(ticket, "a")
    assert (await adapter.submit(ticket, "a")).pos_ref == "T-1"


async def test_what_it_does_always_stays_until_told_otherwise(pos, adapter, ticket):
    pos.always = reject()
    for _ in range(3):
        with pytest.raises(TicketRejected):
            await adapter.submit(ticket, "a")
    pos.always = up()
    assert (await adapter.submit(ticket, "a")).pos_ref == "T-1"


async def test_a_busy_pos_says_how_long(pos, adapter, ticket):
    pos.script(busy(7.5))
    with pytest.raises(PosBusy) as caught:
        await adapter.submit(ticket, "a")
    assert caught.value.retry_after == 7.5


async def test_a_rejection_names_the_field_and_the_reason(pos, adapter, ticket):
    pos.script(reject("unknown dish"))
    with pytest.raises(TicketRejected, match="unknown dish") as caught:
        await adapter.submit(ticket, "a")
    assert caught.value.field == "lines"


async def test_a_pos_that_is_down_refuses_connections_and_comes_back_at_its_address(
    pos, adapter, ticket
):
    await adapter.submit(ticket, "a")
    await pos.stop_listening()
    with pytest.raises(PosUnreachable):
        await adapter.submit(ticket, "b")
    assert (await adapter.probe(Deadline.after(1.0))).state is PosState.DOWN
    await pos.listen()
    await adapter.submit(ticket, "b")
    assert pos.keys == ["a", "b"]


async def test_a_closed_pos_takes_nothing_and_says_why(pos, adapter, ticket):
    pos.closed = "kitchen closed at ten"
    found = await adapter.probe(Deadline.after(1.0))
    assert (found.state, found.reason) == (PosState.CLOSED, "kitchen closed at ten")
    with pytest.raises(OperatorNeeded, match="kitchen closed"):
        await adapter.submit(ticket, "a")
    assert pos.tickets == []


async def test_sold_out_dishes_are_seen_by_the_probe(pos, adapter):
    pos.sold_out = frozenset({"ceviche"})
    assert (await adapter.probe(Deadline.after(1.0))).sold_out == {"ceviche"}


async def test_a_lagging_look_up_finds_a_ticket_only_later(services, ticket):
    now = 100.0
    async with FakePos(idempotent=False, clock=lambda: now) as pos:
        adapter = FakeReadBackAdapter(FakeSettings(url=pos.url), services)
        pos.lag = 0.5
        accepted = await adapter.submit(ticket, "a")
        assert await adapter.find("a") is None
        now = 100.6
        assert await adapter.find("a") == accepted


async def test_an_adapter_may_be_told_to_block_its_loop(pos, services, ticket):
    adapter = FakeAdapter(FakeSettings(url=pos.url, block_loop=0.05), services)
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    before = turns
    adapter._block()
    assert turns == before
    counting.cancel()


async def test_another_process_can_be_steered_and_asked(services):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.testing.fake_pos", "--port", "0", stdout=PIPE, stderr=PIPE
    )
    try:
        place = json.loads(await process.stdout.readline())
        adapter = FakeAdapter(FakeSettings(url=place["url"], timeout=1.0), services)
        ticket = adapter.translate(OrderFactory(1).order(), Slip(kind=SlipKind.PLACE))
        await steer(services.http, place, script=[reject("no").as_dict()])
        with pytest.raises(TicketRejected):
            await adapter.submit(ticket, "a")
        await steer(services.http, place, listening=False)
        with pytest.raises(PosUnreachable):
            await adapter.submit(ticket, "a")
        await steer(services.http, place, listening=True, sold_out=["x"])
        assert (await adapter.probe(Deadline.after(1.0))).sold_out == {"x"}
        await adapter.submit(ticket, "b")
        async with services.http.get(place["control"]) as reply:
            seen = await reply.json()
        assert [one["key"] for one in seen["tickets"]] == ["b"]
        assert seen["attempts"] == ["a", "b"]
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"scirpt": []}', "scirpt"),
        (b'{"script": [{"name": "explode"}]}', "script.0.name"),
        (b'{"script": {"name": "up"}}', "script"),
        (b'{"script": [{"name": "slow", "secs": 3}]}', "script.0.secs"),
        (b'{"always": "busy"}', "always"),
        (b'{"always": null}', "always"),
        (b'{"sold_out": 7}', "sold_out"),
        (b'{"lag": "soon"}', "lag"),
        (b'{"lag": -1}', "lag"),
        (b'{"listening": null}', "listening"),
    ],
)
async def test_a_wish_that_cannot_be_read_is_answered_with_a_sentence(pos, services, wish, said):
    async with services.http.post(pos.control_url, data=wish) as reply:
        assert reply.status == 400
        assert said in (await reply.json())["reason"]


async def test_a_wish_that_is_half_wrong_changes_nothing(pos, services):
    wish = {"closed": "at ten", "lag": "soon"}
    async with services.http.post(pos.control_url, json=wish) as reply:
        assert reply.status == 400
    assert pos.closed is None


async def test_a_closed_pos_is_opened_by_null(pos, services):
    pos.closed = "at ten"
    await steer(services.http, {"control": pos.control_url}, closed=None)
    assert pos.closed is None


async def steer(http: aiohttp.ClientSession, place, **wish):
    async with http.post(place["control"], json=wish) as reply:
        assert reply.status == 200
