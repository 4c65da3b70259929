from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.sources.bbot import Hook, decode
from bridge.testing.dressing import plain
from bridge.testing.guests import Mix
from tests.evening import FIELD, NOW, QUIET, RECORDED, events, labels, offer, stories, tell, yes

PAIRS = ("north", "south")


def refuse_checkout(step):
    if isinstance(step.event, CheckoutStarted):
        label = {"prompt_id": "why", "prompt_type": "label", "text": "Closed.", "size": ""}
        return offer(prompts=[label], allow_checkout=False)
    return yes(step)


def refuse_order(step):
    return replace(RECORDED, status=503) if isinstance(step.event, OrderPlaced) else yes(step)


def test_the_same_seed_tells_the_same_stories():
    assert tell(20, mix=Mix(), seed=3) == tell(20, mix=Mix(), seed=3)


def test_another_seed_tells_others():
    assert tell(5, mix=Mix(), seed=3) != tell(5, mix=Mix(), seed=4)


def test_every_body_decodes_to_the_event_that_it_is_about():
    for steps in tell(150, mix=Mix(), restaurants=PAIRS, codes=("WELCOME",)):
        for step in steps:
            dressed = plain(step.document)
            found = decode(Hook(step.hook), dressed.body, dressed.content_type)
            assert without_remarks(found.event) == without_remarks(step.event)


def without_remarks(event):
    if hasattr(event, "cart"):
        return replace(event, cart=replace(event.cart, remarks=(), prompts=()))
    return event


def test_an_ordinary_guest_is_priced_asked_and_told_of_in_this_order():
    (steps,) = tell()
    assert list(dict.fromkeys(labels(steps))) == [
        "pricecheck",
        "checkout-beginning",
        "order-injection",
        "order-change",
        "checkout-finished",
    ]


def test_there_is_a_price_check_for_each_item_that_is_added():
    for steps in tell(20):
        counts = [
            sum(line.quantity for line in event.cart.lines) for event in events(steps, PriceCheck)
        ]
        (placed,) = events(steps, OrderPlaced)
        assert counts == list(range(1, sum(line.quantity for line in placed.order.lines) + 1))


def test_a_code_is_typed_into_our_field_and_given_back_once():
    mix = replace(QUIET, codes=1)
    for steps in tell(10, mix=mix, codes=("WELCOME",)):
        typed = [
            prompt["value"].upper()
            for step in steps
            for prompt in step.document.get("prompts_to_guest", ())
            if prompt.get("value")
        ]
        assert typed[-1] == "WELCOME"
        assert len(typed) in {1, 2}


def test_nobody_types_a_code_where_there_is_no_field():
    def bare(step):
        return offer(allow_checkout=True) if step.hook == "promo" else RECORDED

    (steps,) = tell(answer=bare, mix=replace(QUIET, codes=1), codes=("WELCOME",))
    assert not any(step.document.get("prompts_to_guest") for step in steps)


def test_prompts_are_given_back_with_those_of_another_partner():
    (steps,) = tell(mix=replace(QUIET, others=1))
    started = next(step for step in steps if isinstance(step.event, CheckoutStarted))
    ids = [prompt["prompt_id"] for prompt in started.document["prompts_to_guest"]]
    assert ids == [*(prompt["prompt_id"] for prompt in FIELD), "other_0", "other_1", 2]


def test_the_discount_is_in_the_prices_of_the_order_to_the_cent():
    for steps in tell(60):
        cart = events(steps, CheckoutStarted)[0].cart
        (placed,) = events(steps, OrderPlaced)
        off = cart.pretax_cents // 10
        assert placed.order.totals.pretax_cents == cart.pretax_cents - off
        assert all(unit.price_cents >= 0 for line in placed.order.lines for unit in line.units)


