"""54, 56: what the POS side says of a cart, through a daemon whose adapter the test has bent."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import orjson
import pytest

from bridge.adapter import Capability
from bridge.model import Availability, Discount, Label, PosState, Quote, Share
from tests.daemons import a_config, board, running
from tests.integration.payloads.house import SAMPLES, House, Site, lay_out, payload

CHECK, START = "45a_pricecheck_sample.json", "56a_checkout_beginning_sample.json"
LINE = "38654715"
COSTS = 3582


@asynccontextmanager
async def a_house(directory):
    config, names = lay_out(directory, {SAMPLES: (SAMPLES, 1, {})}, a_config)
    async with running(config) as (_daemon, ready, _task), aiohttp.ClientSession() as client:
        yield House(Site(config, ready.ingress, ready.console, client), *names[SAMPLES])


def off(cents, *rows, name="Off"):
    """A quote of the adapter: so much off, spread over lines."""
    spread = tuple(Share(line_id=line, amount_cents=amount) for line, amount in rows)
    return Quote(discount=Discount(name=name, amount_cents=cents, shares=spread))


# What an adapter says, and the cents that the guest is given for it; None: no discount at all.
QUOTES = {
    "right": (off(100), -100),
    "right, with its line": (off(100, (LINE, 100)), -100),
    "negative": (off(-100), None),
    "zero": (off(0), None),
    "true": (off(True), None),
    "a float": (off(99.5), None),
    "two discounts": (Quote(discount=(Discount(name="a", amount_cents=1),) * 2), -1),
    "a wrong sum": (off(100, (LINE, 60)), -100),
    "an unknown line": (off(100, ("nobody", 100)), None),
    "a line twice": (off(100, (LINE, 50), (LINE, 50)), -100),
    "more than the line costs": (off(COSTS + 1, (LINE, COSTS + 1)), -COSTS),
    "more than the cart costs": (off(10**9), -COSTS),
    "nothing that is a quote": ("50 % off", None),
}


@pytest.mark.parametrize("said", QUOTES)
async def test_54_a_bad_discount_of_an_adapter_is_mended_or_dropped(tmp_path, monkeypatch, said):
    told, cents = QUOTES[said]
    kind = board()
    able = kind.spec.capabilities | {Capability.PROMOTIONS}

    async def quote(_self, _cart, _deadline):
        return told

    monkeypatch.setattr(kind, "spec", replace(kind.spec, capabilities=able))
    monkeypatch.setattr(kind, "quote", quote, raising=False)
    async with a_house(tmp_path) as here:
        answer = await here.post_file(CHECK, "promo")

    discounts = answer.document["discounts"]
    assert answer.status == 200
    assert discounts is None if cents is None else len(discounts) == 1
    for discount in discounts or ():
        rows = discount["distribution_among_line_items"]
        assert discount["total_cents_to_add"] == cents
        assert rows == [{"line_item_id": LINE, "cents_to_add": cents}]


async def test_54_prompts_of_an_adapter_get_ids_that_are_ours_alone(tmp_path, monkeypatch):
    kind = board()
    able = kind.spec.capabilities | {Capability.PROMOTIONS}

    async def quote(_self, _cart, _deadline):
        return Quote(prompts=(Label(id="example_bbot_0", text="Hi"), Label(id="x", text="")))

    monkeypatch.setattr(kind, "spec", replace(kind.spec, capabilities=able))
    monkeypatch.setattr(kind, "quote", quote, raising=False)
    async with a_house(tmp_path) as here:
        answer = await here.post_file(CHECK, "promo")
        (prompt,) = answer.document["prompts_to_guest"]

        assert prompt["prompt_id"].startswith("pos-bridge:")


@pytest.mark.parametrize("state", [PosState.CLOSED, PosState.UP])
async def test_56_a_start_is_allowed_or_refused_by_what_the_pos_says(tmp_path, monkeypatch, state):
    async def probe(_self, _deadline):
        return Availability(state=state, reason="register 4 is shut", checked_at=datetime.now(UTC))

    monkeypatch.setattr(board(), "probe", probe)
    async with a_house(tmp_path) as here:
        await here.know(state)
        start = await here.post_file(START, "promo")
        injection = await here.post(payload("02_injection_sample.json"))
        tickets = await here.tickets()

    is_open = state is PosState.UP
    assert start.document["allow_checkout"] is is_open
    assert injection.status == (200 if is_open else 409)
    assert len(tickets) == is_open
    if not is_open:
        (label,) = start.document["prompts_to_guest"]
        assert (label["prompt_type"], "register" in label["text"]) == ("label", False)


def test_the_cart_of_the_file_costs_what_is_said_here():
    assert orjson.loads(payload(CHECK))["cart_items_pretax_cents_this_restaurant"] == COSTS
