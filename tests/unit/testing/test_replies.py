from dataclasses import replace

import orjson
import pytest

from bridge.model import (
    Cart,
    CartLine,
    CheckoutFinished,
    CheckoutStarted,
    IntegrationChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.testing.orders import OrderFactory
from bridge.testing.replies import EMPTY, allows, code_of, faults, read_offer, spread
from bridge.testing.steps import Promise, Reply, Step
from tests.evening import FIELD, LABEL, discount, offer

CART = Cart(
    source="bbot",
    restaurant="north",
    checkout_id="c",
    lines=(
        CartLine(id="1", menu_item_id="a", name="A", quantity=2, price_cents=500),
        CartLine(id="2", menu_item_id="b", name="B", quantity=1, price_cents=333),
    ),
    pretax_cents=1333,
)
OFF = discount(CART, 100)
CHECK = Step(event=PriceCheck(cart=CART), document={})
START = Step(event=CheckoutStarted(cart=CART), document={})
ORDER = OrderFactory(1).order()
PLACE = Step(event=OrderPlaced(order=ORDER), document={})
FINISH = Step(event=CheckoutFinished(restaurant="north", checkout_id="c"), document={})
ACCEPTED = {"result": "accepted", "order_id": ORDER.id}


def said(status=200, content_type="application/json", **document):
    return Reply(status=status, body=orjson.dumps(document), content_type=content_type)


def refused(status, code):
    return said(status, "application/problem+json", code=code)


@pytest.mark.parametrize("reply", [offer(), offer(prompts=FIELD, discounts=OFF)])
def test_a_good_answer_to_a_price_check_has_no_fault(reply):
    assert faults(CHECK, reply) == []
    assert faults(START, replace_allow(reply)) == []


def replace_allow(reply):
    return replace(reply, body=orjson.dumps(reply.document | {"allow_checkout": True}))


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("status 500", Reply(status=500)),
        ("status 503 too_late", said(503, code="too_late")),
        ("an answer of another content type", replace(offer(), content_type="text/html")),
        ("the answer has other keys", offer(allow_checkout=True)),
        ("a field to type into without a button of our own", offer(prompts=FIELD[:1])),
        ("the answer is not JSON", Reply(status=200, body=b"oops")),
    ],
)
def test_a_bad_one_is_told_by_its_fault(fault, reply):
    assert faults(CHECK, reply) == [fault]


def test_the_start_repeats_what_the_guest_was_shown():
    start = replace(START, promise=Promise(prompts=FIELD, discounts=OFF))
    assert faults(start, offer(prompts=FIELD, discounts=OFF, allow_checkout=True)) == []
    assert faults(start, offer(allow_checkout=True)) == [
        "another discount than the guest was shown",
        "other prompts than the guest was shown",
    ]
    # The price does not matter to somebody who cannot have it.
    assert faults(start, offer(prompts=[LABEL], allow_checkout=False)) == []


@pytest.mark.parametrize(("worth", "found"), [({100}, []), ({0, 100}, []), (None, [])])
def test_a_code_takes_off_what_it_is_worth(worth, found):
    check = replace(CHECK, worth=None if worth is None else frozenset(worth))
    assert faults(check, offer(prompts=FIELD, discounts=OFF)) == found


def test_a_code_that_takes_off_anything_else_is_found():
    check = replace(CHECK, worth=frozenset({99}))
    wrong = ["another discount than the code is worth"]
    assert faults(check, offer(prompts=FIELD, discounts=OFF)) == wrong
    assert faults(check, offer(prompts=FIELD)) == wrong


def test_where_there_are_codes_there_is_a_field_for_them():
    assert faults(replace(CHECK, has_field=True, worth=frozenset({1})), offer()) == [EMPTY]


def test_only_a_clear_no_stops_a_guest():
    assert not allows(offer(allow_checkout=False))
    assert allows(offer())
    assert allows(Reply(status=0))


@pytest.mark.parametrize(
    "reply",
    [
        said(**ACCEPTED),
        refused(409, "sold_out"),
        refused(409, "closed"),
        refused(503, "pos_down"),
    ],
)
def test_an_order_is_accepted_or_refused_by_the_restaurant(reply):
    assert faults(PLACE, reply) == []


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("status 503 bridge_error", refused(503, "bridge_error")),
        ("status 503 not_durable", refused(503, "not_durable")),
        ("status 503 too_late", refused(503, "too_late")),
        ("status 422 bad_money", refused(422, "bad_money")),
        ("status 409 nonsense", refused(409, "nonsense")),
        ("status 503 sold_out", refused(503, "sold_out")),
        ("status 302", Reply(status=302)),
        ("an answer of another content type", said(409, code="closed")),
        ("an answer of another content type", replace(said(**ACCEPTED), content_type="")),
        ("a yes to another order", said(**ACCEPTED | {"order_id": "other"})),
        ("a yes that does not say accepted", said(**ACCEPTED | {"result": "archived"})),
    ],
)
def test_any_other_answer_to_an_order_is_a_fault(fault, reply):
    assert faults(PLACE, reply) == [fault]


def test_a_yes_without_a_word_is_none():
    assert len(faults(PLACE, Reply(status=204))) == 2


@pytest.mark.parametrize("reply", [refused(409, "closed"), refused(503, "pos_down")])
def test_what_is_only_told_cannot_be_refused(reply):
    assert faults(FINISH, reply) == [f"status {reply.status} {reply.document['code']}"]


def test_what_is_told_is_recorded_and_not_only_kept():
    assert faults(FINISH, said(result="recorded")) == []
    assert faults(FINISH, said(result="archived")) == ["a yes that does not say recorded"]


def test_what_nobody_knows_is_kept():
    step = Step(event=IntegrationChanged(restaurant="north"), document={})
    assert faults(step, said(result="archived")) == []
    assert faults(step, said(result="recorded")) == ["a yes that does not say archived"]


def test_an_offer_is_what_is_shown_and_taken_off():
    found = read_offer(offer(prompts=FIELD, discounts=OFF), CART, starts=False)
    assert found.discount_cents == -100
    assert sum(found.shares.values()) == 100
    assert found.prompts == FIELD


def test_an_answer_that_breaks_a_rule_offers_nothing():
    reply = offer(discounts=[{"total_cents_to_add": 5}], prompts=FIELD)
    assert read_offer(reply, CART, starts=False).prompts == []


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
        (CHECK, offer(), "nothing shown"),
        (CHECK, offer(prompts=FIELD), ""),
        (CHECK, offer(discounts=OFF), "with a discount"),
        (CHECK, said(503, code="too_late"), "too_late"),
    ],
)
def test_answers_are_counted_by_what_they_say(step, reply, word):
    assert code_of(step, reply) == word
