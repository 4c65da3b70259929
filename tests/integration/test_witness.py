"""The witness against a tiny console and a tiny POS."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from bridge.testing.audit import Audit
from bridge.testing.tabs import Due
from bridge.testing.witness import Witness, WitnessError

DUE = Due(
    order_id="o-1",
    restaurant="north",
    is_wanted=True,
    is_signed=True,
    is_known=True,
    is_cancelled=False,
    is_unclear=False,
    may_wait=False,
    must={"Soup [] ": 1},
    may=(),
    facts={"table": "Bar", "notes": "Staff note: no rush"},
    refunded_cents=0,
    changes=0,
    voids=0,
    refires=0,
    refunds=0,
)
REFUNDED = replace(DUE, refunds=1, refunded_cents=700)
LINE = {"quantity": 1, "name": "Soup", "modifiers": [], "notes": ""}
TICKET = {
    "restaurant": "cafe",
    "order_id": "o-1",
    "order_number": "7",
    "kind": "place",
    "version": 1,
    "reason": "",
    "table": "Bar",
    "fulfilment": "Runner",
    "due": "",
    "guest": "Cher",
    "notes": ["Staff note: no rush"],
    "lines": [LINE],
}
REFUND = TICKET | {"kind": "refund", "version": 2, "reason": "refund of 7.00"}


def kept(key, body, at, **more):
    """As a POS tells it."""
    return {"key": key, "number": int(at), "body": json.dumps(body), "kept_at": at, **more}


class Restaurant:
    """`states` is what the console says of the order, one after the other, the last for ever."""

    def __init__(self):
        self.states = ["done"]
        self.tickets = [kept("k1", TICKET, 1.0)]
        self.refunds = []
        self.told = []
        self.status = 200
        self.refuses = False

    async def show(self, request):
        if self.refuses:
            return web.json_response({"title": "who are you?"}, status=401)
        if request.match_info["order"] != "o-1" or not self.states:
            return web.json_response({"title": "unknown order"}, status=404)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        delivery = {
            "operation": "place",
            "version": 1,
            "state": state,
            "cause": "",
            "key": "k1",
            "amount_cents": None,
            "attempts": [{}],
        }
        document = {"state": state, "deliveries": [delivery, *self.told], "title": "not today"}
        return web.json_response(document, status=self.status)

    async def control(self, _):
        return web.json_response({"tickets": self.tickets, "refunds": self.refunds})

    def refund(self, said, booked):
        """One of that many cents by the bridge's word, and as the POS has it."""
        self.told = [
            {
                "operation": "refund",
                "version": 2,
                "state": "done",
                "cause": "",
                "key": "k2",
                "amount_cents": said,
                "attempts": [{}],
            }
        ]
        self.refunds = [kept("k2", REFUND, 2.0, amount_cents=booked)]

    @asynccontextmanager
    async def open(self):
        app = web.Application()
        app.add_routes([web.get("/api/v1/orders/{order}", self.show)])
        app.add_routes([web.get("/control", self.control)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield Witness(console=address, pos=(f"{address}/control",), patience=0.0)
        finally:
            await runner.cleanup()


@pytest.fixture
async def restaurant():
    return Restaurant()


@pytest.fixture
async def witness(restaurant):
    async with restaurant.open() as witness:
        await witness.greet()
        yield witness


def problems(audit):
    return {each["what"] for each in audit.as_dict()["problems"]}


async def test_an_order_with_its_one_ticket_is_good(witness):
    assert problems(await witness.audit([DUE], {})) == set()


async def test_it_waits_while_something_moves(restaurant, witness):
    restaurant.states = ["ready", "sending", "done"]
    assert problems(await replace(witness, patience=30.0).audit([DUE], {})) == set()


async def test_an_order_that_never_ends_is_told(restaurant, witness):
    restaurant.states = ["ready"]
    assert "not in an end state, but ready" in problems(await witness.audit([DUE], {}))


async def test_the_pos_is_counted_itself(restaurant, witness):
    restaurant.tickets *= 2
    assert "the POS has a ticket twice" in problems(await witness.audit([DUE], {}))


async def test_what_the_till_gave_back_is_counted_in_it(restaurant, witness):
    restaurant.refund(700, 700)
    audit = await witness.audit([REFUNDED], {})
    assert problems(audit) == set()
    assert (audit.booked_refunds, audit.booked_cents) == (1, 700)


@pytest.mark.parametrize("cents", [699, 701])
async def test_a_till_that_gave_back_a_cent_more_or_less_is_found(restaurant, witness, cents):
    restaurant.refund(700, cents)
    assert problems(await witness.audit([REFUNDED], {})) == {
        "the POS has booked another amount than the bridge says",
        "another amount refunded than there was",
    }


async def test_a_till_that_gave_back_twice_is_found(restaurant, witness):
    restaurant.refund(700, 700)
    restaurant.refunds *= 2
    assert "the POS has booked a refund twice" in problems(await witness.audit([REFUNDED], {}))


async def test_tickets_and_refunds_are_compared_in_the_order_in_which_they_came(
    restaurant, witness
):
    restaurant.refund(700, 700)
    restaurant.refunds[0]["kept_at"] = 0.5
    found = problems(await witness.audit([REFUNDED], {}))
    assert found == {"tickets in another order than their versions"}


async def test_a_ticket_that_came_for_an_order_of_nobody_here_is_found(restaurant, witness):
    before = await witness.greet()
    restaurant.tickets.append(kept("k9", TICKET | {"order_id": "ghost"}, 2.0))
    audit = await witness.audit([DUE], before)
    assert audit.examples == {"the POS has a ticket of no order here": ["ghost"]}


async def test_what_was_in_the_pos_before_is_nobodys_fault(restaurant, witness):
    restaurant.tickets.append(kept("k0", TICKET | {"order_id": "old"}, 0.5))
    assert problems(await witness.audit([DUE], await witness.greet())) == set()


async def test_a_ticket_in_the_pos_of_another_restaurant_is_found(witness):
    (address,) = witness.pos
    theirs, ours = (replace(witness, pos=(f"{name}={address}",)) for name in ("south", "north"))
    assert problems(await ours.audit([DUE], {})) == set()
    assert problems(await theirs.audit([DUE], {})) == {"a ticket is in another restaurant's POS"}


async def test_an_order_that_nobody_knows_is_told(restaurant, witness):
    restaurant.states = []
    found = problems(await witness.audit([DUE], {}))
    assert "the bridge said yes, and does not know the order" in found


async def test_a_console_that_falls_silent_is_a_problem_of_its_own(restaurant, witness):
    restaurant.status = 503
    (found,) = problems(await witness.audit([DUE], {}))
    assert found.endswith("does not tell: not today")


async def test_a_token_that_is_refused_is_told_before_the_evening_begins(restaurant, witness):
    restaurant.refuses = True
    with pytest.raises(WitnessError, match="does not tell: who are you"):
        await witness.greet()


async def test_without_orders_there_is_nothing_to_compare(witness):
    assert (await witness.audit([], await witness.greet())).as_dict() == Audit().as_dict()
