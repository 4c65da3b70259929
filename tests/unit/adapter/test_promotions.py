"""An adapter that quotes: what its spec must say, and the example of the guide at work."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.adapter import Adapter, AdapterSpec, Blind, Capability, Promotions, spec_problems
from bridge.model import Cart, CartLine, Deadline, GivenPrompt, Quote
from bridge.sources.bbot.reply import compose
from bridge.testing.reply_rules import violations

GUIDE = (Path(__file__).parents[3] / "adapters" / "README.md").read_text("utf-8")
CART = Cart(
    source="bbot",
    restaurant="grill",
    checkout_id="c-1",
    lines=(CartLine(id="a", menu_item_id="m", name="n", quantity=2, price_cents=900),),
    pretax_cents=1800,
)


def a_till(*capabilities, **methods):
    spec = AdapterSpec(
        name="till", title="Till", repeat=Blind(), capabilities=frozenset(capabilities)
    )
    return type("Till", (Adapter,), {"spec": spec, "__abstractmethods__": frozenset(), **methods})


async def quote(_self, _cart, _deadline):
    return Quote()


def test_an_adapter_that_quotes_says_so():
    till = a_till(Capability.PROMOTIONS, quote=quote)
    assert spec_problems(till) == []
    assert issubclass(till, Promotions)


@pytest.mark.parametrize(
    ("till", "said"),
    [
        (a_till(Capability.PROMOTIONS), "claims promotions but has no method quote"),
        (a_till(quote=quote), "has the method quote but does not claim promotions"),
    ],
)
def test_a_spec_and_a_method_that_disagree_are_told(till, said):
    assert spec_problems(till) == [said]


@pytest.mark.parametrize(
    ("typed", "kinds", "off"),
    [
        ("", ["textinput", "applybutton"], 0),
        ("empty", ["label", "textinput", "applybutton"], 0),
        ("gift", ["textinput", "applybutton"], 1500),
    ],
)
async def test_the_example_of_the_guide_quotes(typed, kinds, off):
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    (example,) = [text for text in blocks if "async def quote" in text]
    scope = {}
    exec(example, scope)  # noqa: S102  our own guide

    class Till:
        quote = scope["quote"]

        async def ask_balance(self, number, seconds):
            assert seconds <= 1
            return {"empty": 0, "gift": 1500}[number]

    prompts = (GivenPrompt(id="card", kind="textinput", value=typed),)
    cart = replace(CART, prompts=prompts)
    found = await Till().quote(cart, Deadline.after(1))
    body, problems = compose(found, CART, allow=None)
    assert problems == ()
    assert violations(body, CART, starts=False) == []
    names = {"Label": "label", "TextInput": "textinput", "ApplyButton": "applybutton"}
    assert [names[type(prompt).__name__] for prompt in found.prompts] == kinds
    assert (found.discount.amount_cents if found.discount else 0) == off
