import pytest

from bridge.model import (
    ApplyButton,
    Cart,
    CartLine,
    Choice,
    Choices,
    Discount,
    Label,
    Quote,
    TextInput,
)
from bridge.sources.bbot.reply import compose
from bridge.sources.bbot.reply_shapes import CheckoutReply, PriceCheckReply

LINE = CartLine(id="1", menu_item_id="2", name="Ceviche", quantity=3, price_cents=1194)
CART = Cart(source="bbot", restaurant="r", checkout_id="c", lines=(LINE,), pretax_cents=3582)
PROMPTS = (
    Label(id="label", text="Happy hour"),
    TextInput(id="code", heading="Promo code"),
    ApplyButton(id="apply", text="Apply"),
    Choices(id="choices", choices=(Choice(text="One"), Choice(text="Two", selected=True))),
)
QUOTES = [
    Quote(),
    *(Quote(prompts=(prompt,)) for prompt in PROMPTS),
    Quote(prompts=PROMPTS, discount=Discount(name="Happy hour", amount_cents=100)),
]


@pytest.mark.parametrize("quote", QUOTES)
def test_a_price_check_is_answered_as_described(quote):
    body, _problems = compose(quote, CART, allow=None)

    PriceCheckReply.model_validate_json(body, strict=True)


@pytest.mark.parametrize("allow", [True, False])
@pytest.mark.parametrize("quote", QUOTES)
def test_a_checkout_start_is_answered_as_described(quote, allow):
    body, _problems = compose(quote, CART, allow=allow)

    assert CheckoutReply.model_validate_json(body, strict=True).allow_checkout is allow
