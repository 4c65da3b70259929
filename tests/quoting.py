"""A guest who fills a cart and types codes, for tests of quotes."""

import asyncio
import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bridge.config import Restaurant
from bridge.config.promotion import Promotion
from bridge.ingress.promotions import Offers
from bridge.ingress.quotes import Quotes
from bridge.model import Cart, CartLine, Deadline, GivenPrompt
from bridge.sources.bbot.reply import compose
from bridge.testing.reply_rules import violations
from tests.ledgers import MemoryLedger

# A Friday; noon in Vienna.
NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)
GRILL = "grill"


class SlowLedger(MemoryLedger):
    """Reads at once; the answer arrives when the test lets it."""

    def __init__(self):
        super().__init__()
        self._gates = []

    def hold_next(self):
        self._gates.append(asyncio.Event())
        return self._gates[-1]

    async def read(self, job):
        found = await super().read(job)
        if self._gates:
            await self._gates.pop(0).wait()
        return found


@dataclass
class House:
    """One restaurant with its quotes; time stands still until it is told to go on."""

    promotions: tuple = ()
    ask: object = None
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    now: datetime = NOW
    quoting: object = staticmethod(lambda _restaurant: True)

    def __post_init__(self):
        self.troubles = defaultdict(int)
        self.restart()

    def restart(self):
        restaurant = Restaurant(
            id=GRILL,
            name="Grill",
            timezone="Europe/Vienna",
            adapter="board",
            promotions=self.promotions,
        )
        self.quotes = Quotes(
            self.ledger,
            {GRILL: Offers.of(restaurant)},
            now=lambda: self.now,
            ask_adapter=self.ask,
            quoting=self.quoting,
            count=self.note,
        )

    def note(self, _restaurant, trouble):
        self.troubles[trouble] += 1


@contextmanager
def houses():
    """Builds restaurants with these promotions, and an adapter that quotes if one is given."""
    made = []

    def build(*promotions, ask=None):
        made.append(House(promotions=promotions, ask=ask))
        return made[-1]

    yield build
    for house in made:
        house.ledger.close()


@dataclass
class Guest:
    """One checkout at the platform: sends back the prompts it was given, with what was typed."""

    house: House
    checkout_id: str = "c-1"
    guest_id: str = "eric@example.com"
    lines: tuple = ()
    fields: dict = field(default_factory=dict)
    seconds: float = 1.0

    def __post_init__(self):
        self.lines = self.lines or (line("a", 1194, 3), line("b", 250))
        self.prompts = []
        self.answer = {}

    async def check(self, typed="", **answers):
        """The answer to a price check, with what is typed in the field for codes."""
        cart = self.cart(self._given({"pos-bridge:grill:code": typed, **answers}))
        quote = await self.house.quotes.check(cart, self._deadline())
        return self._take(quote, cart, allow=None)

    async def start(self, attempt="a-1", typed=""):
        """The answer to the start of the checkout, which says no guest, and mostly no prompts."""
        prompts = self._given({"pos-bridge:grill:code": typed}) if typed else ()
        cart = replace(self.cart(prompts), guest_id="")
        quote = await self.house.quotes.start(cart, attempt, self._deadline())
        return self._take(quote, cart, allow=True)

    def finish(self):
        self.house.quotes.finish(GRILL, self.checkout_id)

    def cancel(self):
        self.house.quotes.cancel(GRILL, self.checkout_id)

    def cart(self, prompts):
        facts = {
            "source": "bbot",
            "restaurant": GRILL,
            "checkout_id": self.checkout_id,
            "guest_id": self.guest_id,
            "lines": self.lines,
            "pretax_cents": sum(each.total_cents for each in self.lines),
            "prompts": tuple(prompts),
        }
        return Cart(**{**facts, **self.fields})

    @property
    def off(self):
        """Cents taken off by the last answer."""
        discounts = self.answer["discounts"]
        return -discounts[0]["total_cents_to_add"] if discounts else 0

    @property
    def told(self):
        """What the labels of the last answer say."""
        return [each["text"] for each in self.prompts if each["prompt_type"] == "label"]

    def _given(self, answers):
        foreign = GivenPrompt(id="other_0", kind="textinput", value="of another partner")
        return [foreign] + [
            GivenPrompt(
                id=each["prompt_id"],
                kind=each["prompt_type"],
                value=answers.get(each["prompt_id"], ""),
            )
            for each in self.prompts
        ]

    def _deadline(self):
        return Deadline.after(self.seconds)

    def _take(self, quote, cart, *, allow):
        body, problems = compose(quote, cart, allow=allow)
        assert violations(body, cart, starts=allow is not None) == []
        assert problems == ()
        self.answer = json.loads(body)
        self.prompts = self.answer["prompts_to_guest"]
        return self.answer


def line(own_id, price, quantity=1, **more):
    fields = {"menu_item_id": f"m-{own_id}", "name": "n", **more}
    return CartLine(id=own_id, quantity=quantity, price_cents=price, **fields)


def promotion(code="WELCOME", **fields):
    amount = {} if "percent" in fields else {"amount_cents": 500}
    return Promotion(**{"code": code, "name": code.title(), **amount, **fields})
