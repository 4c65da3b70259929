"""The whole daemon with carts: promotions of the configuration, and those of an adapter."""

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from bridge.adapter import Capability
from bridge.daemon import assembly
from bridge.ledger import Ledger
from bridge.model import Discount, Label, Quote
from tests.daemons import ENDPOINT, a_config, a_restaurant, running
from tests.engine import RESTAURANT
from tests.webhooks import a_finish, a_price_check, a_start

WELCOME = {"code": "WELCOME", "name": "Welcome back", "amount_cents": 500}


class Guest:
    """Calls as the platform does, without credentials."""

    def __init__(self, client, ready):
        self.client, self.ready = client, ready

    async def post(self, make, hook="promo", **changes):
        answer = await self.client.post(
            f"{self.ready.ingress}/bbot/{ENDPOINT}/{hook}",
            data=make(restaurant_id=RESTAURANT, **changes),
            headers={"Content-Type": "application/json"},
        )
        return await answer.json()

    async def read_metrics(self):
        return await (await self.client.get(f"{self.ready.console}/metrics")).text()


@asynccontextmanager
async def a_guest(directory, **restaurant):
    config = a_config(directory, restaurants=(a_restaurant(**restaurant),))
    async with (
        running(config) as (_daemon, ready, _task),
        aiohttp.ClientSession() as client,
        asyncio.timeout(30),
    ):
        yield Guest(client, ready)


@pytest.fixture
def board(monkeypatch):
    """The board's class, with a method that makes quotes."""
    kind = assembly.registry.load("board")
    capabilities = kind.spec.capabilities | {Capability.PROMOTIONS}
    monkeypatch.setattr(kind, "spec", replace(kind.spec, capabilities=capabilities))

    def give(quote):
        monkeypatch.setattr(kind, "quote", quote, raising=False)

    return give


def typed_into(answer):
    """The prompts of an answer as they come back once the guest has typed."""
    prompts = answer["prompts_to_guest"]
    return [
        prompt | ({"value": "welcome"} if prompt["prompt_type"] == "textinput" else {})
        for prompt in prompts
    ]


def cents(answer):
    return [discount["total_cents_to_add"] for discount in answer["discounts"] or ()]


async def test_a_code_of_the_configuration_is_taken_off_and_used_up(tmp_path):
    async with a_guest(tmp_path, promotions=[WELCOME | {"once_per": "guest"}]) as guest:
        prompts = typed_into(await guest.post(a_price_check))
        typed = await guest.post(a_price_check, prompts_to_guest=prompts)
        started = await guest.post(a_start)
        finished = await guest.post(a_finish, "checkout-finished")
        again = await guest.post(a_price_check, checkout_id="next", prompts_to_guest=prompts)

    assert (cents(typed), cents(started), started["allow_checkout"]) == ([-500], [-500], True)
    assert (finished["result"], cents(again)) == ("recorded", [])


async def test_a_code_that_was_typed_is_known_after_a_restart(tmp_path):
    async with a_guest(tmp_path, promotions=[WELCOME]) as guest:
        prompts = typed_into(await guest.post(a_price_check))
        await guest.post(a_price_check, prompts_to_guest=prompts)
    async with a_guest(tmp_path, promotions=[WELCOME]) as guest:
        assert cents(await guest.post(a_start)) == [-500]


async def test_without_promotions_the_answer_is_empty(tmp_path):
    async with a_guest(tmp_path) as guest:
        assert await guest.post(a_price_check) == {"prompts_to_guest": [], "discounts": None}


async def test_an_adapter_is_asked_on_its_own_thread(tmp_path, board):
    asked = []

    async def quote(_self, cart, _deadline):
        asked.append((cart.restaurant, threading.current_thread().name))
        return Quote(
            prompts=(Label(id="1", text="Happy hour"),),
            discount=Discount(name="Happy hour", amount_cents=100),
        )

    board(quote)
    async with a_guest(tmp_path) as guest:
        answer = await guest.post(a_price_check)

    assert cents(answer) == [-100]
    assert asked == [(RESTAURANT, "worker")]


async def test_what_an_adapter_gets_wrong_is_mended_and_counted(tmp_path, board):
    async def quote(_self, _cart, _deadline):
        return Quote(discount=Discount(name="Too much", amount_cents=10**9))

    board(quote)
    async with a_guest(tmp_path) as guest:
        answer = await guest.post(a_price_check)
        metrics = await guest.read_metrics()

    assert cents(answer) == [-3582]
    assert "pos_bridge_quote_problems_total{" in metrics


async def test_an_adapter_that_blocks_its_loop_keeps_no_guest(tmp_path, board):
    go_on = threading.Event()

    async def quote(_self, _cart, _deadline):
        go_on.wait(20)

    board(quote)
    try:
        async with a_guest(tmp_path) as guest:
            answers = [await guest.post(make) for make in (a_price_check, a_start)]
            go_on.set()
    finally:
        go_on.set()

    assert [answer["discounts"] for answer in answers] == [None, None]
    assert answers[1]["allow_checkout"] is True


async def test_everything_is_on_record(tmp_path):
    async with a_guest(tmp_path) as guest:
        await guest.post(a_price_check)
        await guest.post(a_start)
        await guest.post(a_finish, "checkout-finished")
    ledger = await Ledger.open(tmp_path / "ledger")
    rows = await ledger.read(
        lambda tx: tx.execute("SELECT code, stage FROM request ORDER BY seq").fetchall()
    )
    ledger.close()

    assert [(row["code"], row["stage"]) for row in rows] == [
        ("quoted", None),
        ("allowed", None),
        ("recorded", "recorded"),
    ]
