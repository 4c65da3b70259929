import asyncio
from datetime import timedelta

import pytest

from bridge.ingress import pos_quotes
from bridge.ingress.pos_quotes import FLIGHTS, INPUTS, KEPT_FOR, MARGIN, REST
from bridge.model import ApplyButton, Choices, Discount, Label, Quote, Share, TextInput
from tests.quoting import Guest, houses, line, promotion
from tests.wires import settle

OFFER = Quote(
    prompts=(
        Label(id="told", text="Members pay less"),
        TextInput(id="card", heading="Card"),
        ApplyButton(id="use", text="Use"),
    ),
    discount=Discount(name="Member", amount_cents=300),
)
EMPTY = {"prompts_to_guest": [], "discounts": None}


class Pos:
    """Quotes what it is told to; remembers what it was asked."""

    def __init__(self, answer=OFFER):
        self.answer = answer
        self.asked = []
        self.gate = None

    async def __call__(self, cart, deadline):
        assert 0 < deadline.left <= 1
        self.asked.append(cart)
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def house_of():
    with houses() as build:
        yield build


@pytest.fixture
def pos():
    return Pos()


@pytest.fixture
def guest(house_of, pos):
    return Guest(house_of(ask=pos))


def ids(guest):
    return [each["prompt_id"] for each in guest.prompts]


async def test_an_adapter_shows_prompts_and_takes_off_a_discount(guest):
    await guest.check()
    assert ids(guest) == [
        "pos-bridge:grill:pos:told",
        "pos-bridge:grill:pos:card",
        "pos-bridge:grill:pos:use",
    ]
    assert guest.off == 300


async def test_the_adapter_gets_its_own_prompts_back_and_nobody_elses(house_of, pos):
    guest = Guest(house_of(promotion(), ask=pos))
    await guest.check()
    await guest.check(typed="nonsense", **{"pos-bridge:grill:pos:card": "4711"})
    assert pos.asked[0].prompts == ()
    assert [(each.id, each.value) for each in pos.asked[1].prompts] == [
        ("told", ""),
        ("card", "4711"),
        ("use", ""),
    ]


CARD = "pos-bridge:grill:pos:card"


async def quote_for_a_card(cart, _deadline):
    """The adapter of the guide: asks for a card, and takes off what is on it."""
    typed = [prompt.value for prompt in cart.prompts if prompt.id == "card"]
    ask = (TextInput(id="card", heading="Card number"), ApplyButton(id="use", text="Use"))
    if not any(typed):
        return Quote(prompts=ask)
    return Quote(prompts=ask, discount=Discount(name="Gift card", amount_cents=int(typed[0])))


async def test_what_was_typed_into_the_adapters_field_stays_with_the_checkout(house_of):
    guest = Guest(house_of(ask=quote_for_a_card))
    await guest.check()
    await guest.check(**{CARD: "100"})
    assert guest.off == 100
    guest.lines += (line("c", 100),)
    await guest.check()
    assert guest.off == 100
    guest.lines += (line("d", 100),)
    guest.prompts = []
    await guest.start()
    assert guest.off == 100
    await guest.check(**{CARD: "250"})
    assert guest.off == 250


async def test_it_is_the_checkouts_own(house_of):
    house = house_of(ask=quote_for_a_card)
    first, second = (Guest(house, checkout_id=f"c-{number}") for number in range(2))
    await first.check()
    await first.check(**{CARD: "100"})
    await second.check()
    assert second.off == 0


async def test_of_what_is_typed_a_bounded_part_is_kept(house_of, pos):
    fields = tuple(TextInput(id=f"f-{number}") for number in range(20))
    pos.answer = Quote(prompts=(*fields, ApplyButton(id="use", text="Use")))
    guest = Guest(house_of(ask=pos))
    await guest.check()
    await guest.check(**{f"pos-bridge:grill:pos:f-{n}": "x" * 5000 for n in range(20)})
    pos.answer = Quote(
        prompts=(*(TextInput(id=f"g-{n}") for n in range(20)), ApplyButton(id="use", text="Use"))
    )
    guest.house.now += timedelta(seconds=KEPT_FOR)
    await guest.check()
    await guest.check(**{f"pos-bridge:grill:pos:g-{n}": "y" for n in range(20)})
    typed = [prompt.value for prompt in pos.asked[-1].prompts if prompt.value]
    assert sorted(typed) == ["x" * 200] * (INPUTS - 20) + ["y"] * 20


async def test_a_field_that_became_a_label_is_no_field(guest, pos):
    await guest.check()
    await guest.check(**{CARD: "4711"})
    pos.answer = Quote(prompts=(Label(id="card", text="Thank you"),))
    guest.house.now += timedelta(seconds=KEPT_FOR)
    await guest.check()
    await guest.check()
    assert [(each.id, each.kind, each.value) for each in pos.asked[-1].prompts] == [
        ("card", "label", "")
    ]