def test_the_start_of_a_checkout_expects_the_discount_that_was_shown():
    (steps,) = tell()
    started = next(step for step in steps if isinstance(step.event, CheckoutStarted))
    assert started.promised == -(started.event.cart.pretax_cents // 10)


def test_the_sums_of_every_order_add_up():
    for steps in tell(150, mix=Mix()):
        for event in (*events(steps, OrderPlaced), *events(steps, OrderChanged)):
            totals, units = event.order.totals, [u for li in event.order.lines for u in li.units]
            assert totals.pretax_cents == sum(unit.price_cents for unit in units)
            parts = totals.pretax_cents + totals.tax_cents + totals.tip_cents + totals.fee_cents
            assert totals.total_cents == parts


def test_a_guest_who_may_not_check_out_orders_nothing():
    (steps,) = tell(answer=refuse_checkout)
    assert labels(steps)[-2:] == ["checkout-beginning", "checkout-cancelled"]


def test_a_refused_order_is_cancelled_and_never_paid():
    (steps,) = tell(answer=refuse_order)
    assert labels(steps)[-2:] == ["order-injection", "checkout-cancelled"]


def test_whoever_cannot_pay_and_leaves_is_cancelled():
    (steps,) = tell(mix=replace(QUIET, failures=1, retries=0))
    assert labels(steps)[-2:] == ["order-injection", "checkout-cancelled"]


@pytest.mark.parametrize(("same_order", "number"), [(0, 2), (1, 1)])
def test_another_attempt_has_an_id_of_its_own_and_perhaps_another_order(same_order, number):
    (steps,) = tell(mix=replace(QUIET, failures=1, retries=1, same_order=same_order))
    attempts = {event.attempt_id for event in events(steps, CheckoutStarted)}
    placed = events(steps, OrderPlaced)
    assert len(attempts) == 2
    assert len({event.order_id for event in placed}) == number
    assert len({event.checkout_id for event in placed}) == 1
    assert {event.order_id for event in events(steps, OrderChanged)} == {placed[-1].order_id}


def test_an_order_for_later_is_wanted_at_once_before_the_evening_ends():
    for steps in tell(30, mix=replace(QUIET, laters=1, edits=1)):
        (placed,) = events(steps, OrderPlaced)
        last = events(steps, OrderChanged)[-1].order
        assert placed.order.due_at > NOW + timedelta(hours=1)
        assert last.snoozed_until is None


def test_each_change_is_newer_than_the_one_before():
    for steps in tell(50, mix=replace(QUIET, edits=1, progress=1)):
        times = [event.order.modified_at for event in events(steps, OrderChanged)]
        assert times == sorted(set(times))


def test_what_is_left_after_a_refund_only_falls():
    for steps in tell(60, mix=replace(QUIET, refunds=1, fees=1, edits=0.5)):
        left = {}
        for event in events(steps, ItemsRefunded):
            for one in (*event.items, *event.charges):
                before = left.get(one.id, one)
                assert 0 <= one.price_cents <= before.price_cents
                assert 0 <= one.tax_cents <= before.tax_cents
                left[one.id] = one


def test_two_restaurants_share_a_checkout_and_nothing_else():
    (steps,) = tell(restaurants=PAIRS, mix=replace(QUIET, pairs=1))
    placed = events(steps, OrderPlaced)
    assert {event.restaurant for event in placed} == set(PAIRS)
    assert len({event.checkout_id for event in placed}) == 1
    assert len({event.order_id for event in placed}) == 2
    assert {event.restaurant for event in events(steps, CheckoutFinished)} == set(PAIRS)


def test_if_one_of_two_restaurants_refuses_both_are_cancelled():
    placed = []

    def refuse_second(step):
        if isinstance(step.event, OrderPlaced):
            placed.append(step)
            return replace(RECORDED, status=200 if len(placed) == 1 else 409)
        return yes(step)

    (steps,) = tell(answer=refuse_second, restaurants=PAIRS, mix=replace(QUIET, pairs=1))
    assert {event.restaurant for event in events(steps, CheckoutCancelled)} == set(PAIRS)


def test_without_partner_hooks_there_are_only_orders():
    for steps in tell(20, has_partner=False, mix=Mix()):
        assert set(labels(steps)) <= {"order-injection", "order-change"}


def test_every_guest_is_somebody_else():
    ids = [guest.orders[0].guest.email for guest, _ in stories(50, mix=Mix())]
    assert len(set(ids)) == 50
