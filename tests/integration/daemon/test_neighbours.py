"""Two restaurants in one daemon: one's adapter hangs, and the other's guests notice nothing."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from bridge.adapter import Capability
from bridge.config import Endpoint, Ingress, Secret
from bridge.ingress.admission import QUOTES
from bridge.ingress.pos_quotes import FLIGHTS
from bridge.model import Discount, Label, Quote
from tests.daemons import ENDPOINT, PASSWORD, PATIENCE, USER, a_restaurant, board, running
from tests.doorway import an_injection, authorization
from tests.webhooks import a_finish, a_price_check, a_start

SLOW, QUICK = "slow", "quick"
OFFER = Quote(
    prompts=(Label(id="1", text="Happy hour"),),
    discount=Discount(name="Happy hour", amount_cents=100),
)


class Hanging:
    """An adapter's quote: at one restaurant it does not come until it may."""

    def __init__(self):
        self.asked, self.may_answer = asyncio.Queue(), asyncio.Event()
        self.loop = asyncio.get_running_loop()

    async def __call__(self, cart):
        if cart.restaurant == SLOW:
            self.loop.call_soon_threadsafe(self.asked.put_nowait, cart.checkout_id)
            while not self.may_answer.is_set():  # noqa: ASYNC110  an event of another loop
                await asyncio.sleep(0.01)
        return OFFER


@pytest.fixture
async def hanging(monkeypatch):
    hanging, kind = Hanging(), board()
    capabilities = kind.spec.capabilities | {Capability.PROMOTIONS}
    monkeypatch.setattr(kind, "spec", replace(kind.spec, capabilities=capabilities))

    async def quote(_self, cart, _deadline):
        return await hanging(cart)

    monkeypatch.setattr(kind, "quote", quote, raising=False)
    return hanging


class Platform:
    """Calls for guests of either restaurant."""

    def __init__(self, client, ready):
        self.client, self.ready = client, ready

    async def post(self, hook, body):
        async with asyncio.timeout(PATIENCE):
            answer = await self.client.post(
                f"{self.ready.ingress}/bbot/{ENDPOINT}/{hook}",
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "Authorization": authorization(USER, PASSWORD),
                },
            )
            return answer.status, await answer.json()

    async def promo(self, make, restaurant, checkout):
        body = make(restaurant_id=restaurant, checkout_id=checkout)
        return (await self.post("promo", body))[1]

    async def order(self, restaurant, order):
        return await self.post("order-injection", an_injection(order, restaurant=restaurant))

    async def finish(self, restaurant, checkout):
        body = a_finish(restaurant_id=restaurant, checkout_id=checkout)
        return await self.post("checkout-finished", body)

    async def shed(self):
        """What was left with less, as /metrics has it."""
        text = await (await self.client.get(f"{self.ready.console}/metrics")).text()
        return [
            line for line in text.splitlines() if line.startswith("pos_bridge_calls_shed_total{")
        ]


@pytest.fixture
async def platform(a_config, hanging, stack):
    names = (SLOW, QUICK)
    config = a_config(
        # Nobody gets impatient before the test has seen what it wants to see.
        ingress=Ingress(listen="127.0.0.1:0", promo_budget=30.0),
        endpoints=(
            Endpoint(id=ENDPOINT, username=USER, password=Secret.of(PASSWORD), restaurants=names),
        ),
        restaurants=tuple(a_restaurant(id=name) for name in names),
    )
    _daemon, ready, _task = await stack.enter_async_context(running(config))
    client = await stack.enter_async_context(aiohttp.ClientSession())
    stack.callback(hanging.may_answer.set)
    return Platform(client, ready)


@pytest.fixture
async def stuck(platform, hanging):
    """As many guests as may wait for the slow adapter, with all the carts it is asked about."""
    waiting = [
        asyncio.create_task(platform.promo(a_price_check, SLOW, f"waits-{number % FLIGHTS}"))
        for number in range(QUOTES.each)
    ]
    for _ in range(FLIGHTS):
        await hanging.asked.get()
    async with asyncio.timeout(PATIENCE):
        while not await platform.shed():
            await platform.promo(a_price_check, SLOW, "finds-no-seat")
    yield waiting
    hanging.may_answer.set()
    await asyncio.gather(*waiting)


async def test_a_hanging_adapter_keeps_no_guest_of_another_restaurant(platform, stuck):
    before = await platform.shed()
    for number in range(20):
        checkout = f"c-{number}"
        checked = await platform.promo(a_price_check, QUICK, checkout)
        started = await platform.promo(a_start, QUICK, checkout)
        ordered, _ = await platform.order(QUICK, checkout)
        finished, _ = await platform.finish(QUICK, checkout)

        assert [len(answer["discounts"]) for answer in (checked, started)] == [1, 1]
        assert (started["allow_checkout"], ordered, finished) == (True, 200, 200)
    assert not any(waiting.done() for waiting in stuck)
    assert await platform.shed() == before


async def test_the_guests_of_the_restaurant_itself_are_not_blocked_either(platform, stuck, hanging):
    checked = await platform.promo(a_price_check, SLOW, "one-more")
    started = await platform.promo(a_start, SLOW, "one-more")
    ordered, _ = await platform.order(SLOW, "one-more")
    finished, _ = await platform.finish(SLOW, "one-more")

    assert checked == {"prompts_to_guest": [], "discounts": None}
    assert started == {"prompts_to_guest": [], "discounts": None, "allow_checkout": True}
    assert (ordered, finished, hanging.asked.empty()) == (200, 200, True)
    assert not any(waiting.done() for waiting in stuck)
    (counted,) = await platform.shed()
    assert (f'code="busy",restaurant="{SLOW}"' in counted, counted[-4:]) == (True, " 3.0")


async def test_when_the_adapter_answers_all_get_their_quote(platform, stuck, hanging):
    hanging.may_answer.set()

    assert [len(answer["discounts"]) for answer in await asyncio.gather(*stuck)] == [
        1
    ] * QUOTES.each
    assert len((await platform.promo(a_price_check, SLOW, "one-more"))["discounts"]) == 1