@pytest.mark.parametrize("length", [96, 97, 100])
async def test_an_id_of_the_longest_kind_is_kept(house_of, length):
    guest = Guest(house_of(ask=Pos(Quote(prompts=(Label(id="x" * length, text="t"),)))))
    await guest.check()
    assert (ids(guest), guest.house.troubles) == (["pos-bridge:grill:pos:" + "x" * length], {})


async def test_of_an_adapter_that_makes_no_quotes_nothing_is_asked_or_remembered(pos):
    with houses() as build:
        house = build(ask=pos)
        house.quoting = lambda _restaurant: False
        house.restart()
        guest = Guest(house)
        assert await guest.check() == EMPTY
        assert (pos.asked, house.quotes._visits.find("grill", "c-1")) == ([], None)


async def test_an_adapters_prompt_is_never_taken_for_our_own(house_of):
    pos = Pos(Quote(prompts=(TextInput(id="code"), ApplyButton(id="apply", text="x"))))
    guest = Guest(house_of(promotion(), ask=pos))
    await guest.check()
    assert len(set(ids(guest))) == 4
    await guest.check(**{"pos-bridge:grill:pos:code": "WELCOME"})
    assert guest.off == 0


async def test_the_guests_code_goes_before_the_adapters_discount(house_of, pos):
    guest = Guest(house_of(promotion(), ask=pos))
    await guest.check()
    assert guest.off == 300
    await guest.check("welcome")
    assert guest.off == 500
    assert guest.told == ["Welcome: 5.00 off."]
    assert "pos-bridge:grill:pos:card" in ids(guest)
    await guest.check("nonsense")
    assert guest.off == 300


async def test_an_adapter_that_makes_no_quote_is_no_trouble(house_of):
    guest = Guest(house_of(ask=Pos(None)))
    assert await guest.check() == EMPTY
    assert guest.house.troubles == {}


async def test_an_adapter_that_had_nothing_to_say_yet_is_soon_asked_again(guest, pos):
    pos.answer = None
    await guest.check()
    await guest.check()
    assert len(pos.asked) == 1
    pos.answer = OFFER
    guest.house.now += timedelta(seconds=REST)
    await guest.check()
    assert guest.off == 300


async def test_the_same_cart_is_asked_about_once_a_minute(guest, pos):
    first = await guest.check()
    again = [await guest.check() for _ in range(200)]
    assert again == [first] * 200
    # The first answer's prompts came back with the second cart.
    assert len(pos.asked) == 2
    guest.house.now += timedelta(seconds=KEPT_FOR)
    await guest.check()
    assert len(pos.asked) == 3


async def test_another_cart_is_asked_about_at_once(guest, pos):
    await guest.check()
    guest.lines += (line("c", 100),)
    await guest.check()
    assert len(pos.asked) == 2


async def test_carts_that_ask_the_same_at_once_share_one_answer(guest, pos):
    pos.gate = asyncio.Event()
    waiting = [asyncio.create_task(guest.check()) for _ in range(20)]
    await asyncio.sleep(0)
    pos.gate.set()
    await asyncio.gather(*waiting)
    assert len(pos.asked) == 1
    assert guest.off == 300


async def test_the_start_repeats_the_adapters_quote_without_asking(guest, pos):
    shown = await guest.check()
    pos.answer = Quote()
    assert await guest.start() == {**shown, "allow_checkout": True}
    assert len(pos.asked) == 1


async def test_a_start_that_repeats_nothing_asks(guest, pos):
    await guest.start()
    assert guest.off == 300


@pytest.mark.parametrize("error", [RuntimeError("eric@example.com"), TimeoutError()])
async def test_an_adapter_that_raises_is_left_out_and_left_alone_for_a_while(house_of, error):
    pos = Pos(error)
    guest = Guest(house_of(promotion(), ask=pos))
    await guest.check()
    assert ids(guest) == ["pos-bridge:grill:code", "pos-bridge:grill:apply"]
    guest.prompts = []
    await guest.check()
    assert len(pos.asked) == 1
    assert sum(guest.house.troubles.values()) == 1
    pos.answer = OFFER
    guest.prompts = []
    guest.house.now += timedelta(seconds=REST)
    await guest.check()
    assert guest.off == 300


async def test_an_adapter_that_is_late_is_not_waited_for(guest, pos):
    pos.gate = asyncio.Event()
    guest.seconds = MARGIN + 0.01
    assert await guest.check() == EMPTY
    await asyncio.gather(*guest.house.quotes._pos._flights)
    assert guest.house.troubles == {"adapter_late": 1}


