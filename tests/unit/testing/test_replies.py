import orjson
import pytest

from bridge.model import (
    Cart,
    CartLine,
    CheckoutFinished,
    CheckoutStarted,
    GivenPrompt,
    OrderPlaced,
    PriceCheck,
)
from bridge.testing.orders import OrderFactory
from bridge.testing.replies import allows, code_of, faults, read_offer, spread
from bridge.testing.steps import Reply, Step
from tests.evening import FIELD, offer

CART = Cart(
    source="bbot",
    restaurant="north",
    checkout_id="c",
    lines=(
        CartLine(id="1", menu_item_id="a", name="A", quantity=2, price_cents=500),
        CartLine(id="2", menu_item_id="b", name="B", quantity=1, price_cents=333),
    ),
    pretax_cents=1333,
    prompts=(GivenPrompt(id="other", kind="label"),),
)
CHECK = Step(event=PriceCheck(cart=CART), document={})
START = Step(event=CheckoutStarted(cart=CART), document={})
LABEL = {"prompt_id": "why", "prompt_type": "label", "text": "Closed.", "size": ""}


def discount(cents=-100, name="Ten", **more):
    return [{"total_cents_to_add": cents, "name_for_guest": name, **more}]


def rows(*pairs):
    return [{"line_item_id": line, "cents_to_add": cents} for line, cents in pairs]


GOOD = [
    offer(),
    offer(discounts=[]),
    offer(prompts=FIELD, discounts=discount()),
    offer(discounts=discount(distribution_among_line_items=rows(("1", -99), ("2", -1)))),
]
BAD = {
    "status 500": Reply(status=500),
    "the prompts are not a list of objects": offer(prompts="x"),
    "a prompt without an id that is text": offer(prompts=[LABEL | {"prompt_id": 2}]),
    "two prompts have one id": offer(prompts=[LABEL, LABEL]),
    "a prompt of no known type": offer(prompts=[LABEL | {"prompt_type": "image"}]),
    "a prompt has the id of another partner's": offer(prompts=[LABEL | {"prompt_id": "other"}]),
    "the discounts are neither null nor a list": offer(discounts={}),
    "more than one discount": offer(discounts=discount() * 2),
    "a discount is no object": offer(discounts=[1]),
    "a discount that is not between 0 and the price of the cart": offer(discounts=discount(5)),
    "a discount without a name": offer(discounts=discount(name="")),
    "a distribution of what is not below 0": offer(
        discounts=discount(distribution_among_line_items=rows(("1", -101), ("2", 1)))
    ),
    "a distribution that does not add up": offer(
        discounts=discount(distribution_among_line_items=rows(("1", -99)))
    ),
    "a distribution over lines that are not there, or twice": offer(
        discounts=discount(distribution_among_line_items=rows(("1", -50), ("3", -50)))
    ),
    "more off a line than it costs": offer(
        discounts=discount(-400, distribution_among_line_items=rows(("2", -400)))
    ),
}


@pytest.mark.parametrize("reply", GOOD)
def test_a_good_answer_to_a_price_check_has_no_fault(reply):
    assert faults(CHECK, reply) == []


@pytest.mark.parametrize(("fault", "reply"), BAD.items(), ids=list(BAD))
def test_each_broken_rule_is_found(fault, reply):
    assert faults(CHECK, reply) == [fault]


@pytest.mark.parametrize("cents", [0, 5, -1334, True, -1.0, "-100", None])
def test_a_discount_is_a_whole_number_between_nothing_and_the_cart(cents):
    assert faults(CHECK, offer(discounts=discount(cents)))


def test_no_answer_at_all_is_a_fault_of_the_document():
    assert faults(CHECK, Reply(status=200, body=b"oops"))


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (offer(allow_checkout=True), []),
        (offer(allow_checkout=False, prompts=[LABEL]), []),
        (offer(allow_checkout=False), ["no checkout, and no label that says why"]),
        (offer(), ["allow_checkout is not true or false"]),
        (offer(allow_checkout="true"), ["allow_checkout is not true or false"]),
    ],
)
def test_the_start_of_a_checkout_is_allowed_or_not_and_says_why(reply, found):
    assert faults(START, reply) == found


def test_the_start_repeats_what_the_guest_was_shown():
    start = Step(event=START.event, document={}, promised=-100)
    assert faults(start, offer(discounts=discount(), allow_checkout=True)) == []
    assert faults(start, offer(allow_checkout=True)) == [
        "another discount than the guest was shown"
    ]


def test_only_a_clear_no_stops_a_guest():
    assert not allows(offer(allow_checkout=False))
    assert allows(offer())
    assert allows(Reply(status=0))


@pytest.mark.parametrize("status", [200, 202, 409, 422, 503])
def test_an_order_may_be_taken_or_refused(status):
    step = Step(event=OrderPlaced(order=OrderFactory(1).order()), document={})
    assert faults(step, Reply(status=status, body=b"{}")) == []


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 413, 415, 429, 500, 502])
def test_any_other_answer_to_an_order_is_a_fault(status):
    step = Step(event=OrderPlaced(order=OrderFactory(1).order()), document={})
    assert faults(step, Reply(status=status)) == [f"status {status}"]


@pytest.mark.parametrize("status", [409, 422, 503])
def test_what_is_only_told_cannot_be_refused(status):
    step = Step(event=CheckoutFinished(restaurant="north", checkout_id="c"), document={})
    assert faults(step, Reply(status=status)) == [f"status {status}"]


def test_a_discount_without_a_distribution_is_spread_by_price():
    found = read_offer(offer(discounts=discount(-100)), CART)
    assert found.discount_cents == -100
    assert sum(found.shares.values()) == 100
    assert found.shares == {"1": 76, "2": 24}


def test_an_answer_that_breaks_a_rule_offers_nothing():
    assert read_offer(offer(discounts=discount(5), prompts=FIELD), CART).prompts == []


@pytest.mark.parametrize("cents", [0, 1, 2, 99, 100, 999])
def test_an_amount_is_spread_to_the_cent_and_no_further_than_each_price(cents):
    prices = {"a": 333, "b": 0, "c": 666}
    shares = spread(cents, prices)
    assert sum(shares.values()) == cents
    assert all(0 <= shares[name] <= price for name, price in prices.items())


@pytest.mark.parametrize(
    ("step", "reply", "word"),
    [
        (START, offer(allow_checkout=True), "allowed"),
        (START, offer(allow_checkout=False), "not allowed"),
        (CHECK, offer(), ""),
        (CHECK, offer(discounts=discount()), "with a discount"),
        (CHECK, Reply(status=503, body=orjson.dumps({"code": "too_late"})), "too_late"),
    ],
)
def test_answers_are_counted_by_what_they_say(step, reply, word):
    assert code_of(step, reply) == word
