"""The simulator against a tiny bridge of its own."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest
from aiohttp import encode_basic_auth, web

from bridge.testing.audit import Audit
from bridge.testing.simulator import Simulation, simulate
from bridge.testing.witness import Witness, WitnessError
from tests.evening import LABEL, QUIET


def accept(body):
    return web.json_response({"result": "accepted", "order_id": body["order"]["id"]}, status=202)


def refuse(body):
    document = {"code": "pos_down"}
    return web.json_response(document, status=503, content_type="application/problem+json")


def empty(body):
    starts = {"allow_checkout": True} if body["event_type"] == "checkout_beginning" else {}
    return {"prompts_to_guest": [], "discounts": None} | starts


class TinyBridge:
    """Records what is posted; `answer` decides on each injection, `offer` on each cart."""

    def __init__(self):
        self.posts = []
        self.credentials = set()
        self.answer = accept
        self.offer = empty
        self.news = 200

    async def __aenter__(self):
        app = web.Application()
        app.add_routes([web.post("/bbot/{endpoint}/{hook}", self.take)])
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def take(self, request):
        body = await request.json()
        hook = request.match_info["hook"]
        self.posts.append((hook, body))
        self.credentials.add((request.match_info["endpoint"], request.headers["Authorization"]))
        if hook == "promo":
            return web.json_response(self.offer(body))
        if hook != "order-injection":
            return web.json_response({"result": "recorded"}, status=self.news)
        answer = self.answer(body)
        return await answer if asyncio.iscoroutine(answer) else answer

    def ids(self, hook):
        return [body["order_id"] for name, body in self.posts if name == hook]


@pytest.fixture
async def bridge():
    async with TinyBridge() as bridge:
        yield bridge


def evening(bridge, **numbers):
    wanted = {"orders": 20, "rate": 400.0, "seed": 7, "repeats": 0.0, "edits": 0.0} | numbers
    return Simulation(
        url=bridge.url,
        endpoint="main",
        username="bbot",
        password="sécret:x",
        restaurants=("north", "south"),
        pay_after=0.01,
        **wanted,
    )


async def test_every_accepted_order_is_paid(bridge):
    summary = await simulate(evening(bridge))
    assert len(summary.accepted) == 20
    assert Counter(bridge.ids("order-injection")) == Counter(bridge.ids("order-change"))
    assert set(summary.accepted) == set(bridge.ids("order-change"))


async def test_the_change_is_newer_than_the_injection(bridge):
    await simulate(evening(bridge, orders=1))
    (_, placed), (_, changed) = bridge.posts
    assert changed["order"]["last_modified"] > placed["order"]["last_modified"]
    assert changed["order"]["items"] == placed["order"]["items"]


async def test_it_logs_in_and_serves_every_restaurant(bridge):
    await simulate(evening(bridge))
    assert bridge.credentials == {("main", encode_basic_auth("bbot", "sécret:x"))}
    assert {body["restaurant_id"] for _, body in bridge.posts} == {"north", "south"}


async def test_a_refused_guest_pays_nothing(bridge):
    bridge.answer = refuse
    summary = await simulate(evening(bridge, may_refuse=True))
    assert len(summary.refused) == 20
    assert bridge.ids("order-change") == []
    assert summary.statuses == {"order-injection": {503: 20}}
    assert summary.is_good


async def test_where_nobody_may_be_refused_it_is_wrong(bridge):
    bridge.answer = refuse
    summary = await simulate(evening(bridge, orders=1))
    assert summary.unexpected == ()
    assert not summary.is_good


async def test_a_bridge_that_refuses_everybody_for_reasons_of_its_own_is_found(bridge):
    bridge.answer = lambda body: web.json_response(
        {"code": "bridge_error"}, status=503, content_type="application/problem+json"
    )
    summary = await simulate(evening(bridge, orders=1, may_refuse=True))
    assert [each.what for each in summary.unexpected] == ["status 503 bridge_error"]
    assert not summary.is_good


async def test_repeats_are_exact_and_come_at_once(bridge):
    await simulate(evening(bridge, orders=5, repeats=1.0))
    assert set(Counter(bridge.ids("order-injection")).values()) <= {2, 3}
    placed = [json.dumps(body) for hook, body in bridge.posts if hook == "order-injection"]
    assert set(Counter(placed).values()) <= {2, 3}
    assert len(set(placed)) == 5


async def test_edits_come_after_payment(bridge):
    await simulate(evening(bridge, orders=10, edits=1.0))
    hooks = Counter(hook for hook, _ in bridge.posts)
    assert hooks["order-injection"] == 10
    assert hooks["order-change"] > 10


async def test_a_repeat_that_is_answered_otherwise_is_counted(bridge):
    answers = iter([202, 200])
    bridge.answer = lambda body: web.json_response({}, status=next(answers))
    summary = await simulate(evening(bridge, orders=1, repeats=1.0))
    assert summary.disagreed == summary.accepted


async def test_guests_come_even_if_nobody_is_answered(bridge):
    async def never(_):
        await asyncio.Event().wait()

    bridge.answer = never
    simulation = evening(bridge)
    summary = await simulate(
        Simulation(
            **{name: getattr(simulation, name) for name in Simulation.__slots__} | {"timeout": 0.3}
        )
    )
    assert len(bridge.posts) == 20
    assert len(summary.unanswered) == 20
    assert summary.errors == {"order-injection": {"TimeoutError": 20}}


async def test_a_bridge_that_is_not_there_is_an_error_by_name(bridge):
    simulation = evening(bridge, orders=2)
    await bridge.runner.cleanup()
    summary = await simulate(simulation)
    assert summary.errors == {"order-injection": {"ClientConnectorError": 2}}
    assert summary.as_dict()["answers"] == 0
    assert "2 x ClientConnectorError" in summary.as_text()


@pytest.mark.parametrize("tail", ["/", "/bbot/main", "/bbot/main/"])
async def test_the_address_of_the_endpoint_is_as_good_as_that_of_the_bridge(bridge, tail):
    summary = await simulate(replace(evening(bridge, orders=1), url=f"{bridge.url}{tail}"))
    assert len(summary.accepted) == 1


async def test_an_answer_that_is_neither_yes_nor_no_is_unexpected(bridge):
    bridge.answer = lambda body: web.json_response({"correlation_id": "c-1"}, status=500)
    (found,) = (await simulate(evening(bridge, orders=2))).unexpected
    assert (found.hook, found.what, found.calls) == ("order-injection", "status 500", 2)
    assert found.examples == ("c-1", "c-1")


async def test_the_same_seed_makes_the_same_orders(bridge):
    first = await simulate(evening(bridge))
    second = await simulate(evening(bridge))
    assert sorted(first.accepted) == sorted(second.accepted)


async def test_the_summary_is_text_and_json(bridge):
    summary = await simulate(evening(bridge))
    assert "20 accepted (0 of them cancelled), 0 refused" in summary.as_text()
    assert "202 accepted" in summary.as_text()
    assert json.loads(json.dumps(summary.as_dict()))["statuses"]["order-change"] == {"200": 20}


async def test_guests_stop_coming_after_their_time(bridge):
    summary = await simulate(evening(bridge, orders=1000, rate=100.0, seconds=0.1))
    assert summary.guests == 10


async def test_with_all_hooks_carts_are_priced_and_checkouts_told_of(bridge):
    summary = await simulate(evening(bridge, hooks="all"))
    hooks = Counter(hook for hook, _ in bridge.posts)
    assert hooks["checkout-finished"] >= len(summary.accepted) - len(summary.cancelled)
    assert hooks["promo"] > 2 * len(summary.accepted)
    assert {"pricecheck", "checkout-beginning"} <= set(summary.latency)
    assert summary.is_good


async def test_a_guest_who_may_not_check_out_places_nothing(bridge):
    def closed(body):
        found = empty(body)
        return found | ({"allow_checkout": False} if "allow_checkout" in found else {})

    bridge.offer = lambda body: closed(body) | {"prompts_to_guest": [LABEL]}
    summary = await simulate(evening(bridge, hooks="all", may_refuse=True))
    assert summary.turned_away == 20
    assert bridge.ids("order-injection") == []
    assert summary.is_good


async def test_an_offer_that_breaks_a_rule_is_unexpected(bridge):
    bridge.offer = lambda body: empty(body) | {"discounts": 5}
    found = {each.what for each in (await simulate(evening(bridge, hooks="all"))).unexpected}
    assert found == {"the discounts are neither null nor one"}


def a_cent_off(body):
    for line in body["cart_items_this_restaurant"]:
        if line["pretax_cents"] > 0:
            row = {"line_item_id": line["line_item_id"], "cents_to_add": -1}
            return [
                {
                    "total_cents_to_add": -1,
                    "name_for_guest": "A cent",
                    "distribution_among_line_items": [row],
                }
            ]
    return None


async def test_the_discount_that_was_shown_is_paid(bridge):
    bridge.offer = lambda body: empty(body) | {"discounts": a_cent_off(body)}
    summary = await simulate(evening(bridge, hooks="all", mix=QUIET))
    carts = {
        body["checkout_id"]: body["cart_items_pretax_cents_this_restaurant"]
        for hook, body in bridge.posts
        if hook == "promo" and body["event_type"] == "checkout_beginning"
    }
    for hook, body in bridge.posts:
        if hook == "order-injection":
            cart = carts[body["order"]["checkout_id"]]
            assert body["order"]["pretax_cents"] == max(0, cart - 1)
    assert summary.is_good


async def test_an_order_of_which_news_were_not_answered_yes_is_not_compared(bridge):
    bridge.news = 503
    summary = await simulate(evening(bridge, orders=1, witness=Trusting()))
    assert summary.audit["unclear"] == 1
    assert [each.what for each in summary.unexpected] == ["status 503"]


class Trusting:
    """A witness that knows nothing."""

    async def greet(self):
        return {}

    async def audit(self, dues, before):
        audit = Audit()
        for due in dues:
            audit.add(due, None, [])
        return audit


async def test_without_a_console_that_answers_no_guest_comes(bridge):
    witness = Witness(console="http://127.0.0.1:1")
    with pytest.raises(WitnessError, match="the console at http://127"):
        await simulate(evening(bridge, witness=witness))
    assert bridge.posts == []