async def another_guest_after(house, pos, seconds):
    """What one more guest gets from an adapter that is well again, so much later."""
    pos.answer, pos.gate = OFFER, None
    house.now += timedelta(seconds=seconds)
    guest = Guest(house, checkout_id="another")
    await guest.check()
    return guest.off


async def test_an_adapter_that_fails_one_guest_is_left_alone_for_all(house_of):
    pos = Pos(RuntimeError())
    house = house_of(ask=pos)
    guests = [Guest(house, checkout_id=f"c-{number}") for number in range(5)]
    for guest in guests:
        await guest.check()
        guest.lines += (line("c", 100),)
        await guest.check()
    assert (len(pos.asked), house.troubles) == (1, {"adapter_failed": 1})
    assert await another_guest_after(house, pos, REST - 1) == 0
    assert await another_guest_after(house, pos, 1) == 300


@pytest.mark.parametrize(("fair", "cents"), [(0.0, 0), (1.0, 300)])
async def test_an_adapter_that_is_late_is_left_alone_if_it_had_time(
    guest, pos, monkeypatch, fair, cents
):
    monkeypatch.setattr(pos_quotes, "FAIR", fair)
    pos.gate = asyncio.Event()
    guest.seconds = MARGIN + 0.01
    await guest.check()
    await asyncio.gather(*guest.house.quotes._pos._flights)
    assert await another_guest_after(guest.house, pos, 0) == cents


async def test_a_slow_adapter_is_asked_about_so_many_carts_at_once(house_of, pos):
    house = house_of(ask=pos)
    pos.gate = asyncio.Event()
    checks = [
        asyncio.create_task(Guest(house, checkout_id=f"c-{number}").check())
        for number in range(FLIGHTS)
    ]
    await settle()
    one_more = Guest(house, checkout_id="one-more")
    assert await one_more.check() == EMPTY
    assert (len(pos.asked), house.troubles) == (FLIGHTS, {"adapter_busy": 1})

    pos.gate.set()
    await asyncio.gather(*checks)
    await one_more.check()
    assert one_more.off == 300


async def test_without_time_nobody_is_asked(guest, pos):
    guest.seconds = MARGIN / 2
    assert await guest.check() == EMPTY
    assert pos.asked == []


async def test_a_caller_that_goes_away_takes_nobody_along(guest, pos):
    pos.gate = asyncio.Event()
    first, second = (asyncio.create_task(guest.check()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    pos.gate.set()
    await second
    assert guest.off == 300
    assert len(pos.asked) == 1


async def test_an_answer_to_a_cart_that_was_changed_meanwhile_is_not_used(guest, pos):
    pos.gate = asyncio.Event()
    old = asyncio.create_task(guest.check())
    await asyncio.sleep(0)
    guest.lines = (line("c", 200),)
    pos.answer = Quote(discount=Discount(name="New", amount_cents=1))
    new = asyncio.create_task(guest.check())
    await asyncio.sleep(0)
    pos.gate.set()
    assert [(await each)["discounts"] is None for each in (old, new)] == [True, False]
    guest.prompts = []
    await guest.check()
    assert guest.off == 1


@pytest.mark.parametrize(
    "bad",
    [
        "a text",
        Quote(prompts="abc"),
        Quote(prompts=(Label(id=None, text="x"),)),
        Quote(discount=Discount(name="x", amount_cents=5.0)),
        Quote(discount=Discount(name="x", amount_cents=True)),
        Quote(prompts=(Choices(id="a", choices=()),)),
        Quote(
            discount=Discount(
                name="x", amount_cents=5, shares=(Share(line_id="none", amount_cents=5),)
            )
        ),
    ],
)
async def test_a_bad_quote_is_dropped_and_counted_once(house_of, bad):
    guest = Guest(house_of(ask=Pos(bad)))
    assert await guest.check() == EMPTY
    await guest.check()
    assert guest.house.troubles == {"adapter_mended": 1}


async def test_a_discount_of_the_wrong_sum_is_mended_before_it_is_sent(house_of):
    shares = (Share(line_id="a", amount_cents=999),)
    pos = Pos(Quote(discount=Discount(name="x", amount_cents=100, shares=shares)))
    guest = Guest(house_of(ask=pos))
    await guest.check()
    (found,) = guest.answer["discounts"]
    assert found["distribution_among_line_items"] == [{"line_item_id": "a", "cents_to_add": -100}]


async def test_the_start_of_a_checkout_with_the_adapters_discount_reserves_nothing(house_of, pos):
    guest = Guest(house_of(promotion(once_per="guest"), ask=pos))
    await guest.check()
    await guest.start()
    guest.finish()
    assert guest.off == 300
    assert guest.house.ledger.rows() == []
